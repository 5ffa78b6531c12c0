"""One person has one limit: merged members share what is left, and separated ones have their own again."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.earning.book import rule_of
from loyalty.earning.limits import Tally, carried_over, grant, purchases_still_carried
from loyalty.earning.terms import Part, Rule
from loyalty.groups import add_to_group
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import (
    EarningRule,
    GroupMembership,
    LimitPeriod,
    MemberGroup,
    PointAccount,
    Programme,
    RuleEffect,
    RuleTally,
)
from loyalty.selectors.rule_preview import Imagined, Preview, preview
from members.models import MemberMerge
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, make_rule, make_store
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.proofs import broken_rules, violations
from tests.tampering import tamper

TODAY = date(2026, 11, 22)


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return another member who is Alice as well."""
    return make_cardholder(programme, first_name="Alice")


def merge(survivor: Cardholder, merged: Cardholder) -> MemberMerge:
    return merge_members(survivor=survivor.member, merged=merged.member, at=NOW)


def limited(programme: Programme, period: LimitPeriod = LimitPeriod.LIFE, *, limit: int = 50) -> EarningRule:
    """Make a rule that doubles points, within a limit."""
    return make_rule(
        programme,
        code="double",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        limit_points=limit,
        limit_period=period,
    )


def extra(programme: Programme, holder: Cardholder, euros: int, reference: str | None = None) -> int:
    """Buy, and return the points beyond one a euro."""
    return buy(programme, holder.card.token, euros=euros, reference=reference).points - euros


def tallies() -> list[dict[str, object]]:
    """Return all tallies, without their numbers."""
    rows = RuleTally.objects.order_by("account", "family", "period", "period_starts_on")
    return [{name: value for name, value in row.items() if name != "id"} for row in rows.values()]


@pytest.mark.parametrize("period", LimitPeriod)
def test_what_one_had_leaves_the_other_less_of_the_limit(
    programme: Programme, alice: Cardholder, twin: Cardholder, period: LimitPeriod
) -> None:
    limited(programme, period)
    assert extra(programme, twin, 40) == 40
    merge(alice, twin)

    assert extra(programme, alice, 7) == 7
    assert extra(programme, twin, 30) == 3
    assert extra(programme, alice, 30) == 0
    assert violations() == []


def test_another_period_has_a_limit_of_its_own(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme, LimitPeriod.DAY)
    assert extra(programme, twin, 50) == 50
    merge(alice, twin)

    tomorrow = NOW + timedelta(days=1)
    assert buy(programme, twin.card.token, euros=60, at=tomorrow).points == 110
    assert extra(programme, alice, 1) == 0


def test_two_who_had_their_limits_keep_what_they_had_and_get_no_more(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme)
    assert (extra(programme, twin, 60), extra(programme, alice, 30, "A1")) == (50, 30)
    merge(alice, twin)
    assert balance(alice.account) == (60 + 50 + 30 + 30, 0)

    assert extra(programme, alice, 10) == 0
    assert bring_back(programme, alice.card.token, reference="A1", euros=5).points == -5

    assert balance(alice.account) == (60 + 50 + 30 + 30 + 10 - 5, 0)
    assert violations() == []


