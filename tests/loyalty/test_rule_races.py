"""Fifty connections at once: limits and budgets let exactly their last point through."""

import pytest

from loyalty.models import RuleEffect, RuleSpending, RuleTally
from loyalty.purchases.lines import LineVerdict
from loyalty.purchases.record import record_purchases
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    make_rule,
)
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import race

pytestmark = pytest.mark.usefixtures("real_commits")

RUNNERS = 50


def points_of(results: list[LineVerdict | Exception]) -> list[int]:
    """Return what each runner got, the most first; no runner ended with an error."""
    assert [result for result in results if isinstance(result, Exception)] == []
    return sorted((result.points for result in results if isinstance(result, LineVerdict)), reverse=True)


def test_fifty_purchases_of_one_member_share_a_limit_to_its_last_point() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=333)

    results = race(lambda _: buy(programme, alice.card.token, euros=10), runners=RUNNERS)

    assert points_of(results) == [20] * 33 + [13] + [10] * 16
    assert balance(alice.account) == (RUNNERS * 10 + 333, 0)
    tally = RuleTally.objects.get()
    assert (tally.entitled_points, tally.granted_points) == (500, 333)
    assert violations() == []


def test_fifty_members_share_a_budget_to_its_last_point() -> None:
    programme = make_programme()
    people = [make_cardholder(programme, first_name=f"Member {number}") for number in range(RUNNERS)]
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=7, budget_points=100)

    results = race(lambda number: buy(programme, people[number].card.token, euros=1), runners=RUNNERS)

    assert points_of(results) == [8] * 14 + [3] + [1] * 35
    assert RuleSpending.objects.get().granted_points == 100
    assert violations() == []


def test_files_of_many_members_under_limits_and_two_budgets_never_wait_in_a_circle() -> None:
    programme = make_programme()
    people = [make_cardholder(programme, first_name=f"Member {number}") for number in range(6)]
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=7, budget_points=400)
    make_rule(
        programme,
        code="double",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        limit_points=30,
        budget_points=150,
    )

    def record(number: int) -> list[LineVerdict]:
        turned = people[number % 6 :] + people[: number % 6]
        lines = [make_line(person.card.token, cents=500) for person in turned]
        return record_purchases(lines, programme=programme, at=NOW)

    results = race(record, runners=20)

    assert [result for result in results if isinstance(result, Exception)] == []
    spent = RuleSpending.objects.order_by("family__code").values_list("granted_points", flat=True)
    assert list(spent) == [150, 400]
    assert sum(balance(person.account)[0] for person in people) == 20 * 6 * 5 + 400 + 150
    assert violations() == []


def test_returns_and_purchases_at_once_leave_what_the_limit_lets_through() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=100)
    for number in range(RUNNERS // 2):
        buy(programme, alice.card.token, euros=10, reference=f"A{number}")
    assert balance(alice.account) == (350, 0)

    def act(number: int) -> LineVerdict:
        if number % 2:
            return buy(programme, alice.card.token, euros=1)
        return bring_back(programme, alice.card.token, reference=f"A{number // 2}", euros=10)

    results = race(act, runners=RUNNERS)

    assert sum(points_of(results)) == 25 + 25 - 350
    assert balance(alice.account) == (50, 0)
    tally = RuleTally.objects.get()
    assert (tally.entitled_points, tally.granted_points) == (25, 25)
    assert violations() == []


def test_two_halves_of_one_purchase_brought_back_at_once_take_back_the_whole() -> None:
    programme = make_programme()
    alice: Cardholder = make_cardholder(programme)
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=50, minimum_cents=600, limit_points=60)
    buy(programme, alice.card.token, euros=10, reference="A1")

    results = race(lambda _: bring_back(programme, alice.card.token, reference="A1", euros=5), runners=2)

    assert points_of(results) == [-5, -55]
    assert balance(alice.account) == (0, 0)
    assert violations() == []
