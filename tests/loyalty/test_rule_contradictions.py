"""What in a rule contradicts itself, and that a sound rule is left alone."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from loyalty.earning.contradictions import (
    SENTENCES,
    Contradiction,
    ContradictoryRule,
    Finding,
    find_contradictions,
)
from loyalty.earning.terms import Rule
from loyalty.models import LimitPeriod, RuleEffect
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
BOULANGER, CONFORAMA = 1, 2
PARTNER_OF_STORE = {11: BOULANGER, 12: BOULANGER, 21: CONFORAMA}


def found_in(rule: Rule) -> list[tuple[str, str]]:
    return [
        (one.field, one.code.value) for one in find_contradictions(rule, partner_of_store=PARTNER_OF_STORE)
    ]


@pytest.mark.parametrize(
    ("effect", "given", "field", "code"),
    [
        (MULTIPLIER, {"factor_percent": 100}, "factor_percent", "changes_nothing"),
        (MULTIPLIER, {"factor_percent": 0}, "factor_percent", "gives_nothing"),
        (MULTIPLIER, {"factor_percent": 50, "limit_points": 5}, "limit_points", "reduction_within_limits"),
        (MULTIPLIER, {"factor_percent": 50, "budget_points": 5}, "budget_points", "reduction_within_limits"),
        (MULTIPLIER, {"factor_percent": 50, "minimum_cents": 5}, "minimum_cents", "reduction_within_limits"),
        (BONUS, {"points": 0}, "points", "gives_nothing"),
        (BASE, {"points": 10_001}, "points", "gives_too_much"),
        (BASE, {"per_cents": 0}, "per_cents", "for_no_amount"),
        (
            MULTIPLIER,
            {"starts_on": date(2026, 12, 2), "ends_on": date(2026, 12, 1), "weekdays": {1}},
            "ends_on",
            "ends_before_start",
        ),
        (MULTIPLIER, {"weekdays": {8}}, "weekdays", "no_such_weekday"),
        (
            MULTIPLIER,  # 24 December 2026 is a Thursday
            {"starts_on": date(2026, 12, 24), "ends_on": date(2026, 12, 25), "weekdays": {6, 7}},
            "weekdays",
            "weekday_not_in_period",
        ),
        (MULTIPLIER, {"from_hour": 24}, "from_hour", "no_such_hour"),
        (MULTIPLIER, {"until_hour": 25}, "until_hour", "no_such_hour"),
        (MULTIPLIER, {"from_hour": 9, "until_hour": 9}, "until_hour", "no_hour"),
        (MULTIPLIER, {"minimum_cents": 100_000_001}, "minimum_cents", "amount_never_reached"),
        (MULTIPLIER, {"nth_purchase": 2}, "nth_purchase", "nth_without_bonus"),
        (MULTIPLIER, {"is_every_nth": True}, "nth_purchase", "again_after_nothing"),
        (BONUS, {"nth_purchase": 0}, "nth_purchase", "no_such_nth"),
        (BONUS, {"nth_purchase": 1_001}, "nth_purchase", "no_such_nth"),
        (BONUS, {"nth_purchase": 1, "is_every_nth": True}, "is_every_nth", "every_purchase"),
        (MULTIPLIER, {"limit_points": 0}, "limit_points", "limit_of_nothing"),
        (BONUS, {"points": 51, "limit_points": 50}, "limit_points", "limit_below_bonus"),
        (MULTIPLIER, {"budget_points": 0}, "budget_points", "budget_of_nothing"),
        (BONUS, {"points": 51, "budget_points": 50}, "budget_points", "budget_below_bonus"),
        (MULTIPLIER, {"limit_points": 51, "budget_points": 50}, "budget_points", "budget_below_limit"),
        (MULTIPLIER, {"partner_ids": {1}, "store_ids": {11, 21}}, "store_ids", "store_of_another_partner"),
        (MULTIPLIER, {"partner_ids": {1}, "store_ids": {99}}, "store_ids", "store_of_another_partner"),
        (MULTIPLIER, {"partner_ids": {1, 2}, "store_ids": {11}}, "store_ids", "partner_without_its_stores"),
    ],
)
def test_a_rule_that_contradicts_itself_says_where(
    effect: RuleEffect, given: dict[str, Any], field: str, code: str
) -> None:
    assert found_in(make_terms(effect, **given)) == [(field, code)]


@pytest.mark.parametrize(
    ("effect", "given"),
    [
        (BASE, {"points": 3, "per_cents": 1000}),
        (
            MULTIPLIER,
            {
                "partner_ids": {BOULANGER},
                "weekdays": {6},
                "starts_on": date(2026, 12, 1),
                "ends_on": date(2026, 12, 31),
                "limit_points": 500,
                "limit_period": LimitPeriod.LIFE,
            },
        ),
        (MULTIPLIER, {"factor_percent": 50}),
        (MULTIPLIER, {"from_hour": 22, "until_hour": 6}),
        (MULTIPLIER, {"from_hour": 0, "until_hour": 24}),
        (MULTIPLIER, {"starts_on": date(2026, 12, 24), "ends_on": date(2026, 12, 24), "weekdays": {4}}),
        (MULTIPLIER, {"starts_on": date(2026, 12, 24), "weekdays": {1}}),
        (MULTIPLIER, {"store_ids": {11, 21}}),
        (MULTIPLIER, {"partner_ids": {BOULANGER, CONFORAMA}, "store_ids": {12, 21}}),
        (MULTIPLIER, {"limit_points": 500, "budget_points": 500}),
        (BONUS, {"points": 50, "limit_points": 50, "budget_points": 50}),
        (BONUS, {"nth_purchase": 1}),
        (BONUS, {"nth_purchase": 3, "is_every_nth": True}),
    ],
)
def test_a_sound_rule_is_left_alone(effect: RuleEffect, given: dict[str, Any]) -> None:
    assert found_in(make_terms(effect, **given)) == []


def test_all_contradictions_are_told_at_once_in_the_order_of_the_form() -> None:
    rule = make_terms(
        BONUS, points=0, weekdays={0}, from_hour=3, until_hour=3, minimum_cents=10**9, limit_points=0
    )

    assert [field for field, _code in found_in(rule)] == [
        "points",
        "weekdays",
        "until_hour",
        "minimum_cents",
        "limit_points",
    ]


def test_every_contradiction_has_a_sentence_in_both_languages() -> None:
    assert set(SENTENCES) == set(Contradiction)
    for code in Contradiction:
        (finding,) = ContradictoryRule([Finding("name", code)]).findings
        with translation.override("en"):
            english = finding.sentence
        with translation.override("fr"):
            assert finding.sentence != english, code
        assert english.endswith((".", ":"))


def test_the_error_names_the_fields_and_the_codes() -> None:
    error = ContradictoryRule(
        [Finding("until_hour", Contradiction.NO_HOUR), Finding("points", Contradiction.GIVES_NOTHING)]
    )

    assert str(error) == "until_hour: no_hour, points: gives_nothing"
    assert error.code == "contradictory_rule"
