"""A rule that gives the same as another one for the same purchases is found, and never scheduled."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.contradictions import Contradiction, ContradictoryRule, Finding, TwinRule
from loyalty.earning.overlaps import common_ground
from loyalty.earning.terms import Rule
from loyalty.earning.twins import twins_among
from loyalty.earning.versions import draft_new_rule, retire_rule, schedule_rule
from loyalty.models import EarningRule, Programme, RuleEffect, RuleStatus
from tests.factories import NOW, PARIS, Cardholder, buy, make_next_version, make_rule, make_store
from tests.kept_fixtures import kept
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
TODAY = date(2026, 11, 22)
DECEMBER: dict[str, Any] = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)}
meet = partial(common_ground, partner_of_store={11: 1, 12: 1, 21: 2}, zone=PARIS, today=TODAY)


def are_twins(one: Rule, other: Rule) -> bool:
    """Look from both sides, which must not matter."""
    found = list(twins_among(one, [one, other], meet))
    assert bool(found) == bool(list(twins_among(other, [one, other], meet)))
    return found == [other]


@pytest.mark.parametrize(
    ("effect", "one", "other"),
    [
        (BASE, {"points": 1}, {"points": 1}),
        (BASE, {"points": 1, "per_cents": 100}, {"points": 2, "per_cents": 200}),
        (BASE, {"factor_percent": 100}, {"factor_percent": 200}),
        (BONUS, {"points": 5, "per_cents": 100}, {"points": 5, "per_cents": 200}),
        (BONUS, {"nth_purchase": 3}, {"nth_purchase": 3}),
        (MULTIPLIER, {}, {"priority": 9}),
        (MULTIPLIER, {"is_stackable": False}, {"is_stackable": False, "priority": 9}),
        (MULTIPLIER, {}, DECEMBER),
        (MULTIPLIER, {"ends_on": date(2026, 12, 1)}, DECEMBER),
        (MULTIPLIER, {}, {"weekdays": set(range(1, 8))}),
        (MULTIPLIER, {}, {"from_hour": 0, "until_hour": 24}),
        (MULTIPLIER, {"from_hour": 8}, {"from_hour": 8, "until_hour": 24}),
        (MULTIPLIER, {"store_ids": {11, 12}}, {"store_ids": {11, 12}, "partner_ids": {1}}),
        (MULTIPLIER, {"group_ids": {1}}, {"group_ids": {1}}),
        (MULTIPLIER, {"limit_points": 5, "budget_points": 9}, {"limit_points": 5, "budget_points": 9}),
    ],
)
def test_rules_that_give_the_same_on_some_of_the_same_days_are_twins(
    effect: RuleEffect, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert are_twins(make_terms(effect, **one), make_terms(effect, **other))


@pytest.mark.parametrize(
    ("effect", "one", "other"),
    [
        (BASE, {"points": 1}, {"points": 2}),
        (BASE, {}, {"budget_points": 1000}),
        (BONUS, {"points": 5}, {"points": 6}),
        (BONUS, {"nth_purchase": 3}, {"nth_purchase": 4}),
        (BONUS, {"nth_purchase": 3}, {"nth_purchase": 3, "is_every_nth": True}),
        (MULTIPLIER, {}, {"factor_percent": 300}),
        (MULTIPLIER, {}, {"is_stackable": False}),
        (MULTIPLIER, {}, {"partner_ids": {1}}),
        (MULTIPLIER, {}, {"weekdays": {6}}),
        (MULTIPLIER, {}, {"from_hour": 8}),
        (MULTIPLIER, {}, {"channel": "online"}),
        (MULTIPLIER, {}, {"minimum_cents": 1000}),
        (MULTIPLIER, {"limit_points": 5}, {"limit_points": 6}),
        (MULTIPLIER, {"ends_on": date(2026, 11, 30)}, DECEMBER),
        (MULTIPLIER, {"applies_until": datetime(2026, 11, 30, 23, tzinfo=UTC)}, DECEMBER),
    ],
)
def test_rules_that_differ_in_what_they_give_or_in_all_their_days_are_none(
    effect: RuleEffect, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert not are_twins(make_terms(effect, **one), make_terms(effect, **other))


def test_versions_of_one_rule_and_rules_of_another_kind_are_no_twins() -> None:
    base = make_terms(BASE)

    assert not are_twins(base, make_terms(BASE, family_id=base.family_id))
    assert not are_twins(base, make_terms(BONUS))


ON_SUNDAYS: dict[str, Any] = {"effect": MULTIPLIER, "factor_percent": 200, "weekdays": [7]}
SAME = Finding("effect", Contradiction.TWIN, "“Sundays”")


@kept()
def sundays(programme: Programme) -> EarningRule:
    """Return a rule that is in force through the last day of November; NOW is a Sunday."""
    return make_rule(programme, code="sundays", name_en="Sundays", ends_on=date(2026, 11, 30), **ON_SUNDAYS)


def twin(programme: Programme, code: str = "again", **other: Any) -> EarningRule:  # noqa: ANN401 - columns of a rule
    """Return the draft of a rule that gives the same, under another name."""
    return draft_new_rule(
        rule=EarningRule(programme=programme, code=code, name_fr="x", name_en="x", **ON_SUNDAYS | other)
    )


def test_a_twin_is_not_scheduled_and_nobody_gets_points_twice(
    programme: Programme, sundays: EarningRule, alice: Cardholder
) -> None:
    draft = twin(programme)

    with translation.override("en"), pytest.raises(TwinRule) as refused:
        schedule_rule(rule=draft, at=NOW)

    assert refused.value.findings == (SAME,)
    with translation.override("en"):
        said = SAME.sentence
    assert said.startswith("“Sundays” gives the same for the same purchases, on some of the same days")
    draft.refresh_from_db()
    assert draft.scheduled_at is None
    assert buy(programme, alice.card.token, euros=10).points == 20
    retire_rule(rule=sundays, at=NOW)
    assert schedule_rule(rule=draft, at=NOW).status_at(NOW) is RuleStatus.LIVE


def test_a_twin_is_scheduled_for_days_on_which_the_other_is_over(
    programme: Programme, sundays: EarningRule
) -> None:
    assert sundays.ends_on
    over = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Paris

    with pytest.raises(ContradictoryRule):
        schedule_rule(rule=twin(programme), at=NOW, starts_at=over - timedelta(hours=60))
    later = schedule_rule(rule=twin(programme, "later"), at=NOW, starts_at=over)
    assert later.status_at(NOW) is RuleStatus.SCHEDULED


def test_a_rule_that_waits_for_its_instant_has_no_twin_either(programme: Programme) -> None:
    make_rule(programme, code="waits", at=NOW, starts_at=NOW + timedelta(days=9), **ON_SUNDAYS)

    with translation.override("en"), pytest.raises(ContradictoryRule) as refused:
        schedule_rule(rule=twin(programme), at=NOW)
    assert refused.value.findings == (Finding("effect", Contradiction.TWIN, "“waits”"),)


def test_a_next_version_that_becomes_a_twin_leaves_the_one_before_in_force(
    programme: Programme, sundays: EarningRule
) -> None:
    other = make_rule(programme, code="other", **ON_SUNDAYS | {"factor_percent": 300})

    with pytest.raises(ContradictoryRule):
        make_next_version(other, factor_percent=200)

    other.refresh_from_db()
    assert other.applies_until is None
    assert sundays.status_at(NOW) is RuleStatus.LIVE


def test_stores_make_a_twin_of_whoever_names_their_partner_too(programme: Programme) -> None:
    store = make_store(programme=programme)
    make_rule(programme, code="shop", store_ids=[store.pk], **ON_SUNDAYS)

    with pytest.raises(ContradictoryRule):
        schedule_rule(rule=twin(programme, store_ids=[store.pk], partner_ids=[store.partner_id]), at=NOW)
