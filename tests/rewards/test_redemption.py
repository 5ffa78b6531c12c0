"""A gift card pays in one go or several times, in every participating store, never more than its value."""

from datetime import date

import pytest

from core.errors import RequestKeyReused
from loyalty.models import Agreement, Programme
from rewards.errors import (
    AmountNotPositive,
    GiftCardCancelled,
    GiftCardExpired,
    InsufficientValue,
    StoreNotInNetwork,
)
from rewards.models import GiftCard, GiftCardMovementKind, GiftCardProduct
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, make_programme, make_store
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import paris
from tests.proofs import violations
from tests.rewards.state import everything, movements


@kept()
def card(alice: Cardholder, for_15_euros: GiftCardProduct) -> GiftCard:
    """Return Alice's gift card of 15 EUR, valid through 22 November 2027."""
    return order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW).gift_card


def test_a_gift_card_pays_several_times_in_several_stores(card: GiftCard) -> None:
    lyon, web = make_store(), make_store(partner="boulanger", code="web", channel="online")

    first = redeem_gift_card(gift_card=card, amount_cents=700, store=lyon, request_key="1", at=NOW)
    second = redeem_gift_card(gift_card=card, amount_cents=800, store=web, request_key="2", at=NOW)

    assert (first.balance_after_cents, second.balance_after_cents) == (800, 0)
    assert (first.store, second.store) == (lyon, web)
    assert movements(card) == [
        (GiftCardMovementKind.ISSUE, 1500, 1500),
        (GiftCardMovementKind.REDEMPTION, -700, 800),
        (GiftCardMovementKind.REDEMPTION, -800, 0),
    ]
    assert GiftCard.objects.get().balance_cents == 0
    assert violations() == []


def test_the_same_request_pays_once(card: GiftCard) -> None:
    first = redeem_gift_card(gift_card=card, amount_cents=700, store=make_store(), request_key="1", at=NOW)
    before = everything()

    again = redeem_gift_card(gift_card=card, amount_cents=700, store=make_store(), request_key="1", at=NOW)

    assert again == first
    assert everything() == before


@pytest.mark.parametrize(("cents", "store"), [(701, "lyon"), (700, "paris")])
def test_a_request_key_is_not_used_for_another_payment(card: GiftCard, cents: int, store: str) -> None:
    redeem_gift_card(gift_card=card, amount_cents=700, store=make_store(), request_key="1", at=NOW)
    other = make_store(code=store)
    before = everything()

    with pytest.raises(RequestKeyReused):
        redeem_gift_card(gift_card=card, amount_cents=cents, store=other, request_key="1", at=NOW)

    assert everything() == before


def test_more_than_the_remaining_value_is_refused_and_the_key_stays_free(card: GiftCard) -> None:
    redeem_gift_card(gift_card=card, amount_cents=700, store=make_store(), request_key="1", at=NOW)
    before = everything()

    with pytest.raises(InsufficientValue) as refusal:
        redeem_gift_card(gift_card=card, amount_cents=801, store=make_store(), request_key="2", at=NOW)

    assert (refusal.value.balance_cents, refusal.value.needed_cents) == (800, 801)
    assert everything() == before
    redeem_gift_card(gift_card=card, amount_cents=800, store=make_store(), request_key="2", at=NOW)


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_is_at_least_one_cent(card: GiftCard, cents: int) -> None:
    before = everything()

    with pytest.raises(AmountNotPositive):
        redeem_gift_card(gift_card=card, amount_cents=cents, store=make_store(), request_key="1", at=NOW)

    assert everything() == before


def test_a_gift_card_pays_through_the_end_of_its_last_day_in_paris(card: GiftCard) -> None:
    redeem_gift_card(
        gift_card=card, amount_cents=1, store=make_store(), request_key="1", at=paris("2027-11-22 23:59:59")
    )
    before = everything()

    with pytest.raises(GiftCardExpired):
        redeem_gift_card(
            gift_card=card, amount_cents=1, store=make_store(), request_key="2", at=paris("2027-11-23 00:00")
        )

    assert everything() == before


def test_a_cancelled_gift_card_pays_nothing(card: GiftCard) -> None:
    cancel_order(order=card.order, reason="Asked by phone", at=NOW)
    before = everything()

    with pytest.raises(GiftCardCancelled):
        redeem_gift_card(gift_card=card, amount_cents=1, store=make_store(), request_key="1", at=NOW)

    assert everything() == before


@pytest.mark.parametrize(
    "case",
    ["no agreement", "another programme's", "agreement over", "agreement to come", "closed", "not open yet"],
)
def test_a_store_outside_the_network_is_refused(programme: Programme, card: GiftCard, case: str) -> None:
    store = make_store(partner="galeries")
    if case == "another programme's":
        make_store(partner="galeries", programme=make_programme("smiles", name="Smiles"))
    elif case == "agreement over":
        Agreement.objects.create(programme=programme, partner=store.partner, ends_on=date(2026, 11, 21))
    elif case == "agreement to come":
        Agreement.objects.create(programme=programme, partner=store.partner, starts_on=date(2026, 11, 23))
    elif case == "closed":
        store = make_store(code="old", closed_on=date(2026, 11, 21))
    elif case == "not open yet":
        store = make_store(code="new", opened_on=date(2026, 11, 23))
    before = everything()

    with pytest.raises(StoreNotInNetwork):
        redeem_gift_card(gift_card=card, amount_cents=1, store=store, request_key="1", at=NOW)

    assert everything() == before


def test_a_store_takes_gift_cards_from_its_first_day_to_its_last(
    programme: Programme, card: GiftCard
) -> None:
    today = date(2026, 11, 22)
    store = make_store(partner="galeries", opened_on=today, closed_on=today)
    Agreement.objects.create(programme=programme, partner=store.partner, starts_on=today, ends_on=today)

    movement = redeem_gift_card(gift_card=card, amount_cents=1, store=store, request_key="1", at=NOW)

    assert movement.balance_after_cents == 1499
