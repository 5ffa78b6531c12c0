"""The lock on the accounts comes before everything that reads or writes their points.

A missing lock seldom shows in what happens, so this looks at the statements that are sent.
"""

import re
from datetime import timedelta

from django.db import transaction

from loyalty.ledger.expire import post_expiries
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import EntryKind, Programme, TransferReason
from loyalty.purchases.record import record_purchases
from rewards.models import GiftCardProduct
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, PARIS, Cardholder, buy, make_line, make_return_line, make_store, order
from tests.households import let_spend, live_together, order_together, product_for
from tests.transactions import sent_statements

LOCK = re.compile(r"FROM loyalty_pointaccount .* ORDER BY id FOR NO KEY UPDATE")
POINTS = re.compile(r"loyalty_lot\b|loyalty_lotuse|(FROM|INTO|JOIN) loyalty_entry\b")
MOVES = re.compile(r"(UPDATE|INSERT INTO) (loyalty_lot|loyalty_entry|loyalty_lotuse|loyalty_pointaccount)\b")

FINDS_ACCOUNT = re.compile(r"e\.account_id\), .* FOR UPDATE OF r")
"""Which account a purchase was posted or handed over to says which one to lock for its return. Only a
separation changes it, and raises a count that is compared under the lock."""


def assert_locked_first(statements: list[str]) -> None:
    """Check that points are moved, and that nothing about points is read or written before the lock."""
    lock = next(place for place, statement in enumerate(statements) if LOCK.search(statement))
    touched = [
        place
        for place, statement in enumerate(statements)
        if POINTS.search(statement) and not FINDS_ACCOUNT.search(statement)
    ]
    assert any(MOVES.search(statement) for statement in statements)
    assert touched
    assert min(touched) > lock, statements[min(touched)]


def test_a_batch_locks_its_accounts_first(alice: Cardholder, programme: Programme) -> None:
    buy(programme, alice.card.token, euros=10)

    with sent_statements() as statements:
        post_batch([Movement(alice.account.pk, EntryKind.ORDER, -3, NOW)], zone=PARIS, at=NOW)

    assert_locked_first(statements)


def test_accounts_are_locked_together_in_the_order_of_their_ids(alice: Cardholder, bob: Cardholder) -> None:
    movements = [
        Movement(account_id, EntryKind.EXPIRY, 0, NOW)
        for account_id in (bob.account.pk, alice.account.pk, bob.account.pk)
    ]

    with sent_statements() as statements:
        post_batch(movements, zone=PARIS, at=NOW)

    assert len([statement for statement in statements if LOCK.search(statement)]) == 1


def test_an_expiry_locks_its_accounts_first(alice: Cardholder, bob: Cardholder) -> None:
    for cardholder in (bob, alice):
        buy(cardholder.account.programme, cardholder.card.token, euros=10)
    today = NOW.date() + timedelta(days=5 * 366)

    with sent_statements() as statements, transaction.atomic():
        post_expiries([bob.account.pk, alice.account.pk], today=today, zone=PARIS, at=NOW)

    assert_locked_first(statements)


def test_purchases_and_returns_lock_before_they_count(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    lines = [
        make_line(alice.card.token),
        make_return_line(alice.card.token, original_reference="A1", cents=300),
    ]

    with sent_statements() as statements:
        record_purchases(lines, programme=programme, at=NOW)

    assert_locked_first(statements)
    lock = next(place for place, statement in enumerate(statements) if LOCK.search(statement))
    counted = next(place for place, one in enumerate(statements) if "sum(b.amount_cents)" in one)
    assert counted > lock


def test_an_order_claims_its_request_and_locks_before_all_else(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=1500)
    product = GiftCardProduct.objects.get(programme=programme, code="gift-card-15")

    with sent_statements() as statements:
        order_gift_card(account=alice.account, product=product, request_key="tap", at=NOW)

    assert_locked_first(statements)
    asked = [one for one in statements if "SAVEPOINT" not in one]
    assert "INSERT INTO core_idempotencyrecord" in asked[0]
    assert LOCK.search(asked[1])


def test_a_cancellation_locks_before_it_looks_at_the_order(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    made = order(programme, alice.account, points=5)

    with sent_statements() as statements:
        cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert_locked_first(statements)
    asked = [one for one in statements if "SAVEPOINT" not in one]
    assert "rewards_ordershare" in asked[0], "which accounts are to be locked is found out first"
    assert "merged_into_id" in asked[1]
    assert LOCK.search(asked[2])
    assert 'FROM "rewards_order"' in asked[3]
    assert "FOR UPDATE" in asked[3]


def test_an_order_of_a_household_locks_all_accounts_at_once_before_all_else(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, bob.card.token, euros=10)
    live_together(alice, bob)
    let_spend(bob, alice)
    product_for(programme, 5)

    with sent_statements() as statements:
        made = order_together(alice, 5)

    assert_locked_first(statements)
    assert sum("FOR NO KEY UPDATE" in one for one in statements) == 2, "all at once, and once by the ledger"

    with sent_statements() as statements:
        cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert_locked_first(statements)


def test_undoing_a_transfer_locks_before_it_looks_whether_it_was_undone(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10)
    transfer = move_points(
        source_id=alice.account.pk,
        target_id=bob.account.pk,
        reason=TransferReason.MERGE,
        zone=PARIS,
        at=NOW,
    )

    with sent_statements() as statements:
        undo_transfer(transfer=transfer, lot=LotDates(NOW.date(), NOW.date()), zone=PARIS, at=NOW)

    assert_locked_first(statements)
    asked = [one for one in statements if "SAVEPOINT" not in one]
    assert LOCK.search(asked[0])
    assert "loyalty_transfer" in asked[1]


def test_a_payment_locks_the_gift_card_before_it_looks_at_it(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10)
    gift_card = order(programme, alice.account, points=5).gift_card
    store = make_store()

    with sent_statements() as statements:
        redeem_gift_card(gift_card=gift_card, amount_cents=1, store=store, request_key="till", at=NOW)

    asked = [one for one in statements if "SAVEPOINT" not in one]
    assert "INSERT INTO core_idempotencyrecord" in asked[0]
    assert 'FROM "rewards_giftcard"' in asked[1]
    assert "FOR NO KEY UPDATE" in asked[1]
