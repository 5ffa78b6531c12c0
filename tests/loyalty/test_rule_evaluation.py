"""The one evaluation of rules: what adds up, what multiplies, one rounding, and who decides when."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor, prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.earning.conditions import meets
from loyalty.earning.evaluate import RuleBook, evaluate, evaluate_kept
from loyalty.earning.terms import Conditions, Facts, Part, Rule
from loyalty.models import RuleEffect
from tests.factories import NOW, PARIS
from tests.loyalty.ledger_state import paris
from tests.loyalty.terms import make_terms

SATURDAY = paris("2026-12-05 12:00")
BASE, MULTIPLIER, BONUS = RuleEffect.BASE, RuleEffect.MULTIPLIER, RuleEffect.BONUS


def facts_of(cents: int = 1000, at: datetime = SATURDAY, **known: Any) -> Facts:  # noqa: ANN401 - fields of Facts
    """Return what is known of a purchase; tests name what they are about."""
    facts = Facts(
        amount_cents=cents, local_time=at.astimezone(PARIS), partner_id=1, store_id=11, channel="store",
        card_product_id=21,
    )  # fmt: skip
    return facts._replace(**known)


def points(cents: int, *rules: Rule) -> list[int]:
    """Return the points of each part, in the order of the parts."""
    return [part.entitled_points for part in evaluate(facts_of(cents), rules)]


def test_an_amount_is_multiplied_before_it_is_rounded_once() -> None:
    assert points(1250, make_terms(BASE), make_terms(factor_percent=200)) == [12, 13]
    assert points(99, make_terms(BASE), make_terms(factor_percent=200)) == [0, 1]
    assert points(33, make_terms(BASE), make_terms(BASE), make_terms(factor_percent=150)) == [0, 0, 0]
    assert sum(points(34, make_terms(BASE), make_terms(BASE), make_terms(factor_percent=150))) == 1


def test_base_rules_add_up_and_count_in_proportion() -> None:
    assert points(4990, make_terms(BASE, points=3, per_cents=1000)) == [14]
    assert sum(points(150, make_terms(BASE), make_terms(BASE))) == 3


def test_coefficients_that_combine_multiply_each_other() -> None:
    assert points(1000, make_terms(BASE), make_terms(), make_terms(factor_percent=300)) == [10, 10, 40]


def test_the_first_coefficient_stands_alone_when_it_does_not_combine() -> None:
    double = make_terms(priority=1)
    alone = make_terms(factor_percent=500, priority=2, is_stackable=False)
    assert points(1000, make_terms(BASE), double, alone) == [10, 40]


def test_one_that_does_not_combine_gives_way_to_one_of_higher_priority() -> None:
    first = make_terms(priority=2)
    lower = make_terms(factor_percent=500, priority=1, is_stackable=False)
    third = make_terms(factor_percent=300)
    assert points(1000, make_terms(BASE), lower, first, third) == [10, 10, 40]


def test_of_equal_priorities_the_older_rule_counts_first() -> None:
    older, younger = make_terms(is_stackable=False), make_terms(factor_percent=900)
    assert points(1000, make_terms(BASE), younger, older) == [10, 10]


def test_a_coefficient_has_all_that_it_adds_to_rules_that_ask_for_larger_amounts() -> None:
    base, double = make_terms(BASE), make_terms()
    more, triple = make_terms(BASE, minimum_cents=5000), make_terms(factor_percent=300, minimum_cents=5000)
    assert points(10000, base, double, more) == [100, 200, 100]
    assert points(10000, base, double, more, triple) == [100, 200, 100, 800]
    assert points(4900, base, double, more, triple) == [49, 49]


def test_a_coefficient_below_one_makes_the_other_parts_smaller() -> None:
    base, double, half = make_terms(BASE), make_terms(), make_terms(factor_percent=50, priority=9)
    assert [
        (part.rule.factor_percent, part.entitled_points)
        for part in evaluate(facts_of(1000), [half, double, base])
    ] == [(100, 5), (200, 5), (50, 0)]


def test_a_coefficient_gives_nothing_without_points_to_multiply() -> None:
    assert points(1000, make_terms()) == []
    assert points(1000, make_terms(), make_terms(BONUS, points=7)) == [7]


def test_a_base_rule_of_no_points_has_a_part_of_nothing() -> None:
    assert points(1000, make_terms(BASE, points=0)) == [0]
    assert points(1000, make_terms(BASE, points=0), make_terms(BASE), make_terms()) == [0, 10, 10]


def test_a_bonus_is_not_multiplied_and_one_for_the_nth_purchase_is_counted() -> None:
    plain, third = make_terms(BONUS, points=7), make_terms(BONUS, points=100, nth_purchase=3)
    parts = evaluate(facts_of(), [third, make_terms(BASE), make_terms(), plain])
    assert [(part.entitled_points, part.is_counted) for part in parts] == [
        (10, False), (10, False), (7, False), (100, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "known", "is_met"),
    [
        ({}, {}, True),
        ({"partner_ids": {1, 2}}, {}, True),
        ({"partner_ids": {2}}, {}, False),
        ({"store_ids": {11}}, {}, True),
        ({"store_ids": {12}}, {}, False),
        ({"card_product_ids": {21}}, {}, True),
        ({"card_product_ids": {22}}, {}, False),
        ({"channel": "store"}, {}, True),
        ({"channel": "online"}, {}, False),
        ({"minimum_cents": 1000}, {}, True),
        ({"minimum_cents": 1001}, {}, False),
        ({"group_ids": {5}}, {}, False),
        ({"group_ids": {5, 6}}, {"group_ids": frozenset({6})}, True),
        ({"group_ids": {5}}, {"group_ids": frozenset({6})}, False),
        ({"is_birthday_month": True}, {}, False),
        ({"is_birthday_month": True}, {"birth_month": 12}, True),
        ({"is_birthday_month": True}, {"birth_month": 11}, False),
        ({"partner_ids": {1}, "channel": "online"}, {}, False),
    ],
)
def test_every_condition_that_is_asked_must_be_met(
    asked: dict[str, Any], known: dict[str, Any], *, is_met: bool
) -> None:
    rule = make_terms(BASE, **asked)
    assert meets(facts_of(**known), rule.conditions) is is_met
    assert bool(evaluate(facts_of(**known), [rule])) is is_met


@pytest.mark.parametrize(
    ("asked", "local", "is_met"),
    [
        ({"starts_on": date(2026, 12, 1)}, "2026-12-01 00:00", True),
        ({"starts_on": date(2026, 12, 1)}, "2026-11-30 23:59", False),
        ({"ends_on": date(2026, 12, 31)}, "2026-12-31 23:59", True),
        ({"ends_on": date(2026, 12, 31)}, "2027-01-01 00:00", False),
        ({"weekdays": {6}}, "2026-12-05 00:00", True),
        ({"weekdays": {6}}, "2026-12-04 23:59", False),
        ({"weekdays": {6}}, "2026-12-06 00:30", False),  # still Saturday in UTC
        ({"weekdays": {7}}, "2026-12-06 00:30", True),
        ({"from_hour": 9}, "2026-12-05 09:00", True),
        ({"from_hour": 9}, "2026-12-05 08:59", False),
        ({"until_hour": 9}, "2026-12-05 08:59", True),
        ({"until_hour": 9}, "2026-12-05 09:00", False),
        ({"from_hour": 9, "until_hour": 12}, "2026-12-05 11:59", True),
        ({"from_hour": 9, "until_hour": 12}, "2026-12-05 12:00", False),
        ({"from_hour": 18, "until_hour": 24}, "2026-12-05 23:59", True),
        ({"from_hour": 22, "until_hour": 2}, "2026-12-05 23:00", True),
        ({"from_hour": 22, "until_hour": 2}, "2026-12-05 01:59", True),
        ({"from_hour": 22, "until_hour": 2}, "2026-12-05 02:00", False),
        ({"from_hour": 22, "until_hour": 2}, "2026-12-05 21:59", False),
        # Over midnight, each purchase counts for the day on which it was made.
        ({"from_hour": 22, "until_hour": 2, "weekdays": {6}}, "2026-12-05 01:00", True),
        ({"from_hour": 22, "until_hour": 2, "weekdays": {6}}, "2026-12-06 01:00", False),
        ({"is_birthday_month": True}, "2028-02-29 12:00", True),
        ({"is_birthday_month": True}, "2027-02-01 00:00", True),
        ({"is_birthday_month": True}, "2027-03-01 00:00", False),
    ],
)
def test_days_and_hours_are_those_of_the_programme(
    asked: dict[str, Any], local: str, *, is_met: bool
) -> None:
    rule = make_terms(BASE, **asked)
    born_in_february = facts_of(at=paris(local), birth_month=2)
    assert meets(born_in_february, rule.conditions) is is_met


@pytest.mark.parametrize(
    ("utc", "hour", "is_met"),
    [
        # In the last week of March the clock goes from 2 to 3: there is no hour from 2 in the local day.
        ("2026-03-29T00:59:00+00:00", 1, True),
        ("2026-03-29T01:00:00+00:00", 2, False),
        ("2026-03-29T01:00:00+00:00", 3, True),
        # In the last week of October the hour from 2 comes twice, and both count.
        ("2026-10-25T00:30:00+00:00", 2, True),
        ("2026-10-25T01:30:00+00:00", 2, True),
        ("2026-10-25T02:00:00+00:00", 3, True),
    ],
)
def test_hours_hold_on_the_days_when_the_clock_changes(utc: str, hour: int, *, is_met: bool) -> None:
    asked = Conditions(from_hour=hour, until_hour=hour + 1)
    assert meets(facts_of(at=datetime.fromisoformat(utc)), asked) is is_met


def test_the_version_of_the_instant_decides_also_in_the_hour_that_comes_twice() -> None:
    change = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).astimezone(PARIS)
    before = make_terms(BASE, applies_until=change)
    after = make_terms(BASE, points=2, applies_from=change)
    book = RuleBook([before, after])
    first_time, second_time = change - timedelta(minutes=30), change + timedelta(minutes=30)
    assert (first_time.hour, second_time.hour) == (1, 2)
    assert first_time.astimezone(PARIS).replace(tzinfo=None) < second_time.replace(tzinfo=None)
    for shift, expected in ((-1, before), (0, after), (1, after)):
        instant = datetime(2026, 10, 25, 1, 0, tzinfo=UTC) + timedelta(minutes=shift)
        assert book.at(instant).rules == (expected,)
        assert book.at(instant.astimezone(PARIS)).rules == (expected,)
        (part,) = evaluate(facts_of(at=instant), [before, after])
        assert part.rule is expected


def test_one_rule_for_everything_needs_no_look_at_the_purchase() -> None:
    base = make_terms(BASE)
    assert RuleBook([base]).at(NOW).only_base is base
    assert RuleBook([base, make_terms(applies_from=NOW + timedelta(days=1))]).at(NOW).only_base is base
    assert RuleBook([base, make_terms()]).at(NOW).only_base is None
    assert RuleBook([make_terms(BASE, limit_points=5)]).at(NOW).only_base is None
    assert RuleBook([make_terms(BASE, channel="store")]).at(NOW).only_base is None
    assert RuleBook([make_terms(BONUS)]).at(NOW).only_base is None
    assert RuleBook([]).at(NOW).only_base is None


def test_a_book_knows_what_to_look_up_about_members() -> None:
    plain = RuleBook([make_terms(BASE)])
    assert (plain.group_ids, plain.needs_birth_month) == (frozenset(), False)
    asking = RuleBook([make_terms(group_ids={1}), make_terms(group_ids={2, 3}, is_birthday_month=True)])
    assert (asking.group_ids, asking.needs_birth_month) == (frozenset({1, 2, 3}), True)


MINIMUMS = st.sampled_from((None, None, 1, 50, 99, 100, 150, 500))


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Make some rules of every effect, with or without a smallest amount."""
    made = [
        make_terms(
            BASE,
            points=draw(st.integers(0, 7)),
            per_cents=draw(st.sampled_from((1, 30, 100, 300))),
            minimum_cents=draw(MINIMUMS),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    made += [
        make_terms(
            factor_percent=draw(st.sampled_from((101, 120, 150, 200, 250, 300, 333))),
            minimum_cents=draw(MINIMUMS),
            priority=draw(st.integers(0, 1)),
            is_stackable=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    made += [make_terms(factor_percent=draw(st.integers(1, 99))) for _ in range(draw(st.integers(0, 1)))]
    made += [
        make_terms(BONUS, points=draw(st.integers(1, 9)), minimum_cents=draw(MINIMUMS))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return draw(st.permutations(made))


amounts = st.integers(1, 1000)


def exact_total(cents: int, gave: list[Rule]) -> int:
    """Work the total out by fractions, without sharing it."""
    bases = sum(Fraction(cents * rule.points, rule.per_cents) for rule in gave if rule.effect == BASE)
    factor = prod(Fraction(rule.factor_percent, 100) for rule in gave if rule.effect == MULTIPLIER)
    return floor(bases * factor) + sum(rule.points for rule in gave if rule.effect == BONUS)


def total(parts: tuple[Part, ...]) -> int:
    return sum(part.entitled_points for part in parts)


@given(rules(), amounts, st.randoms())
def test_the_order_of_the_rules_does_not_matter(made: list[Rule], cents: int, random: st.DataObject) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random that Hypothesis controls
    assert evaluate(facts_of(cents), shuffled) == evaluate(facts_of(cents), made)


@given(rules(), amounts)
def test_the_parts_are_whole_and_add_up_to_the_total_that_is_rounded_once(
    made: list[Rule], cents: int
) -> None:
    parts = evaluate(facts_of(cents), made)
    assert total(parts) == exact_total(cents, [part.rule for part in parts])
    assert all(part.entitled_points >= 0 for part in parts)


@given(rules(), amounts, amounts)
def test_no_part_grows_when_goods_are_brought_back(made: list[Rule], cents: int, other: int) -> None:
    bought = evaluate(facts_of(1000), made)
    gave = [part.rule for part in bought]
    less, more = sorted((cents, other))
    before = {part.rule.rule_id: part.entitled_points for part in evaluate_kept(more, gave)}
    for part in evaluate_kept(less, gave):
        assert part.entitled_points <= before[part.rule.rule_id]


@given(rules(), amounts)
def test_what_is_kept_whole_is_evaluated_as_it_was(made: list[Rule], cents: int) -> None:
    bought = evaluate(facts_of(cents), made)
    gave = [part.rule for part in bought]
    assert evaluate_kept(cents, gave) == bought
    assert evaluate_kept(0, gave) == ()


@given(st.integers(1, 1000), st.sampled_from((101, 110, 125, 150, 199, 200, 250, 300, 1000)))
def test_for_whole_euros_the_base_rule_gives_exactly_its_own_points(euros: int, factor: int) -> None:
    base, extra = points(euros * 100, make_terms(BASE), make_terms(factor_percent=factor))
    assert (base, base + extra) == (euros, euros * factor // 100)
