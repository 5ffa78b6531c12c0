"""What purchases counted goes back with their cards: separated members have their own limits and counts."""

from datetime import timedelta

import pytest

from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import EarningRule, LimitPeriod, PointAccount, Programme, RuleEffect, RuleTally
from members.models import MemberMerge
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_next_version,
    make_programme,
    make_rule,
)
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, entries
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return another member, taken for Alice."""
    return make_cardholder(programme, first_name="Alice")


def merge(survivor: Cardholder, merged: Cardholder) -> MemberMerge:
    return merge_members(survivor=survivor.member, merged=merged.member, at=NOW)


def separate(made: MemberMerge) -> None:
    """Separate two members; all is proved before and afterwards."""
    assert violations() == []
    separate_members(merge=made, at=NOW)
    assert violations() == []


def gift(programme: Programme, *, limit: int = 100, period: LimitPeriod = LimitPeriod.MONTH) -> EarningRule:
    """Make a rule of 100 points a purchase, of which a member gets so many at most."""
    return make_rule(
        programme,
        code="gift",
        effect=RuleEffect.BONUS,
        points=100,
        limit_points=limit,
        limit_period=period,
    )


def third(programme: Programme, *, is_every: bool = False) -> EarningRule:
    """Make a rule of 100 points for the third purchase, or for every third one."""
    return make_rule(
        programme, code="third", effect=RuleEffect.BONUS, points=100, nth_purchase=3, is_every_nth=is_every
    )


def extra(programme: Programme, holder: Cardholder, reference: str | None = None) -> int:
    """Buy for one euro, and return the points beyond the one that it earns."""
    return buy(programme, holder.card.token, euros=1, reference=reference).points - 1


def taken(programme: Programme, holder: Cardholder, reference: str) -> int:
    """Bring a purchase of one euro back, and return the points that it takes beyond that one."""
    return -bring_back(programme, holder.card.token, reference=reference, euros=1).points - 1


def tally(holder: Cardholder) -> tuple[int, int, int]:
    """Return the purchases, the points without the limit and the points given of the one tally there is."""
    return RuleTally.objects.values_list("purchases", "entitled_points", "granted_points").get(
        account=holder.account
    )


@pytest.mark.parametrize("period", LimitPeriod)
def test_a_later_return_takes_what_its_own_purchase_earned(
    programme: Programme, alice: Cardholder, twin: Cardholder, period: LimitPeriod
) -> None:
    gift(programme, period=period)
    made = merge(alice, twin)
    assert (extra(programme, alice, "A1"), extra(programme, twin, "T1")) == (100, 0)
    separate(made)
    assert (tally(alice), tally(twin)) == ((0, 100, 100), (0, 100, 0))

    assert (taken(programme, alice, "A1"), taken(programme, twin, "T1")) == (100, 0)

    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert (tally(alice), tally(twin)) == ((0, 0, 0), (0, 0, 0))
    assert violations() == []


def test_points_that_go_back_leave_the_limit_of_whom_they_go_to(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme)
    made = merge(alice, twin)
    assert extra(programme, twin, "T1") == 100
    separate(made)

    assert (extra(programme, twin), extra(programme, alice)) == (0, 100)
    assert (balance(alice.account), balance(twin.account)) == ((101, 0), (102, 0))
    next_month = NOW + timedelta(days=30)
    assert buy(programme, twin.card.token, euros=1, at=next_month).points == 101
    assert violations() == []


def test_what_was_brought_back_meanwhile_goes_back_as_well(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme, limit=200)
    extra(programme, twin, "T0")
    made = merge(alice, twin)
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [100, 0]
    # One behind the limit moves up, and the return takes nothing.
    assert taken(programme, twin, "T1") == 0
    assert taken(programme, twin, "T0") == 100
    separate(made)

    assert (tally(alice), tally(twin)) == ((0, 0, 0), (0, 100, 100))
    assert taken(programme, twin, "T2") == 100
    assert balance(twin.account) == (0, 0)
    assert violations() == []


def test_what_moved_up_to_the_other_while_two_were_one_stays_and_is_not_given_twice(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme)
    made = merge(alice, twin)
    assert (extra(programme, twin, "T1"), extra(programme, alice, "A1")) == (100, 0)
    assert taken(programme, twin, "T1") == 0
    separate(made)

    # The twin keeps 100 points for nothing, and gets none before that is made up for.
    assert (tally(alice), tally(twin)) == ((0, 100, 0), (0, 0, 100))
    assert extra(programme, twin, "T2") == 0
    assert taken(programme, twin, "T2") == 100
    assert taken(programme, alice, "A1") == 0
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []


def test_what_a_return_took_that_the_other_had_got_stays_and_is_taken_once(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme)
    made = merge(alice, twin)
    assert (extra(programme, twin, "T1"), extra(programme, alice, "A1")) == (100, 0)
    assert (taken(programme, twin, "T1"), taken(programme, alice, "A1")) == (0, 100)
    separate(made)

    assert (balance(alice.account), balance(twin.account)) == ((-100, 100), (100, 0))
    assert (tally(alice), tally(twin)) == ((0, 0, 0), (0, 0, 100))
    row = RuleTally.objects.get(account=alice.account)
    assert row.carried == {str(made.pk): [0, 0, -100]}
    assert (extra(programme, alice, "A2"), extra(programme, twin)) == (100, 0)
    assert taken(programme, alice, "A2") == 100
    assert violations() == []
    tamper(f"UPDATE loyalty_ruletally SET carried = '{{\"{made.pk}\": [0, 0, 1]}}' WHERE id = {row.pk}")  # noqa: S608 - numbers of rows
    assert ("carried limit", f"tally {row.pk}") in broken_rules()


def test_a_small_return_takes_no_more_than_it_lost_of_what_is_above_the_limit(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=100)
    assert buy(programme, alice.card.token, euros=60, reference="A1").points == 120
    assert buy(programme, twin.card.token, euros=60, reference="T1").points == 120
    made = merge(alice, twin)
    bring_back(programme, alice.card.token, reference="A1", euros=60)
    assert buy(programme, twin.card.token, euros=90, reference="T2").points == 90 + 60
    separate(made)

    # 120 points of a limit of 100: each euro brought back takes its own two, until the limit is kept.
    assert tally(twin) == (0, 150, 120)
    assert bring_back(programme, twin.card.token, reference="T2", euros=1).points == -2
    assert bring_back(programme, twin.card.token, reference="T2", euros=89).points == -89 - 59
    assert bring_back(programme, twin.card.token, reference="T1", euros=60).points == -120
    assert balance(twin.account) == (0, 0)
    assert violations() == []


def test_what_a_budget_refused_counts_nowhere(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    make_rule(
        programme, code="gift", effect=RuleEffect.BONUS, points=100, limit_points=250, budget_points=250
    )
    extra(programme, make_cardholder(programme, first_name="Charlie"))
    made = merge(alice, twin)
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [100, 50]
    separate(made)

    assert tally(twin) == (0, 150, 150)
    assert (taken(programme, twin, "T2"), taken(programme, twin, "T1")) == (50, 100)
    assert violations() == []


def test_versions_of_a_rule_go_back_each_with_its_own_part(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    first = gift(programme)
    made = merge(alice, twin)
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [100, 0]
    second = make_next_version(first, limit_points=150)
    assert extra(programme, twin, "T3") == 50
    assert extra(programme, alice, "A1") == 0
    separate(made)

    by_version = RuleTally.objects.get(account=twin.account).by_version
    assert by_version == {str(first.pk): [100, 200], str(second.pk): [150, 100]}
    assert taken(programme, twin, "T1") == 0
    assert taken(programme, twin, "T2") == 50
    assert taken(programme, twin, "T3") == 100
    assert taken(programme, alice, "A1") == 0
    assert violations() == []


def test_a_bonus_for_one_purchase_is_not_due_again(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    third(programme)
    made = merge(alice, twin)
    assert [extra(programme, twin) for _ in range(3)] == [0, 0, 100]
    separate(made)
    assert (tally(alice), tally(twin)) == ((0, 0, 0), (3, 100, 100))

    assert [extra(programme, twin) for _ in range(4)] == [0, 0, 0, 0]
    assert [extra(programme, alice) for _ in range(4)] == [0, 0, 100, 0]
    assert violations() == []


def test_a_bonus_counted_with_the_others_purchases_stays_as_long_as_a_purchase_is_kept(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    third(programme)
    made = merge(alice, twin)
    assert [extra(programme, alice) for _ in range(2)] == [0, 0]
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [100, 0]
    separate(made)
    assert (tally(alice), tally(twin)) == ((2, 0, 0), (2, 100, 100))

    assert [extra(programme, twin, name) for name in ("T3", "T4")] == [0, 0]
    assert extra(programme, alice) == 100
    assert [taken(programme, twin, name) for name in ("T2", "T3", "T4", "T1")] == [0, 0, 0, 100]
    assert balance(twin.account) == (0, 0)
    assert violations() == []


def test_a_bonus_that_the_other_got_stays_held_back(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    third(programme)
    made = merge(alice, twin)
    assert [extra(programme, alice) for _ in range(3)] == [0, 0, 100]
    assert [extra(programme, twin, name) for name in ("T1", "T2", "T3")] == [0, 0, 0]
    separate(made)

    assert [extra(programme, twin) for _ in range(3)] == [0, 0, 0]
    assert [taken(programme, twin, name) for name in ("T1", "T2", "T3")] == [0, 0, 0]
    assert violations() == []


def test_of_every_third_purchase_of_both_none_is_paid_twice_and_no_return_takes_what_was_not_given(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    third(programme, is_every=True)
    made = merge(alice, twin)
    for first, second, last in (("A1", "A2", "T1"), ("A3", "A4", "T2")):
        assert [extra(programme, alice, first), extra(programme, alice, second)] == [0, 0]
        assert extra(programme, twin, last) == 100
    separate(made)
    # Alice's own would have been one bonus by now, her twin's none.
    assert (tally(alice), tally(twin)) == ((4, 100, 0), (2, 0, 200))

    assert [taken(programme, alice, name) for name in ("A1", "A2", "A3", "A4")] == [0, 0, 0, 0]
    assert extra(programme, twin, "T3") == 0
    assert [taken(programme, twin, name) for name in ("T1", "T2", "T3")] == [100, 100, 0]
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []


def test_a_bonus_that_was_lost_by_a_return_of_the_others_is_taken_once(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    third(programme)
    made = merge(alice, twin)
    assert [extra(programme, alice, "A1"), extra(programme, alice), extra(programme, twin, "T1")] == [
        0,
        0,
        100,
    ]
    assert taken(programme, alice, "A1") == 100
    separate(made)

    assert RuleTally.objects.get(account=alice.account).carried == {str(made.pk): [0, 0, -100]}
    assert taken(programme, twin, "T1") == 100
    assert [extra(programme, alice) for _ in range(2)] == [0, 100]
    # Two of Alice's had counted with the one that had the bonus and is brought back: so they still do.
    assert [extra(programme, twin) for _ in range(4)] == [100, 0, 0, 0]
    assert violations() == []


def test_what_counted_without_points_opens_an_account_and_is_handed_over(
    alice: Cardholder, twin: Cardholder
) -> None:
    made = merge(alice, twin)
    other = make_programme("other", name="Other", per_cents=1000)
    third(other)
    PointAccount.objects.create(programme=other, member=alice.member, enrolled_at=NOW)
    assert [buy(other, twin.card.token, euros=1).points for _ in range(2)] == [0, 0]
    separate(made)

    account = PointAccount.objects.get(programme=other, member=twin.member)
    assert [entry[1] for entry in entries(account)] == [0]
    assert buy(other, twin.card.token, euros=1).points == 100
    assert violations() == []


def test_a_purchase_handed_over_counts_where_it_went_through_another_merge(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme)
    third(programme)
    first = merge(alice, twin)
    assert extra(programme, alice, "A1") == 100
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [0, 100]
    separate(first)
    second = merge(alice, twin)
    # The bonus was given to one of them, and Alice's limit is used.
    assert [extra(programme, twin, name) for name in ("T3", "T4")] == [0, 0]
    assert taken(programme, twin, "T1") == 0
    assert violations() == []
    separate(second)

    assert taken(programme, alice, "A1") == 100
    assert sum(taken(programme, twin, name) for name in ("T2", "T3", "T4")) == 100
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []


def test_what_was_handed_over_counts_when_the_other_one_survives(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    gift(programme)
    first = merge(alice, twin)
    assert [extra(programme, twin, name) for name in ("T1", "T2")] == [100, 0]
    separate(first)
    second = merge(twin, alice)
    assert extra(programme, alice, "A1") == 0
    assert taken(programme, twin, "T1") == 0
    separate(second)

    assert extra(programme, alice, "A2") == 100
    assert [taken(programme, twin, "T2"), taken(programme, alice, "A2"), taken(programme, alice, "A1")] == [
        100,
        0,
        100,
    ]
    assert (balance(alice.account), balance(twin.account)) == ((0, 0), (0, 0))
    assert violations() == []


@pytest.mark.parametrize(
    "change",
    ["granted_points = granted_points + 1", "purchases = purchases + 1", "period_starts_on = '2026-11-02'"],
)
@pytest.mark.parametrize("name", ["alice", "twin"])
def test_a_tally_that_is_not_what_its_own_purchases_come_to_is_found(
    programme: Programme, alice: Cardholder, twin: Cardholder, name: str, change: str
) -> None:
    gift(programme)
    third(programme, is_every=True)
    made = merge(alice, twin)
    for _ in range(2):
        extra(programme, alice)
        extra(programme, twin)
    separate(made)
    holder = {"alice": alice, "twin": twin}[name]

    rows = tamper(
        f"UPDATE loyalty_ruletally SET {change} WHERE account_id = {holder.account.pk}"  # noqa: S608 - the values stand above
        " RETURNING 'tally of account ' || account_id || ' and rule ' || family_id"
    )

    assert {("tally", row) for row in rows} <= set(broken_rules())
