"""Where two rules apply to the same purchases, and which of two coefficients then counts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from loyalty.earning.overlaps import Together, common_ground, that_counts, together
from loyalty.earning.terms import Conditions, Rule
from loyalty.models import RuleEffect
from tests.factories import PARIS
from tests.loyalty.terms import make_terms

BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS
BOULANGER, CONFORAMA = 1, 2
PARTNER_OF_STORE = {11: BOULANGER, 12: BOULANGER, 21: CONFORAMA}
TODAY = date(2026, 11, 22)
DECEMBER: dict[str, Any] = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)}


def ground(one: Rule, other: Rule) -> tuple[Conditions, ...]:
    """Look from both sides, which must not matter."""
    options: Any = {"partner_of_store": PARTNER_OF_STORE, "zone": PARIS, "today": TODAY}
    found = common_ground(one, other, **options)
    assert found == common_ground(other, one, **options)
    return found


def test_two_rules_meet_in_what_both_ask() -> None:
    saturdays = make_terms(partner_ids={BOULANGER, CONFORAMA}, weekdays={6}, minimum_cents=5000, **DECEMBER)
    evenings = make_terms(partner_ids={BOULANGER}, weekdays={5, 6}, from_hour=18, minimum_cents=2000)

    assert ground(saturdays, evenings) == (
        Conditions(
            partner_ids=frozenset({BOULANGER}),
            weekdays=frozenset({6}),
            from_hour=18,
            minimum_cents=5000,
            starts_on=date(2026, 12, 1),
            ends_on=date(2026, 12, 31),
        ),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"partner_ids": {BOULANGER}}, {"partner_ids": {CONFORAMA}}),
        ({"partner_ids": {CONFORAMA}}, {"store_ids": {11, 12}}),
        ({"store_ids": {11}}, {"store_ids": {12}}),
        ({"store_ids": {11, 21}, "partner_ids": {BOULANGER}}, {"partner_ids": {CONFORAMA}}),
        ({"card_product_ids": {1}}, {"card_product_ids": {2, 3}}),
        ({"channel": "store"}, {"channel": "online"}),
        ({"weekdays": {6}}, {"weekdays": {1, 7}}),
        ({"ends_on": date(2026, 12, 24)}, {"starts_on": date(2026, 12, 25)}),
        ({"starts_on": date(2026, 12, 24), "ends_on": date(2026, 12, 27)}, {"weekdays": {1, 2}}),
        ({"ends_on": date(2026, 11, 21)}, {}),
        ({"from_hour": 9, "until_hour": 12}, {"from_hour": 12, "until_hour": 9}),
    ],
)
def test_rules_that_no_purchase_can_both_meet_do_not_overlap(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert ground(make_terms(**first), make_terms(**second)) == ()


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        ({}, {}, {}),
        ({"partner_ids": {BOULANGER}}, {}, {"partner_ids": {BOULANGER}}),
        ({"partner_ids": {BOULANGER}}, {"store_ids": {11, 21}}, {"store_ids": {11}}),
        ({"store_ids": {11, 12}}, {"store_ids": {12, 21}}, {"store_ids": {12}}),
        ({"channel": "online"}, {}, {"channel": "online"}),
        ({"group_ids": {1}}, {"group_ids": {2}}, {"group_ids": {1, 2}}),
        ({"is_birthday_month": True}, {}, {"is_birthday_month": True}),
        ({"card_product_ids": {1, 2}}, {"card_product_ids": {2}}, {"card_product_ids": {2}}),
    ],
)
def test_what_one_leaves_open_the_other_narrows(
    first: dict[str, Any], second: dict[str, Any], common: dict[str, Any]
) -> None:
    assert ground(make_terms(**first), make_terms(**second)) == (make_terms(**common).conditions,)


@pytest.mark.parametrize(
    ("first", "second", "spans"),
    [
        ((None, None), (None, None), [(None, None)]),
        ((9, 18), (12, None), [(12, 18)]),
        ((None, 12), (None, 9), [(None, 9)]),
        ((22, 6), (None, None), [(22, 6)]),
        ((22, 6), (20, None), [(22, None)]),
        ((22, 6), (5, 23), [(5, 6), (22, 23)]),
        ((20, 8), (22, 6), [(22, 6)]),
    ],
)
def test_hours_meet_even_over_midnight_and_twice_a_day(
    first: tuple[int | None, int | None],
    second: tuple[int | None, int | None],
    spans: list[tuple[int | None, int | None]],
) -> None:
    found = ground(
        make_terms(from_hour=first[0], until_hour=first[1]),
        make_terms(from_hour=second[0], until_hour=second[1]),
    )
    assert [(one.from_hour, one.until_hour) for one in found] == spans


def test_days_on_which_versions_begin_and_end_to_decide_narrow_the_period() -> None:
    # Midnight in Paris of 10 December and of 21 December.
    begins = make_terms(applies_from=datetime(2026, 12, 9, 23, tzinfo=UTC))
    ends = make_terms(applies_until=datetime(2026, 12, 20, 23, tzinfo=UTC))
    old = make_terms(applies_from=datetime(2020, 1, 1, tzinfo=UTC))

    (common,) = ground(begins, ends)
    assert (common.starts_on, common.ends_on) == (date(2026, 12, 10), date(2026, 12, 20))
    (common,) = ground(old, make_terms(**DECEMBER))
    assert (common.starts_on, common.ends_on) == (date(2026, 12, 1), date(2026, 12, 31))
    over = make_terms(applies_until=datetime(2026, 12, 9, 23, tzinfo=UTC))
    assert ground(begins, over) == ()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (make_terms(BASE), make_terms(BASE), Together.BOTH_GIVE),
        (make_terms(BASE), make_terms(MULTIPLIER), Together.MULTIPLIES),
        (make_terms(BONUS), make_terms(MULTIPLIER, is_stackable=False), Together.BOTH_GIVE),
        (make_terms(), make_terms(), Together.BOTH_GIVE),
        (make_terms(is_stackable=False), make_terms(priority=1), Together.ONE_COUNTS),
        (make_terms(is_stackable=False), make_terms(), Together.OLDER_COUNTS),
    ],
)
def test_what_happens_where_two_rules_meet(one: Rule, other: Rule, expected: Together) -> None:
    assert together(one, other) == together(other, one) == expected


def test_the_higher_priority_counts_and_else_the_older_rule() -> None:
    older, newer = make_terms(is_stackable=False), make_terms(is_stackable=False)
    strong = make_terms(priority=1)

    assert that_counts(newer, older) == older
    assert that_counts(older, strong) == strong
