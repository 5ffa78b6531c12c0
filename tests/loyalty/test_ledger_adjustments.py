"""Points that staff grant or take, and expired points that live again."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, Programme
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, order
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris
from tests.proofs import ledger_violations as violations

NEXT_YEAR = LotDates(date(2027, 11, 22), date(2026, 11, 22))
LONG_AGO = paris("2022-11-01 12:00")
OVER = date(2026, 11, 1)


def post(
    cardholder: Cardholder,
    kind: EntryKind,
    points: int,
    lot: LotDates | None = None,
    corrects_id: int | None = None,
) -> int:
    """Post one movement of today."""
    movement = Movement(cardholder.account.pk, kind, points, NOW, lot, corrects_id=corrects_id)
    return post_batch([movement], zone=PARIS, at=NOW)[-1]


def test_goodwill_grows_its_lot(alice: Cardholder) -> None:
    post(alice, EntryKind.GOODWILL, 30, NEXT_YEAR)

    assert lots(alice.account) == {NEXT_YEAR.expires_on: LotCounts(30, 0, 0, 0, 30)}
    assert entries(alice.account) == [(EntryKind.GOODWILL, 30, 0, 30)]
    assert violations() == []


def test_a_debit_beyond_what_there_is_becomes_points_owed(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)

    post(alice, EntryKind.ADJUSTMENT, -25)

    assert balance(alice.account) == (-15, 15)
    assert lots(alice.account) == {date(2030, 11, 22): LotCounts(10, 0, 0, 10, 0)}
    assert violations() == []


def test_a_grant_is_taken_back_once_and_from_its_own_lot(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2023-01-01 12:00"))
    granted = post(alice, EntryKind.GOODWILL, 30, NEXT_YEAR)

    post(alice, EntryKind.ADJUSTMENT, -30, NEXT_YEAR, corrects_id=granted)

    assert lots(alice.account)[NEXT_YEAR.expires_on] == LotCounts(30, 0, 0, 30, 0)
    assert balance(alice.account) == (10, 0)
    before = everything()
    with pytest.raises(IntegrityError, match="entry_adjusted_back_once"), transaction.atomic():
        post(alice, EntryKind.ADJUSTMENT, -30, NEXT_YEAR, corrects_id=granted)
    assert everything() == before
    assert violations() == []


def test_a_debit_is_given_back_in_the_lot_that_staff_name(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    taken = post(alice, EntryKind.ADJUSTMENT, -15)

    post(alice, EntryKind.ADJUSTMENT, 15, NEXT_YEAR, corrects_id=taken)

    assert balance(alice.account) == (10, 0)
    assert lots(alice.account)[NEXT_YEAR.expires_on] == LotCounts(10, 0, 0, 0, 10)
    assert violations() == []


def expired(programme: Programme, cardholder: Cardholder, points: int) -> int:
    """Let a purchase of long ago expire; return the entry of its expiry."""
    buy(programme, cardholder.card.token, euros=points, reference="OLD", at=LONG_AGO)
    return post(cardholder, EntryKind.EXPIRY, 0)


def test_expired_points_live_again_in_a_younger_lot_once(programme: Programme, alice: Cardholder) -> None:
    expiry = expired(programme, alice, 40)

    post(alice, EntryKind.REINSTATED, 40, NEXT_YEAR, corrects_id=expiry)

    assert balance(alice.account) == (40, 0)
    assert lots(alice.account) == {
        OVER: LotCounts(40, 0, 0, 0, 0, 40),
        NEXT_YEAR.expires_on: LotCounts(40, 0, 0, 0, 40),
    }
    assert violations() == []
    before = everything()
    with pytest.raises(ValueError, match="are not reinstated from a lot of which 0 expired"):
        post(alice, EntryKind.REINSTATED, 40, NEXT_YEAR, corrects_id=expiry)
    assert everything() == before


def test_a_part_that_was_reinstated_is_not_reinstated_again(programme: Programme, alice: Cardholder) -> None:
    expiry = expired(programme, alice, 40)
    post(alice, EntryKind.REINSTATED, 10, NEXT_YEAR, corrects_id=expiry)
    before = everything()

    with pytest.raises(IntegrityError, match="entry_reinstated_once"), transaction.atomic():
        post(alice, EntryKind.REINSTATED, 10, NEXT_YEAR, corrects_id=expiry)

    assert everything() == before
    assert violations() == []


@pytest.mark.parametrize("spent", [0, 15])
def test_a_late_return_finds_reinstated_points_once(
    programme: Programme, alice: Cardholder, spent: int
) -> None:
    expiry = expired(programme, alice, 40)
    post(alice, EntryKind.REINSTATED, 30, NEXT_YEAR, corrects_id=expiry)
    if spent:
        order(programme, alice.account, points=spent)

    bring_back(programme, alice.card.token, reference="OLD", euros=40)

    # Ten expired for good and come back for the return; the other thirty are those that live again.
    assert balance(alice.account) == (-spent, spent)
    assert lots(alice.account) == {
        OVER: LotCounts(40, 0, 0, 10, 0, 30),
        NEXT_YEAR.expires_on: LotCounts(30, spent, 0, 30 - spent, 0),
    }
    assert violations() == []


def test_reinstated_points_expire_again_and_live_again(programme: Programme, alice: Cardholder) -> None:
    first = expired(programme, alice, 40)
    post(alice, EntryKind.REINSTATED, 40, NEXT_YEAR, corrects_id=first)
    later = NOW + timedelta(days=400)
    movement = Movement(alice.account.pk, EntryKind.EXPIRY, 0, later)
    (second,) = post_batch([movement], zone=PARIS, at=later)

    again = Movement(
        alice.account.pk,
        EntryKind.REINSTATED,
        40,
        later,
        LotDates(date(2029, 1, 1), date(2027, 12, 27)),
        corrects_id=second,
    )
    post_batch([again], zone=PARIS, at=later)

    assert balance(alice.account) == (40, 0)
    assert violations() == []
