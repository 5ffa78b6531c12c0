"""Points move with their lots, their running balance and their account's balance, or not at all."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from loyalty.errors import InsufficientPoints
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, Lot, Programme
from tests.factories import NOW, PARIS, Cardholder, buy
from tests.loyalty.ledger_state import LotCounts, balance, entries, everything, lots, paris, uses
from tests.tampering import lose_rows

LONG_OVER = LotDates(date(2026, 11, 21), date(2022, 11, 21))
GOOD_FOR_YEARS = LotDates(date(2030, 11, 22), date(2026, 11, 22))


def spend(cardholder: Cardholder, points: int) -> Movement:
    """Make the movement of an order."""
    return Movement(cardholder.account.pk, EntryKind.ORDER, -points, NOW)


def earn(cardholder: Cardholder, points: int, lot: LotDates = GOOD_FOR_YEARS) -> Movement:
    """Make the movement of a purchase."""
    return Movement(cardholder.account.pk, EntryKind.PURCHASE, points, NOW, lot)


def test_a_purchase_opens_a_lot_and_moves_the_balance(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=42)

    assert entries(alice.account) == [(EntryKind.PURCHASE, 42, 0, 42)]
    assert lots(alice.account) == {date(2030, 11, 22): LotCounts(42, 0, 0, 0, 42)}
    assert balance(alice.account) == (42, 0)


def test_purchases_of_one_day_share_a_lot(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=42, purchased_at=paris("2026-11-20 00:00"))
    buy(programme, alice.card.token, euros=8, purchased_at=paris("2026-11-20 23:59"))
    buy(programme, alice.card.token, euros=1, purchased_at=paris("2026-11-21 00:00"))

    assert lots(alice.account) == {
        date(2030, 11, 20): LotCounts(50, 0, 0, 0, 50),
        date(2030, 11, 21): LotCounts(1, 0, 0, 0, 1),
    }


def test_a_purchase_below_the_rule_has_an_entry_of_no_points_and_no_lot(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=5)
    post_batch([earn(alice, 0)], zone=PARIS, at=NOW)

    assert entries(alice.account) == [(EntryKind.PURCHASE, 5, 0, 5), (EntryKind.PURCHASE, 0, 0, 5)]
    assert Entry.objects.get(points=0).lot is None


def test_an_order_takes_the_points_that_expire_first(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=30, purchased_at=paris("2026-11-22 10:00"))
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2026-03-01 12:00"))
    buy(programme, alice.card.token, euros=20, purchased_at=paris("2023-01-15 12:00"))

    post_batch([spend(alice, 25)], zone=PARIS, at=NOW)

    assert uses(alice.account) == [
        (EntryKind.ORDER, date(2027, 1, 15), 20),
        (EntryKind.ORDER, date(2030, 3, 1), 5),
    ]
    assert lots(alice.account) == {
        date(2027, 1, 15): LotCounts(20, 20, 0, 0, 0),
        date(2030, 3, 1): LotCounts(10, 5, 0, 0, 5),
        date(2030, 11, 22): LotCounts(30, 0, 0, 0, 30),
    }
    assert balance(alice.account) == (35, 0)


def test_of_points_that_expire_together_those_granted_first_are_taken(alice: Cardholder) -> None:
    younger = LotDates(date(2030, 12, 31), date(2026, 5, 1))
    older = LotDates(date(2030, 12, 31), date(2026, 2, 1))
    post_batch([earn(alice, 10, younger), earn(alice, 10, older)], zone=PARIS, at=NOW)

    post_batch([spend(alice, 15)], zone=PARIS, at=NOW)

    spent = Lot.objects.filter(account=alice.account).order_by("available_on")
    assert [(lot.available_on, lot.spent_points) for lot in spent] == [
        (date(2026, 2, 1), 10),
        (date(2026, 5, 1), 5),
    ]


def test_points_that_are_not_available_yet_serve_no_order(alice: Cardholder) -> None:
    tomorrow = LotDates(date(2030, 11, 23), date(2026, 11, 23))
    post_batch([earn(alice, 10, tomorrow)], zone=PARIS, at=NOW)
    before = everything()

    with pytest.raises(InsufficientPoints) as refusal:
        post_batch([spend(alice, 1)], zone=PARIS, at=NOW)

    assert (refusal.value.available_points, refusal.value.needed_points) == (0, 1)
    assert everything() == before


def test_an_order_that_is_not_covered_leaves_no_trace(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=99)
    before = everything()

    with pytest.raises(InsufficientPoints) as refusal:
        post_batch([spend(alice, 100)], zone=PARIS, at=NOW)

    assert (refusal.value.available_points, refusal.value.needed_points) == (99, 100)
    assert refusal.value.code == "insufficient_points"
    assert everything() == before


def test_one_refused_movement_refuses_its_whole_batch(alice: Cardholder, bob: Cardholder) -> None:
    before = everything()

    with pytest.raises(InsufficientPoints):
        post_batch([earn(alice, 100), spend(bob, 1)], zone=PARIS, at=NOW)

    assert everything() == before


def test_a_batch_keeps_the_running_balance_of_each_account(alice: Cardholder, bob: Cardholder) -> None:
    ids = post_batch(
        [earn(alice, 5), earn(bob, 7), earn(alice, 11), spend(alice, 3), spend(bob, 7), earn(bob, 1)],
        zone=PARIS,
        at=NOW,
    )

    assert ids == sorted(ids)
    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == ids
    assert [(points, after) for _, points, _, after in entries(alice.account)] == [(5, 5), (11, 16), (-3, 13)]
    assert [(points, after) for _, points, _, after in entries(bob.account)] == [(7, 7), (-7, 0), (1, 1)]
    assert (balance(alice.account), balance(bob.account)) == ((13, 0), (1, 0))


def test_an_empty_batch_writes_nothing(alice: Cardholder) -> None:
    before = everything()

    assert post_batch([], zone=PARIS, at=NOW) == []
    assert post_batch([Movement(alice.account.pk, EntryKind.EXPIRY, 0, NOW)], zone=PARIS, at=NOW) == []

    assert everything() == before


def test_points_that_are_over_when_they_come_expire_in_the_same_batch(alice: Cardholder) -> None:
    post_batch(
        [earn(alice, 10, LONG_OVER), Movement(alice.account.pk, EntryKind.EXPIRY, 0, NOW)], zone=PARIS, at=NOW
    )
    post_batch(
        [earn(alice, 4, LONG_OVER), Movement(alice.account.pk, EntryKind.EXPIRY, 0, NOW)], zone=PARIS, at=NOW
    )

    assert lots(alice.account) == {date(2026, 11, 21): LotCounts(14, 0, 14, 0, 0)}
    assert balance(alice.account) == (0, 0)


def test_an_account_that_does_not_exist_is_refused(alice: Cardholder) -> None:
    stranger = Movement(alice.account.pk + 1, EntryKind.PURCHASE, 1, NOW, GOOD_FOR_YEARS)
    before = everything()

    with pytest.raises(LookupError, match="1 of the accounts do not exist"):
        post_batch([earn(alice, 1), stranger], zone=PARIS, at=NOW)

    assert everything() == before


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (EntryKind.PURCHASE, "names the lot"),
        (EntryKind.ORDER_CANCELLED, "names the entry"),
        (EntryKind.EXPIRY_REVERSED, "never posted by themselves"),
    ],
)
def test_a_movement_that_says_too_little_is_refused(
    alice: Cardholder, kind: EntryKind, sentence: str
) -> None:
    before = everything()

    with pytest.raises(ValueError, match=sentence):
        post_batch([Movement(alice.account.pk, kind, 1, NOW)], zone=PARIS, at=NOW)

    assert everything() == before


def test_a_return_is_not_posted_with_the_expiry_that_it_undoes(alice: Cardholder) -> None:
    post_batch([earn(alice, 10, LONG_OVER)], zone=PARIS, at=NOW)
    expiry = Movement(alice.account.pk, EntryKind.EXPIRY, 0, NOW)
    take_back = Movement(alice.account.pk, EntryKind.RETURN, -4, NOW, LONG_OVER)
    before = everything()

    with pytest.raises(ValueError, match="taken back in the next"):
        post_batch([expiry, take_back], zone=PARIS, at=NOW)
    assert everything() == before

    post_batch([expiry], zone=PARIS, at=NOW)
    post_batch([take_back], zone=PARIS, at=NOW)
    assert lots(alice.account) == {date(2026, 11, 21): LotCounts(10, 0, 6, 4, 0)}
    assert balance(alice.account) == (0, 0)


def test_a_second_entry_of_one_purchase_is_refused_by_the_database(
    programme: Programme, alice: Cardholder
) -> None:
    verdict = buy(programme, alice.card.token, euros=5)
    again = Movement(
        alice.account.pk, EntryKind.PURCHASE, 5, NOW, GOOD_FOR_YEARS, purchase_id=verdict.purchase_id
    )
    before = everything()

    with pytest.raises(IntegrityError, match="entry_once_a_purchase"), transaction.atomic():
        post_batch([again], zone=PARIS, at=NOW)

    assert everything() == before


def test_a_batch_that_the_database_wrote_in_part_is_refused(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=5)
    lose_rows("loyalty_lotuse")
    before = everything()

    with pytest.raises(RuntimeError, match="instead of 1 entries"), transaction.atomic():
        post_batch([spend(alice, 5)], zone=PARIS, at=NOW)

    assert everything() == before


@pytest.mark.usefixtures("real_commits")
def test_accounts_are_not_locked_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        lock_accounts([1])
