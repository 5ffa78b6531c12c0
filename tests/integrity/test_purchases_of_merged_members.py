"""What was looked up before its card went to another member by a merge is looked at again, under the locks.

The first transaction is kept open until the second waits for it: see `test_locks`.
"""

from datetime import timedelta

import pytest

from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.models import LimitPeriod, Lot, Programme, RuleEffect
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
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]
pytestmark = pytest.mark.usefixtures("real_commits")

LONG_AGO = NOW - timedelta(days=4 * 365)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the Happy Card programme."""
    return make_programme()


def two_people(programme: Programme) -> tuple[Cardholder, Cardholder]:
    """Return who stays and who leads to them, members for long."""
    return make_cardholder(programme, at=LONG_AGO), make_cardholder(programme, at=LONG_AGO)


def test_a_purchase_that_waits_for_a_merge_counts_under_the_limits_of_whom_it_is(
    programme: Programme,
) -> None:
    survivor, merged = two_people(programme)
    make_rule(
        programme,
        code="gift",
        effect=RuleEffect.BONUS,
        points=100,
        limit_points=100,
        limit_period=LimitPeriod.MONTH,
    )
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
