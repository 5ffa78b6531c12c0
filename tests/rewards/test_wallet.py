"""What members see of the catalogue, of their orders and of their gift cards."""

from datetime import date, timedelta
from uuid import uuid4

from pytest_django import DjangoAssertNumQueries

from loyalty.models import Programme
from rewards.models import GiftCardProduct, Order
from rewards.selectors.catalogue import catalogue_of, offered_product
from rewards.selectors.orders import order_of, orders_of
from rewards.selectors.wallet import gift_card_of, wallet_of
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_cardholder, make_programme, make_store, order
from tests.kept_fixtures import kept

TODAY = date(2026, 11, 22)


@kept()
def bob(programme: Programme) -> Cardholder:
    """Return another cardholder with 2,000 points."""
    return make_cardholder(programme, first_name="Bob", points=2000)


def pay(made: Order, cents: int) -> None:
    """Pay with the gift card of an order."""
    redeem_gift_card(
        gift_card=made.gift_card, amount_cents=cents, store=make_store(), request_key=f"{cents}", at=NOW
    )


def test_the_catalogue_shows_what_is_offered_the_cheapest_first(
    programme: Programme, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_programme("smiles", name="Smiles")
    GiftCardProduct.objects.filter(programme=programme, code="gift-card-30").update(is_offered=False)

    with django_assert_num_queries(1):
        catalogue = catalogue_of(programme)

    assert [product.price_points for product in catalogue] == [1500, 6000]
    assert offered_product(programme, code="gift-card-60") == catalogue[1]
    assert offered_product(programme, code="gift-card-30") is None
    assert offered_product(programme, code="none") is None


def test_the_wallet_puts_the_usable_cards_first_and_then_the_newest(
    programme: Programme, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    oldest = order(programme, alice.account, points=10, at=NOW + timedelta(hours=1))
    used_up = order(programme, alice.account, points=20, at=NOW + timedelta(hours=2))
    cancelled = order(programme, alice.account, points=30, at=NOW + timedelta(hours=3))
    newest = order(programme, alice.account, points=40, at=NOW + timedelta(hours=4))
    pay(used_up, 20)
    pay(oldest, 3)
    cancel_order(order=cancelled, reason="Asked by phone", at=NOW)
    alice.account.programme = programme

    with django_assert_num_queries(2):
        held = wallet_of(alice.account, on=TODAY)
        shown = [(one.gift_card.order.product.code, len(one.movements)) for one in held]

    assert [one.gift_card.order for one in held] == [newest, oldest, cancelled, used_up]
    assert shown == [("for-40", 1), ("for-10", 2), ("for-30", 2), ("for-20", 2)]
    assert [one.is_usable for one in held] == [True, True, False, False]
    assert [one.is_cancelled for one in held] == [False, False, True, False]
    assert [one.gift_card.balance_cents for one in held] == [40, 7, 0, 0]
    assert held[1].movements[1].store == make_store()


def test_a_card_can_be_used_through_its_last_day(programme: Programme, alice: Cardholder) -> None:
    order(programme, alice.account, points=10)

    (last_day,) = wallet_of(alice.account, on=date(2027, 11, 22))
    (day_after,) = wallet_of(alice.account, on=date(2027, 11, 23))

    assert (last_day.is_usable, last_day.is_expired) == (True, False)
    assert (day_after.is_usable, day_after.is_expired) == (False, True)


def test_nobody_sees_the_gift_cards_and_orders_of_others(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    made = order(programme, alice.account, points=10)
    card_id = made.gift_card.public_id

    assert wallet_of(bob.account, on=TODAY) == []
    assert orders_of(bob.account) == []
    assert gift_card_of(bob.account, public_id=card_id, on=TODAY) is None
    assert order_of(bob.account, public_id=made.public_id) is None
    held = gift_card_of(alice.account, public_id=card_id, on=TODAY)
    assert held is not None
    assert held.gift_card == made.gift_card
    assert gift_card_of(alice.account, public_id=uuid4(), on=TODAY) is None


def test_orders_are_listed_the_newest_first(
    programme: Programme, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = order(programme, alice.account, points=10)
    second = order(programme, alice.account, points=20, at=NOW + timedelta(hours=1))
    third = order(programme, alice.account, points=30, at=NOW + timedelta(hours=1))

    with django_assert_num_queries(1):
        listed = orders_of(alice.account, limit=2)
        shown = [(one.product.code, one.gift_card.balance_cents) for one in listed]

    assert listed == [third, second]
    assert shown == [("for-30", 30), ("for-20", 20)]
    assert order_of(alice.account, public_id=first.public_id) == first
