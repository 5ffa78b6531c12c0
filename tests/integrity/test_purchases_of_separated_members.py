"""A purchase that was looked up before its card went to another member, or back, counts for that member.

The first transaction is kept open until the second waits for it, or the look comes before: see `test_locks`.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DataError, transaction

from loyalty.enrolment import enrol_member
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Lot, PointAccount, Programme, Purchase, PurchaseState, RuleEffect
from loyalty.purchases.at_once import record_at_once
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.record import (
    Batch,
    look_at_purchases,
    plan_ahead,
    record_batch,
    record_purchases,
    record_together,
)
from loyalty.purchases.separated import LOOKS, SeparatedMeanwhile, looking_again
from loyalty.purchases.settle import settle_parked
from members.models import MemberMerge
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_card,
    make_cardholder,
    make_line,
    make_programme,
    make_rule,
)
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import one_after_the_other, real_commits, sent_statements

__all__ = ["real_commits"]
pytestmark = pytest.mark.usefixtures("real_commits")

LONG_AGO = NOW - timedelta(days=4 * 365)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


@pytest.fixture
def alice(programme: Programme) -> Cardholder:
    """Return a cardholder with fifteen points."""
    return make_cardholder(programme, points=15)


@pytest.fixture
def twin(programme: Programme) -> Cardholder:
    """Return somebody with ten points who was taken for the same person."""
    return make_cardholder(programme, points=10)


@pytest.fixture
def merge(alice: Cardholder, twin: Cardholder) -> MemberMerge:
    """Let the other lead to Alice, by mistake."""
    return merge_members(survivor=alice.member, merged=twin.member, at=NOW)


def separate(merge: MemberMerge) -> MemberMerge:
    """Undo the merge."""
    return separate_members(merge=merge, at=NOW)


@pytest.mark.parametrize("plan", [plan_ahead, lambda batch: batch])
def test_lines_looked_at_before_a_separation_count_for_whose_the_card_is(
    programme: Programme,
    alice: Cardholder,
    twin: Cardholder,
    merge: MemberMerge,
    plan: Callable[[Batch], Batch],
) -> None:
    lines = [make_line(one.card.token, cents=cents) for one, cents in ((alice, 300), (twin, 700))]
    batch = plan(look_at_purchases(lines, programme=programme, at=NOW))
    separate(merge)

    verdicts = record_batch(batch, programme=programme, feed_import=None)

    assert [(one.outcome, one.points) for one in verdicts] == [(Outcome.ACCEPTED, 3), (Outcome.ACCEPTED, 7)]
    assert (balance(alice.account), balance(twin.account)) == ((18, 0), (17, 0))
    assert violations() == []


def test_lines_looked_at_after_a_separation_are_recorded_as_they_are(
    programme: Programme, alice: Cardholder, merge: MemberMerge
) -> None:
    separate(merge)
    batch = look_at_purchases([make_line(alice.card.token, cents=300)], programme=programme, at=NOW)

    with sent_statements() as statements:
        record_batch(batch, programme=programme, feed_import=None)

    assert balance(alice.account) == (18, 0)
    assert sum("INSERT INTO loyalty_purchase" in one for one in statements) == 1


@pytest.fixture
def other(alice: Cardholder, merge: MemberMerge) -> Programme:  # noqa: ARG001 - by now the two are merged
    """Return another programme of the issuer, in which only Alice takes part."""
    other = make_programme("other", name="Other", issuer=alice.member.issuer)
    enrol_member(member=alice.member, programme=other, at=NOW)
    return other


def test_a_purchase_waits_where_whose_the_card_is_does_not_take_part(
    alice: Cardholder, twin: Cardholder, merge: MemberMerge, other: Programme
) -> None:
    batch = look_at_purchases([make_line(twin.card.token, cents=700)], programme=other, at=NOW)
    separate(merge)

    (verdict,) = record_batch(batch, programme=other, feed_import=None)

    assert verdict.outcome is Outcome.PARKED
    assert balance(PointAccount.objects.get(programme=other, member=alice.member)) == (0, 0)
    assert violations() == []


def test_a_separation_waits_for_a_purchase_that_is_the_first_in_its_programme(
    twin: Cardholder, merge: MemberMerge, other: Programme
) -> None:
    second = one_after_the_other(lambda: buy(other, twin.card.token, euros=7), lambda: separate(merge))

    assert second == merge
    assert balance(PointAccount.objects.get(programme=other, member=twin.member)) == (7, 0)
    assert violations() == []


@pytest.mark.parametrize("has_limits", [False, True])
@pytest.mark.parametrize("record", [record_purchases, record_together])
def test_a_purchase_that_waits_for_a_separation_counts_for_whose_the_card_is(
    programme: Programme,
    alice: Cardholder,
    twin: Cardholder,
    merge: MemberMerge,
    record: Callable[..., list[LineVerdict]],
    *,
    has_limits: bool,
) -> None:
    if has_limits:
        make_rule(
            programme, code="more", effect=RuleEffect.BONUS, points=5, limit_points=5, limit_period="day"
        )
    line = make_line(twin.card.token, cents=700)

    second = one_after_the_other(lambda: separate(merge), lambda: record([line], programme=programme, at=NOW))

    assert isinstance(second, list)
    assert [one.points for one in second] == [12 if has_limits else 7]
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (10 + second[0].points, 0))
    assert violations() == []


def test_the_short_way_leaves_a_purchase_that_waited_for_a_separation_to_the_general_way(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    line = make_line(twin.card.token, cents=700)

    second = one_after_the_other(
        lambda: separate(merge), lambda: record_at_once(line, programme=programme, at=NOW)
    )

    assert second is None
    assert not Purchase.objects.filter(reference=line.reference).exists()
    assert record_at_once(line, programme=programme, at=NOW) is not None
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (17, 0))


def test_in_a_transaction_of_the_caller_the_short_way_that_waited_undoes_it(
    programme: Programme, twin: Cardholder, merge: MemberMerge
) -> None:
    line = make_line(twin.card.token, cents=700)

    def record() -> LineVerdict | None:
        with transaction.atomic():
            return record_at_once(line, programme=programme, at=NOW)

    assert isinstance(one_after_the_other(lambda: separate(merge), record), DataError)
    assert not Purchase.objects.filter(reference=line.reference).exists()


def test_a_return_that_waits_for_a_separation_takes_from_whose_the_card_is(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    buy(programme, twin.card.token, euros=7, reference="T1")

    second = one_after_the_other(
        lambda: separate(merge), lambda: bring_back(programme, twin.card.token, reference="T1", euros=2)
    )

    assert isinstance(second, LineVerdict)
    assert second.points == -2
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (15, 0))
    assert violations() == []


def test_a_return_that_waits_for_a_separation_leaves_the_limit_of_whose_the_card_is(
    programme: Programme, alice: Cardholder, twin: Cardholder, merge: MemberMerge
) -> None:
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=90)
    buy(programme, twin.card.token, euros=7, reference="T1")

    second = one_after_the_other(
        lambda: separate(merge), lambda: bring_back(programme, twin.card.token, reference="T1", euros=2)
    )

    assert isinstance(second, LineVerdict), second
    assert second.points == -4
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (20, 0))
    assert violations() == []


def test_a_waiting_purchase_that_is_settled_during_a_separation_counts_for_whose_the_card_is(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    buy(programme, "card-to-come", euros=7)
    make_card(member=twin.member, token="card-to-come")  # noqa: S106 - a card token, which opens nothing
    made = merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    second = one_after_the_other(lambda: separate(made), lambda: settle_parked(programme=programme, at=NOW))

    assert second == 1
    assert Purchase.objects.get(card_token="card-to-come").state == PurchaseState.ACCEPTED  # noqa: S106 - no password
    assert (balance(alice.account), balance(twin.account)) == ((15, 0), (17, 0))
    assert violations() == []


def test_whoever_is_always_overtaken_by_separations_gives_up() -> None:
    looks: list[int] = []

    def record() -> None:
        looks.append(len(looks))
        raise SeparatedMeanwhile

    with pytest.raises(SeparatedMeanwhile):
        looking_again(record)

    assert len(looks) == LOOKS


def two_people(programme: Programme) -> tuple[Cardholder, Cardholder]:
    """Return who stays and who leads to them, members for long."""
    return make_cardholder(programme, at=LONG_AGO), make_cardholder(programme, at=LONG_AGO)


def test_a_purchase_that_waits_for_a_merge_counts_under_the_limits_of_whom_it_is(
    programme: Programme,
) -> None:
    survivor, merged = two_people(programme)
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=100, limit_points=100)
    waiting = make_line(merged.card.token, cents=1, reference="A", purchased_at=NOW)

    one_after_the_other(
        lambda: merge_members(survivor=survivor.member, merged=merged.member, at=LATER),
        lambda: record_purchases([waiting], programme=programme, at=LATER),
    )
    follow_all(LATER)
    late = make_line(survivor.card.token, cents=1, reference="B", purchased_at=LATER)
    record_purchases([late], programme=programme, at=LATER)

    assert balance(survivor.account) == (100, 0)
    assert violations() == []


def test_a_return_that_waits_for_a_merge_finds_the_points_of_its_purchase(programme: Programme) -> None:
    survivor, merged = two_people(programme)
    soon = LONG_AGO + timedelta(days=9)
    buy(programme, survivor.card.token, euros=40, reference="OLD", at=soon)
    buy(programme, merged.card.token, euros=40, reference="A", at=NOW)

    one_after_the_other(
        lambda: merge_members(survivor=survivor.member, merged=merged.member, at=LATER),
        lambda: bring_back(programme, merged.card.token, reference="A", euros=40, at=LATER),
    )
    follow_all(LATER)

    left = Lot.objects.get(account=survivor.account, remaining_points__gt=0)
    assert (left.remaining_points, left.available_on) == (40, soon.date())
    assert violations() == []
