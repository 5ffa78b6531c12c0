"""When a coefficient never counts, as another one always applies too, comes first and does not combine."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from loyalty.earning.conditions import meets
from loyalty.earning.evaluate import evaluate
from loyalty.earning.overlaps import common_ground
from loyalty.earning.shut_out import is_within, that_shuts_out
from loyalty.earning.terms import NO_CONDITIONS, Facts, Rule
from loyalty.models import RuleEffect
from tests.factories import PARIS
from tests.loyalty.terms import make_terms

TODAY = date(2026, 11, 22)
PARTNER_OF_STORE = {11: 1, 12: 1, 21: 2}
meet = partial(common_ground, partner_of_store=PARTNER_OF_STORE, zone=PARIS, today=TODAY)


@pytest.mark.parametrize(
    ("one", "other", "is_so"),
    [
        ({}, {}, True),
        ({"weekdays": {6}}, {}, True),
        ({}, {"weekdays": {6}}, False),
        ({"weekdays": {6}}, {"weekdays": {5, 6}}, True),
        ({"store_ids": {11}}, {"partner_ids": {1}}, True),
        ({"partner_ids": {1}}, {"store_ids": {11}}, False),
        ({"store_ids": {11, 21}}, {"partner_ids": {1}}, False),
        ({"group_ids": {1}}, {"group_ids": {1, 2}}, True),
        ({"group_ids": {1, 2}}, {"group_ids": {1}}, False),
        ({}, {"group_ids": {1}}, False),
        ({"group_ids": {1}}, {}, True),
        ({"from_hour": 9, "until_hour": 12}, {"from_hour": 8, "until_hour": 12}, True),
        ({"from_hour": 9, "until_hour": 12}, {"from_hour": 10, "until_hour": 12}, False),
        ({"minimum_cents": 5000}, {"minimum_cents": 2000}, True),
        ({"minimum_cents": 2000}, {"minimum_cents": 5000}, False),
        ({}, {"starts_on": TODAY}, True),
        ({}, {"starts_on": TODAY + timedelta(days=1)}, False),
        ({"starts_on": date(2026, 12, 1)}, {"starts_on": date(2026, 11, 30)}, True),
        ({"ends_on": date(2026, 12, 1)}, {"ends_on": date(2026, 12, 2)}, True),
        ({}, {"ends_on": date(2026, 12, 1)}, False),
        ({"is_birthday_month": True}, {}, True),
        ({}, {"is_birthday_month": True}, False),
        ({"ends_on": date(2026, 11, 21)}, {}, False),
    ],
)
def test_a_rule_is_within_another_when_each_of_its_purchases_meets_both(
    one: dict[str, Any], other: dict[str, Any], *, is_so: bool
) -> None:
    assert is_within(make_terms(**one), make_terms(**other), meet, today=TODAY) is is_so


ALONE: dict[str, Any] = {"is_stackable": False, "priority": 5}


@pytest.mark.parametrize(
    ("this", "others", "place"),
    [
        ({}, [ALONE], 0),
        ({}, [ALONE | {"weekdays": {6}}], None),
        ({}, [ALONE | {"effect": RuleEffect.BONUS}], None),
        ({}, [{"is_stackable": True, "priority": 5}], None),
        ({}, [{"is_stackable": False, "priority": -1}], None),
        ({"priority": 5}, [ALONE | {"family_id": 0}], 0),
        ({}, [ALONE | {"weekdays": {6}}, ALONE], 1),
        # One that combines and comes first lets in all that combine, but where it does not apply.
        ({}, [ALONE, {"priority": 6, "weekdays": {6}}], None),
        ({"weekdays": {1}}, [ALONE, {"priority": 6, "weekdays": {6}}], 0),
        ({}, [ALONE, {"priority": 4}], 0),
        # One that does not combine counts only when it comes first.
        ({"is_stackable": False}, [{"priority": 5}], 0),
        ({"is_stackable": False}, [ALONE, {"priority": 6, "weekdays": {6}}], 0),
    ],
)
def test_a_coefficient_is_shut_out_by_one_that_always_comes_first(
    this: dict[str, Any], others: list[dict[str, Any]], place: int | None
) -> None:
    rivals = [make_terms(**terms) for terms in others]

    found = that_shuts_out(make_terms(**this), [make_terms(**this).conditions], rivals, meet, today=TODAY)

    assert found == (None if place is None else rivals[place])


def test_its_own_versions_shut_out_nothing_and_conditions_narrow_where_it_is_looked_at() -> None:
    saturdays = make_terms(weekdays={6}, **ALONE)
    one = make_terms()
    options: Any = {"meet": meet, "today": TODAY}

    assert that_shuts_out(one, [saturdays.conditions], [saturdays], **options) == saturdays
    assert that_shuts_out(one, [saturdays.conditions, NO_CONDITIONS], [saturdays], **options) is None
    own = make_terms(family_id=one.family_id, **ALONE)
    assert that_shuts_out(one, [NO_CONDITIONS], [own], **options) is None


ASKED: tuple[dict[str, Any], ...] = (
    {"partner_ids": {1}},
    {"store_ids": {11}},
    {"store_ids": {11, 12}},
    {"group_ids": {1}},
    {"group_ids": {1, 2}},
    {"channel": "online"},
    {"weekdays": {1}},
    {"weekdays": {1, 2}},
    {"from_hour": 9},
    {"from_hour": 22, "until_hour": 5},
    {"starts_on": TODAY},
    {"starts_on": date(2026, 11, 24)},
    {"minimum_cents": 500},
    {"minimum_cents": 1000},
)
CONDITIONS = st.lists(st.sampled_from(ASKED), max_size=2).map(
    lambda drawn: {name: value for asked in drawn for name, value in asked.items()}
)
COEFFICIENTS = st.tuples(CONDITIONS, st.booleans(), st.integers(0, 2)).map(
    lambda drawn: make_terms(**drawn[0], is_stackable=drawn[1], priority=drawn[2])
)
BASES = CONDITIONS.map(lambda asked: make_terms(RuleEffect.BASE, **asked))
EVERY_PURCHASE = [
    Facts(cents, datetime(2026, 11, day, hour, tzinfo=PARIS), partner, store, channel, 1, None, groups)
    for cents in (400, 700, 1500)
    for day in (22, 23, 24)
    for hour in (3, 15, 23)
    for store, partner in PARTNER_OF_STORE.items()
    for channel in ("online", "store")
    for groups in (frozenset[int](), frozenset({1}), frozenset({2}))
]


@given(st.lists(COEFFICIENTS, min_size=2, max_size=4), BASES)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_said_to_be_shut_out_multiplies_no_purchase(multipliers: list[Rule], base: Rule) -> None:
    first, *others = multipliers
    grounds = meet(first, base)
    assume(grounds and that_shuts_out(first, grounds, others, meet, today=TODAY) is not None)
    for facts in EVERY_PURCHASE:
        if meets(facts, first.conditions) and meets(facts, base.conditions):
            assert first not in [part.rule for part in evaluate(facts, [*multipliers, base])]
