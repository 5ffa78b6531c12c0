"""Points that move between two accounts keep their days, and come back to the point when that is undone."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Move, Movement, part_of
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import Entry, EntryKind, PointAccount, Programme, Transfer, TransferReason
from rewards.services.orders import cancel_order
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, make_cardholder, make_programme, order
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris
from tests.proofs import ledger_violations

FALLBACK = LotDates(date(2030, 11, 22), date(2026, 11, 22))
MARCH, TODAYS = date(2030, 3, 10), date(2030, 11, 22)


def move(source: Cardholder, target: Cardholder, *parts: tuple[date, int], may_owe: bool = False) -> Transfer:
    """Move everything, or the points of lots given by their last day."""
    chosen = [part_of(LotDates(day, day.replace(year=day.year - 4)), points) for day, points in parts]
    return move_points(
        source_id=source.account.pk,
        target_id=target.account.pk,
        reason=TransferReason.SEPARATION if may_owe else TransferReason.MERGE,
        zone=PARIS,
        at=NOW,
        parts=chosen or None,
        may_owe=may_owe,
    )


def undo(transfer: Transfer) -> Transfer:
    """Undo a transfer."""
    return undo_transfer(transfer=transfer, lot=FALLBACK, zone=PARIS, at=NOW)


@kept()
def _points(programme: Programme, alice: Cardholder, bob: Cardholder) -> None:
    buy(programme, alice.card.token, euros=20, at=paris("2026-03-10 12:00"), reference="A1")
    buy(programme, alice.card.token, euros=30, reference="A2")
    buy(programme, bob.card.token, euros=5, reference="B1")


@pytest.mark.usefixtures("_points")
def test_everything_moves_and_comes_back(alice: Cardholder, bob: Cardholder) -> None:
    before = lots(alice.account), lots(bob.account)

    transfer = move(alice, bob)

    assert balance(alice.account) == (0, 0)
    assert balance(bob.account) == (55, 0)
    assert lots(alice.account) == {
        MARCH: LotCounts(20, 0, 0, 0, 0, 20),
        TODAYS: LotCounts(30, 0, 0, 0, 0, 30),
    }
    assert lots(bob.account) == {
        MARCH: LotCounts(0, 0, 0, 0, 20, -20),
        TODAYS: LotCounts(5, 0, 0, 0, 35, -30),
    }
    assert ledger_violations() == []
    undoing = undo(transfer)
    assert (lots(alice.account), lots(bob.account)) == (
        before[0],
        before[1] | {MARCH: LotCounts(0, 0, 0, 0, 0, 0)},
    )
    assert (undoing.undoes, undoing.source_id, undoing.target_id) == (
        transfer,
        bob.account.pk,
        alice.account.pk,
    )
    assert entries(alice.account)[-2:] == [
        (EntryKind.MOVED_OUT, -50, 0, 0),
        (EntryKind.MOVE_UNDONE_IN, 50, 0, 50),
    ]
    assert ledger_violations() == []


@pytest.mark.usefixtures("_points")
def test_a_transfer_is_undone_once(alice: Cardholder, bob: Cardholder) -> None:
    transfer = move(alice, bob)
    first = undo(transfer)
    before = everything()

    assert undo(transfer) == first

    assert everything() == before


@pytest.mark.usefixtures("_points")
def test_what_was_spent_meanwhile_is_paid_from_other_points_and_owed_at_last(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    transfer = move(alice, bob)
    order(programme, bob.account, points=53)

    undo(transfer)

    assert balance(alice.account) == (50, 0)
    assert balance(bob.account) == (-48, 48)
    assert ledger_violations() == []


@pytest.mark.usefixtures("_points")
def test_points_that_expired_meanwhile_expire_with_whom_they_belong_to(
    alice: Cardholder, bob: Cardholder
) -> None:
    transfer = move(alice, bob, (MARCH, 20))
    later = paris("2030-03-11 12:00")
    post_batch([Movement(bob.account.pk, EntryKind.EXPIRY, 0, later)], zone=PARIS, at=later)

    undo_transfer(transfer=transfer, lot=FALLBACK, zone=PARIS, at=later)

    assert balance(alice.account) == (30, 0)
    assert balance(bob.account) == (5, 0)
    assert lots(alice.account)[MARCH] == LotCounts(20, 0, 20, 0, 0, 0)
    assert lots(bob.account)[MARCH] == LotCounts(0, 0, 0, 0, 0, 0)


def test_a_debt_moves_and_comes_back_even_when_it_was_repaid(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=40, reference="A1")
    order(programme, alice.account, points=40)
    bring_back(programme, alice.card.token, reference="A1", euros=40)
    buy(programme, bob.card.token, euros=10)

    transfer = move(alice, bob)
    assert (balance(alice.account), balance(bob.account)) == ((0, 0), (-30, 30))
    buy(programme, bob.card.token, euros=25, at=NOW + timedelta(days=1))
    assert balance(bob.account) == (-5, 5)
    undo(transfer)

    assert balance(alice.account) == (-40, 40)
    assert balance(bob.account) == (35, 0)
    assert {day: lot.remaining for day, lot in lots(bob.account).items()} == {
        TODAYS: 10,
        date(2030, 11, 23): 25,
    }
    assert ledger_violations() == []


def test_a_debt_that_cancelled_orders_repaid_comes_back_to_the_lots_of_the_orders(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=40, reference="A1")
    order(programme, alice.account, points=40)
    bring_back(programme, alice.card.token, reference="A1", euros=40)
    buy(programme, bob.card.token, euros=20, at=paris("2026-01-10 12:00"))
    buy(programme, bob.card.token, euros=15, at=paris("2026-03-10 12:00"))
    first, second = (order(programme, bob.account, points=points) for points in (18, 17))

    transfer = move(alice, bob)
    cancel_order(order=first, reason="Asked by phone", at=NOW)
    assert balance(bob.account) == (-22, 22)
    # 2 points of January and 15 of March are left of the debt's 22, and 5 points more are owed.
    cancel_order(order=second, reason="Asked by phone", at=NOW)
    assert balance(bob.account) == (-5, 5)
    undo(transfer)

    assert balance(bob.account) == (35, 0)
    assert {day: lot.remaining for day, lot in lots(bob.account).items()} == {
        date(2030, 1, 10): 20,
        MARCH: 15,
    }
    assert ledger_violations() == []


def test_what_a_cancelled_order_gave_back_repaid_nothing(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    order(programme, alice.account, points=10)
    bring_back(programme, alice.card.token, reference="A1", euros=10)
    buy(programme, bob.card.token, euros=20, at=paris("2026-01-10 12:00"))
    buy(programme, bob.card.token, euros=15, at=paris("2026-03-10 12:00"))
    made = order(programme, bob.account, points=35)

    transfer = move(alice, bob)
    cancel_order(order=made, reason="Asked by phone", at=NOW)
    assert {day: lot.remaining for day, lot in lots(bob.account).items()} == {
        date(2030, 1, 10): 10,
        MARCH: 15,
    }
    order(programme, bob.account, points=25)
    undo(transfer)

    assert balance(bob.account) == (10, 0)
    assert lots(bob.account)[date(2030, 1, 10)].remaining == 10
    assert ledger_violations() == []


@pytest.mark.usefixtures("_points")
def test_chosen_parts_move_and_what_lots_do_not_hold_is_refused(alice: Cardholder, bob: Cardholder) -> None:
    move(alice, bob, (MARCH, 20), (TODAYS, 1))
    assert (balance(alice.account), balance(bob.account)) == ((29, 0), (26, 0))
    before = everything()

    with pytest.raises(InsufficientPoints):
        move(alice, bob, (MARCH, 1))

    assert everything() == before
    assert ledger_violations() == []


@pytest.mark.usefixtures("_points")
def test_what_must_go_leaves_points_owed(alice: Cardholder, bob: Cardholder) -> None:
    move(alice, bob, (MARCH, 60), may_owe=True)

    assert balance(alice.account) == (-10, 10)
    assert balance(bob.account) == (65, 0)
    assert ledger_violations() == []


def test_between_two_accounts_without_points_there_is_a_transfer_and_no_entry(
    alice: Cardholder, bob: Cardholder
) -> None:
    transfer = move(alice, bob)
    undo(transfer)

    assert Transfer.objects.count() == 2
    assert not Entry.objects.exists()
    assert ledger_violations() == []


@pytest.mark.usefixtures("_points")
def test_a_transfer_moves_points_once(alice: Cardholder, bob: Cardholder) -> None:
    transfer = move(alice, bob, (MARCH, 5))
    again = Move(
        alice.account.pk,
        bob.account.pk,
        transfer_id=transfer.pk,
        occurred_at=NOW,
        parts=[part_of(LotDates(MARCH, date(2026, 3, 10)), 1)],
    )
    before = everything()

    with pytest.raises(IntegrityError, match="entry_once_a_transfer_and_account"), transaction.atomic():
        post_batch([again], zone=PARIS, at=NOW)

    assert everything() == before


@pytest.mark.usefixtures("_points")
def test_points_do_not_move_to_where_they_are(alice: Cardholder) -> None:
    before = everything()

    with pytest.raises(IntegrityError, match="transfer_between_two_accounts"), transaction.atomic():
        move(alice, alice)

    assert everything() == before


@pytest.mark.usefixtures("_points")
def test_a_purchase_is_returned_where_its_points_moved(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    move(alice, bob)
    alice.card.member = bob.member
    alice.card.save()

    bring_back(programme, alice.card.token, reference="A1", euros=20)

    assert lots(bob.account)[MARCH] == LotCounts(0, 0, 0, 20, 0, -20)
    assert (balance(alice.account), balance(bob.account)) == ((0, 0), (35, 0))


@pytest.mark.usefixtures("_points")
def test_two_programmes_count_differently(alice: Cardholder) -> None:
    other = make_programme("other", name="Other")
    dora = make_cardholder(other, first_name="Dora")
    source = LotDates(MARCH, date(2026, 3, 10))

    transfer = move_points(
        source_id=alice.account.pk,
        target_id=dora.account.pk,
        reason=TransferReason.SUCCESSION,
        zone=PARIS,
        at=NOW,
        parts=[part_of(source, 20)._replace(arriving_points=7)],
    )

    assert (balance(alice.account), balance(dora.account)) == ((30, 0), (7, 0))
    assert ledger_violations() == []
    undo(transfer)
    assert (balance(alice.account), balance(dora.account)) == ((50, 0), (0, 0))
    assert ledger_violations() == []
    assert PointAccount.objects.get(pk=dora.account.pk).programme == other