def test_the_bonus_of_a_first_purchase_is_given_once(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    make_rule(programme, code="first", effect=RuleEffect.BONUS, points=9, nth_purchase=1)
    assert extra(programme, twin, 1) == 9
    merge(alice, twin)

    assert extra(programme, alice, 1, "A1") == 0
    assert bring_back(programme, alice.card.token, reference="A1", euros=1).points == -1
    assert extra(programme, twin, 1) == 0
    assert violations() == []


def test_purchases_of_both_lead_to_the_bonus_that_follows(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    make_rule(programme, code="fifth", effect=RuleEffect.BONUS, points=9, nth_purchase=5, is_every_nth=True)
    for holder, times in ((twin, 8), (alice, 3)):
        for _ in range(times):
            extra(programme, holder, 1)
    merge(alice, twin)

    # Three of either would be six: the bonus is not due by the merge, and comes with the next purchase.
    assert [extra(programme, alice, 1) for _ in range(6)] == [9, 0, 0, 0, 0, 9]
    assert violations() == []


def test_a_separation_restores_the_tallies_as_they_were(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme, LimitPeriod.MONTH)
    make_rule(programme, code="first", effect=RuleEffect.BONUS, points=9, nth_purchase=1)
    make_rule(programme, code="third", effect=RuleEffect.BONUS, points=9, nth_purchase=3, limit_points=20)
    buy(programme, twin.card.token, euros=40, at=NOW - timedelta(days=40))
    extra(programme, twin, 30)
    extra(programme, alice, 10)
    before = tallies()

    made = merge(alice, twin)
    assert tallies() != before
    separate_members(merge=made, at=NOW)

    assert tallies() == before
    assert extra(programme, alice, 45) == 40
    assert extra(programme, twin, 25) == 20 + 9  # her third
    assert violations() == []


def test_what_happened_while_they_were_one_stays_right_afterwards(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme)
    make_rule(programme, code="first", effect=RuleEffect.BONUS, points=9, nth_purchase=1)
    extra(programme, twin, 40, "T1")
    made = merge(alice, twin)
    assert extra(programme, alice, 30, "A1") == 10
    assert bring_back(programme, alice.card.token, reference="T1", euros=40).points == -80 - 9

    separate_members(merge=made, at=NOW)

    assert violations() == []
    # Held back then, it is not given now; what is bought from now on counts within the own limit.
    assert balance(alice.account) == (40, 0)
    assert extra(programme, alice, 20) == 20
    assert extra(programme, twin, 60) == 50 + 9
    assert bring_back(programme, alice.card.token, reference="A1", euros=30).points <= -30
    assert violations() == []


def test_of_two_who_lead_to_one_member_each_takes_its_own_along(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme)
    third = make_cardholder(programme, first_name="Alice")
    extra(programme, twin, 20)
    extra(programme, third, 15)
    first, second = merge(alice, twin), merge(alice, third)
    assert RuleTally.objects.get(account=alice.account).carried == {
        str(first.pk): [20, 0],
        str(second.pk): [15, 0],
    }

    separate_members(merge=first, at=NOW)

    assert extra(programme, alice, 60) == 35
    assert violations() == []


def test_a_group_of_the_one_counts_for_both_until_they_are_separated(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    group = MemberGroup.objects.create(programme=programme, code="staff", name_fr="Équipe", name_en="Staff")
    make_rule(programme, code="staff", effect=RuleEffect.BONUS, points=9, group_ids=[group.pk])
    add_to_group(group=group, references=[twin.member.reference], joined_on=TODAY)
    rows = list(GroupMembership.objects.values())
    assert extra(programme, alice, 1) == 0
    made = merge(alice, twin)

    assert (extra(programme, alice, 1), extra(programme, twin, 1)) == (9, 9)
    assert previewed(programme, alice).points == 1 + 9
    separate_members(merge=made, at=NOW)

    assert (extra(programme, alice, 1), extra(programme, twin, 1)) == (0, 9)
    assert list(GroupMembership.objects.values()) == rows


def test_the_preview_counts_what_is_carried(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme)
    extra(programme, twin, 45)
    merge(alice, twin)

    assert previewed(programme, alice).points == 2
    extra(programme, alice, 4)
    assert previewed(programme, alice).points == 1 + 1
    extra(programme, alice, 9)
    assert reasons_in(previewed(programme, alice), "double") == (
        "the limit is 50 points, of which the member has 50 points already",
    )


def test_the_preview_says_which_purchase_it_would_be_with_those_that_are_carried(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    make_rule(programme, code="third", effect=RuleEffect.BONUS, points=9, nth_purchase=3)
    extra(programme, twin, 1)
    merge(alice, twin)
    assert extra(programme, alice, 1) == 0

    shown = previewed(programme, alice)

    assert shown.points == 10
    assert reasons_in(shown, "third") == ("this would be the 3rd purchase that counts",)


def reasons_in(shown: Preview, code: str) -> tuple[str, ...]:
    """Return what a preview says, in English, about the rule with a code."""
    rule = EarningRule.objects.get(code=code)
    (line,) = [line for line in shown.outcome.lines if line.rule.rule_id == rule.pk]
    return line.reasons


def previewed(programme: Programme, holder: Cardholder) -> Preview:
    """Return what a purchase of one euro would earn, in English."""
    store = make_store(programme=programme)
    imagined = Imagined(
        programme=programme,
        amount_cents=100,
        purchased_at=NOW,
        partner_id=store.partner_id,
        store=store,
        channel="store",
        account=PointAccount.objects.select_related("member", "programme").get(pk=holder.account.pk),
        card=holder.card,
    )
    with translation.override("en"):
        return preview(imagined, at=NOW)


def test_a_carried_limit_of_nobody_is_found(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    limited(programme)
    extra(programme, twin, 40)
    made = merge(alice, twin)
    row = RuleTally.objects.get(account=alice.account)
    assert violations() == []

    for carried in (f'{{"{made.pk + 1}": [1, 0]}}', f'{{"{made.pk}": [-1, 0]}}', f'{{"{made.pk}": [0, -1]}}'):
        tamper(f"UPDATE loyalty_ruletally SET carried = '{carried}' WHERE id = {row.pk}")  # noqa: S608 - the values stand above
        assert ("carried limit", f"tally {row.pk}") in broken_rules()


def rule(**terms: Any) -> Rule:  # noqa: ANN401 - the columns of a rule
    """Return a rule as the evaluation reads it."""
    return rule_of(EarningRule(pk=1, effect=RuleEffect.BONUS, points=9, **terms))


@settings(max_examples=300, deadline=None)
@given(
    nth=st.integers(1, 6),
    is_every=st.booleans(),
    gone=st.integers(0, 12),
    own=st.integers(0, 12),
    then=st.integers(0, 12),
    again=st.integers(0, 12),
)
def test_a_merge_makes_no_bonus_due_and_loses_none(
    *, nth: int, is_every: bool, gone: int, own: int, then: int, again: int
) -> None:
    counting = rule(nth_purchase=nth, is_every_nth=is_every)

    def bought(times: int, tally: Tally) -> int:
        return sum(grant(Part(counting, 0, is_counted=True), tally, None).points for _ in range(times))

    leading, staying = Tally(), Tally()
    given_before = bought(gone, leading) + bought(own, staying)
    for other, times in ((leading, then), (Tally(purchases=again), then)):
        carried = carried_over(counting, gone=other, staying=staying)
        assert purchases_still_carried(counting, staying, carried.purchases) == 0
        staying.carried_purchases += carried.purchases
        given_before += bought(times, staying)
        assert staying.entitled_points == staying.granted_points >= 0
    all_bought = gone + own + 2 * then + again
    most = 9 * (all_bought // nth if is_every else 2)
    assert given_before <= most


@settings(max_examples=300, deadline=None)
@given(
    limits=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    gone=st.integers(0, 60),
    own=st.integers(0, 60),
    then=st.lists(st.integers(1, 20), max_size=5),
)
def test_two_under_one_limit_get_no_more_than_that_limit_or_what_they_had(
    limits: Sequence[int], gone: int, own: int, then: Sequence[int]
) -> None:
    versions = [rule(limit_points=limit) for limit in limits]
    leading, staying = Tally(), Tally()
    had = grant(Part(versions[0], gone, is_counted=False), leading, None).points
    had += grant(Part(versions[0], own, is_counted=False), staying, None).points
    staying.carried_points += carried_over(versions[0], gone=leading, staying=staying).points
    assert staying.allowed_points == staying.granted_points or staying.entitled_points > limits[0]

    given = had + sum(
        grant(Part(versions[0], points, is_counted=False), staying, None).points for points in then
    )

    assert given <= max(had, limits[0])
    assert given == max(had, min(limits[0], leading.granted_points + own + sum(then)))
