"""Gift cards that pay no more stay in the wallet for ninety days, then move to the history."""

from datetime import date, timedelta

from pytest_django import DjangoAssertNumQueries

from loyalty.models import Programme
from rewards.models import Order
from rewards.selectors.wallet import HeldGiftCard, history_of, wallet_of
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_store, order

ORDERED_ON = date(2026, 11, 22)
LAST_DAY = date(2027, 11, 22)


def orders(held: list[HeldGiftCard] | tuple[HeldGiftCard, ...]) -> list[Order]:
    """Return the orders of gift cards."""
    return [one.gift_card.order for one in held]


def places(alice: Cardholder, on: date) -> tuple[list[Order], list[Order]]:
    """Return the orders whose gift cards are in the wallet on a day, and those in the history."""
    return orders(wallet_of(alice.account, on=on)), orders(history_of(alice.account, on=on).held)


def test_an_expired_card_stays_visible_for_ninety_days(programme: Programme, alice: Cardholder) -> None:
    made = order(programme, alice.account, points=10)
    assert places(alice, LAST_DAY + timedelta(days=90)) == ([made], [])
    assert places(alice, LAST_DAY + timedelta(days=91)) == ([], [made])


def test_a_card_used_up_or_cancelled_stays_for_ninety_days_from_then(
    programme: Programme, alice: Cardholder
) -> None:
    used = order(programme, alice.account, points=10)
    cancelled = order(programme, alice.account, points=20)
    at = NOW + timedelta(days=10)
    redeem_gift_card(gift_card=used.gift_card, amount_cents=10, store=make_store(), request_key="1", at=at)
    cancel_order(order=cancelled, reason="Asked by phone", at=at)
    assert places(alice, ORDERED_ON + timedelta(days=100)) == ([cancelled, used], [])
    assert places(alice, ORDERED_ON + timedelta(days=101)) == ([], [cancelled, used])


def test_the_history_goes_on_page_by_page(
    programme: Programme, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice.account.programme = programme
    made = [order(programme, alice.account, points=10) for _ in range(5)]
    on = LAST_DAY + timedelta(days=100)
    with django_assert_num_queries(2):
        first = history_of(alice.account, on=on, size=2)
    second = history_of(alice.account, on=on, before=first.next_before, size=2)
    last = history_of(alice.account, on=on, before=second.next_before, size=2)
    assert orders(first.held) + orders(second.held) + orders(last.held) == made[::-1]
    assert last.next_before is None


def test_the_last_month_of_a_card_is_announced(programme: Programme, alice: Cardholder) -> None:
    order(programme, alice.account, points=10)
    seen = []
    for days_before in (31, 30, 0, -1):
        (held,) = wallet_of(alice.account, on=LAST_DAY - timedelta(days=days_before))
        seen.append((held.ends_soon, held.days_left))
    assert seen == [(False, 31), (True, 30), (True, 0), (False, 0)]
