"""Taps, tills and agents at the same moment: one order for a request, never more than a card's value."""

from collections import Counter

import pytest

from loyalty.models import EntryKind
from rewards.errors import GiftCardCancelled, GiftCardUsed, InsufficientValue
from rewards.models import GiftCard, GiftCardMovement, GiftCardProduct, Order
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, make_cardholder, make_programme, make_store, order
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import race

pytestmark = pytest.mark.usefixtures("real_commits")


def test_twenty_taps_with_one_request_key_are_one_order() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=6000)
    product = GiftCardProduct.objects.get(programme=programme, code="gift-card-15")

    results = race(
        lambda _: order_gift_card(account=alice.account, product=product, request_key="tap", at=NOW),
        runners=20,
    )

    made = Order.objects.get()
    assert results == [made] * 20
    assert GiftCard.objects.count() == 1
    assert balance(alice.account) == (4500, 0)
    assert violations() == []


def test_twenty_tills_never_take_more_than_the_value_of_the_card() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=15)
    gift_card = order(programme, alice.account, points=15).gift_card
    store = make_store()

    results = race(
        lambda number: redeem_gift_card(
            gift_card=gift_card, amount_cents=1, store=store, request_key=f"till {number}", at=NOW
        ),
        runners=20,
    )

    assert Counter(type(result) for result in results) == {GiftCardMovement: 15, InsufficientValue: 5}
    assert GiftCard.objects.get().balance_cents == 0
    assert violations() == []


def test_one_payment_sent_twenty_times_is_taken_once() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=15)
    gift_card = order(programme, alice.account, points=15).gift_card
    store = make_store()

    results = race(
        lambda _: redeem_gift_card(
            gift_card=gift_card, amount_cents=4, store=store, request_key="till", at=NOW
        ),
        runners=20,
    )

    assert len({result.pk for result in results if isinstance(result, GiftCardMovement)}) == 1
    assert GiftCard.objects.get().balance_cents == 11
    assert violations() == []


def test_a_payment_and_a_cancellation_at_once_do_not_both_happen() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=15)
    made = order(programme, alice.account, points=15)
    store = make_store()

    def pay_or_cancel(number: int) -> object:
        if number:
            return cancel_order(order=made, reason="Asked by phone", at=NOW)
        return redeem_gift_card(
            gift_card=made.gift_card, amount_cents=4, store=store, request_key="till", at=NOW
        )

    paid, cancelled = race(pay_or_cancel, runners=2)

    if isinstance(paid, GiftCardCancelled):
        assert isinstance(cancelled, Order)
        assert balance(alice.account) == (15, 0)
    else:
        assert isinstance(paid, GiftCardMovement)
        assert isinstance(cancelled, GiftCardUsed)
        assert balance(alice.account) == (0, 0)
    assert violations() == []


def test_ten_cancellations_at_once_give_the_points_back_once() -> None:
    programme = make_programme()
    alice = make_cardholder(programme, points=15)
    made = order(programme, alice.account, points=15)

    results = race(lambda _: cancel_order(order=made, reason="Asked by phone", at=NOW), runners=10)

    assert results == [made] * 10
    assert alice.account.entries.filter(kind=EntryKind.ORDER_CANCELLED).count() == 1
    assert balance(alice.account) == (15, 0)
    assert violations() == []
