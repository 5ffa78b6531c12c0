"""A programme may let points wait for some days after their purchase: they count, and cannot be spent yet."""

from datetime import date, timedelta

import pytest

from loyalty.errors import InsufficientPoints
from loyalty.models import EntryKind, Programme
from loyalty.selectors.balance import balance_of
from tests.factories import NOW, Cardholder, bring_back, buy, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import LotCounts, balance, everything, lots, paris, uses
from tests.proofs import violations


@kept()
def patient(programme: Programme) -> Programme:
    """Return the programme, in which points wait for two weeks from now on."""
    programme.days_until_available = 14
    programme.save()
    return programme


def test_points_wait_from_the_day_of_the_purchase(patient: Programme, alice: Cardholder) -> None:
    buy(patient, alice.card.token, euros=20, reference="A1")

    now = balance_of(alice.account, at=NOW)
    on_the_day = balance_of(alice.account, at=paris("2026-12-06 00:00"))

    assert (now.available_points, now.waiting_points, now.waiting_until) == (0, 20, date(2026, 12, 6))
    assert (on_the_day.available_points, on_the_day.waiting_points) == (20, 0)
    assert lots(alice.account) == {date(2030, 11, 22): LotCounts(20, 0, 0, 0, 20)}


def test_points_that_wait_are_not_spent(patient: Programme, alice: Cardholder) -> None:
    buy(patient, alice.card.token, euros=20)
    before = everything()

    with pytest.raises(InsufficientPoints):
        order(patient, alice.account, points=1)

    assert [row for row in everything() if row not in before] == []
    order(patient, alice.account, points=20, at=NOW + timedelta(days=14))
    assert violations() == []


def test_what_was_earned_before_waits_no_longer_than_it_was_told(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=20)
    programme.days_until_available = 30
    programme.save()
    buy(programme, alice.card.token, euros=5)

    held = balance_of(alice.account, at=NOW)

    assert (held.available_points, held.waiting_points) == (20, 5)


def test_a_return_takes_its_own_points_then_those_that_wait(patient: Programme, alice: Cardholder) -> None:
    buy(patient, alice.card.token, euros=30, at=paris("2023-01-10 12:00"))
    buy(patient, alice.card.token, euros=20, at=paris("2026-03-10 12:00"), reference="A1")
    order(patient, alice.account, points=45)
    buy(patient, alice.card.token, euros=8)

    bring_back(patient, alice.card.token, reference="A1", euros=20)

    taken = [
        (expires_on, points) for kind, expires_on, points in uses(alice.account) if kind is EntryKind.RETURN
    ]
    assert taken == [(date(2030, 3, 10), 5), (date(2030, 11, 22), 8)]
    assert balance(alice.account) == (-7, 7)
    assert violations() == []
