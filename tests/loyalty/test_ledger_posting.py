"""Points move with their lots, their running balance and their account's balance, or not at all."""

import pytest

from loyalty.models import Entry, EntryKind, Lot
from loyalty.purchases.lines import Outcome
from tests.factories import NOW, bring_back, buy, make_cardholder, make_programme

pytestmark = pytest.mark.django_db


def test_a_purchase_opens_a_lot_and_moves_the_balance() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)

    verdict = buy(programme, alice.card.token, euros=42)

    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, 42)
    entry = Entry.objects.get(account=alice.account)
    assert (entry.kind, entry.points, entry.balance_after_points) == (EntryKind.PURCHASE, 42, 42)
    lot = Lot.objects.get(account=alice.account)
    assert (lot.granted_points, lot.remaining_points) == (42, 42)
    alice.account.refresh_from_db()
    assert (alice.account.balance_points, alice.account.owed_points) == (42, 0)


def test_a_return_takes_back_what_its_purchase_granted() -> None:
    programme = make_programme()
    alice = make_cardholder(programme)
    buy(programme, alice.card.token, euros=42, reference="A1", at=NOW)

    verdict = bring_back(programme, alice.card.token, reference="A1", euros=12)

    assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, -12)
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 30
