"""An order spends the points and issues the gift card together, once for each request."""

from datetime import date

import pytest

from core.errors import RequestKeyInvalid, RequestKeyReused
from core.models import OutboxMessage
from loyalty.enrolment import leave_programme
from loyalty.errors import InsufficientPoints, MemberLeft
from loyalty.models import EntryKind, Programme
from rewards.errors import GiftCardNotOffered, PriceChanged
from rewards.models import GiftCard, GiftCardMovementKind, GiftCardProduct, GiftCardState, Order, OrderState
from rewards.services.orders import GIFT_CARD_ORDERED, last_day, order_gift_card
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.loyalty.ledger_state import balance, entries, paris
from tests.proofs import violations
from tests.rewards.state import everything, movements


def test_an_order_spends_the_points_and_issues_the_gift_card(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    assert balance(alice.account) == (500, 0)
    assert entries(alice.account)[-1] == (EntryKind.ORDER, -1500, 0, 500)
    assert (order.points, order.state, order.ordered_at) == (1500, OrderState.FULFILLED, NOW)
    assert order.entry.points == -1500
    card = GiftCard.objects.get(order=order)
    assert (card.face_value_cents, card.balance_cents, card.currency) == (1500, 1500, "EUR")
    assert (card.state, card.issued_at, card.expires_on) == (GiftCardState.ACTIVE, NOW, date(2027, 11, 22))
    assert movements(card) == [(GiftCardMovementKind.ISSUE, 1500, 1500)]
    assert violations() == []


def test_two_taps_are_one_order(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    first = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    before = everything()

    second = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    assert second == first
    assert second.gift_card == GiftCard.objects.get()
    assert everything() == before


def test_a_repeat_is_answered_even_when_the_order_could_not_be_made_today(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    first = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    GiftCardProduct.objects.update(is_offered=False)
    leave_programme(account=alice.account, at=NOW)

    assert order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW) == first


def test_a_request_key_is_not_used_for_another_product(
    programme: Programme, for_15_euros: GiftCardProduct
) -> None:
    alice = make_cardholder(programme, points=6000)
    order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    for_30_euros = GiftCardProduct.objects.get(code="gift-card-30")
    before = everything()

    with pytest.raises(RequestKeyReused):
        order_gift_card(account=alice.account, product=for_30_euros, request_key="tap", at=NOW)

    assert everything() == before


def test_members_do_not_share_request_keys(
    programme: Programme, alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    bob = make_cardholder(programme, first_name="Bob", points=1500)

    first = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)
    second = order_gift_card(account=bob.account, product=for_15_euros, request_key="tap", at=NOW)

    assert first != second
    assert (balance(alice.account), balance(bob.account)) == ((500, 0), (0, 0))


@pytest.mark.parametrize("key", ["", "k" * 201, "line\nbreak", "nul\0", "\u202e", "\ud800"])
def test_a_request_key_that_cannot_be_kept_is_refused(
    alice: Cardholder, for_15_euros: GiftCardProduct, key: str
) -> None:
    before = everything()

    with pytest.raises(RequestKeyInvalid):
        order_gift_card(account=alice.account, product=for_15_euros, request_key=key, at=NOW)

    assert everything() == before


def test_an_order_without_enough_points_leaves_no_trace_and_the_key_free(
    programme: Programme, for_15_euros: GiftCardProduct
) -> None:
    bob = make_cardholder(programme, first_name="Bob", points=1499)
    before = everything()

    with pytest.raises(InsufficientPoints) as refusal:
        order_gift_card(account=bob.account, product=for_15_euros, request_key="tap", at=NOW)

    assert (refusal.value.available_points, refusal.value.needed_points) == (1499, 1500)
    assert everything() == before
    for_15_euros.price_points = 1499
    for_15_euros.save()
    order_gift_card(account=bob.account, product=for_15_euros, request_key="tap", at=NOW)
    assert balance(bob.account) == (0, 0)


def test_points_that_are_over_serve_no_order_whether_the_job_has_run_or_not(
    programme: Programme, for_15_euros: GiftCardProduct
) -> None:
    bob = make_cardholder(programme, first_name="Bob", points=1500, at=paris("2022-11-21 12:00"))
    before = everything()

    with pytest.raises(InsufficientPoints) as refusal:
        order_gift_card(
            account=bob.account, product=for_15_euros, request_key="tap", at=paris("2026-11-22 00:00")
        )

    assert refusal.value.available_points == 0
    assert everything() == before
    order_gift_card(
        account=bob.account, product=for_15_euros, request_key="tap", at=paris("2026-11-21 23:59:59")
    )
    assert balance(bob.account) == (0, 0)


def test_a_member_who_left_orders_nothing(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    leave_programme(account=alice.account, at=NOW)
    before = everything()

    with pytest.raises(MemberLeft):
        order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    assert everything() == before


def test_a_gift_card_that_is_no_longer_offered_is_refused(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    GiftCardProduct.objects.filter(pk=for_15_euros.pk).update(is_offered=False)
    before = everything()

    with pytest.raises(GiftCardNotOffered):
        order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    assert everything() == before


def test_a_gift_card_of_another_programme_is_refused(alice: Cardholder) -> None:
    smiles = make_programme("smiles", name="Smiles")
    theirs = GiftCardProduct.objects.get(programme=smiles, code="gift-card-15")
    before = everything()

    with pytest.raises(GiftCardNotOffered):
        order_gift_card(account=alice.account, product=theirs, request_key="tap", at=NOW)

    assert everything() == before


def test_an_order_at_a_price_that_was_not_shown_is_refused(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    GiftCardProduct.objects.filter(pk=for_15_euros.pk).update(price_points=1600)
    before = everything()

    with pytest.raises(PriceChanged) as refusal:
        order_gift_card(
            account=alice.account, product=for_15_euros, request_key="tap", at=NOW, shown_points=1500
        )

    assert (refusal.value.shown_points, refusal.value.price_points) == (1500, 1600)
    assert everything() == before
    order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW, shown_points=1600)
    assert balance(alice.account) == (400, 0)


def test_an_order_tells_the_outbox_in_its_own_transaction(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    order = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=NOW)

    message = OutboxMessage.objects.get()
    assert (message.topic, message.payload) == (GIFT_CARD_ORDERED, {"order_id": order.pk})


@pytest.mark.parametrize(
    ("issued_on", "months", "expires_on"),
    [
        (date(2026, 11, 22), 12, date(2027, 11, 22)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 1), 1, date(2026, 12, 1)),
        (date(2026, 12, 1), 24, date(2028, 12, 1)),
    ],
)
def test_a_gift_card_pays_through_the_same_day_of_a_later_month(
    issued_on: date, months: int, expires_on: date
) -> None:
    assert last_day(issued_on, months=months) == expires_on


def test_the_day_of_issue_is_the_one_in_paris(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    at = paris("2027-01-01 00:30")

    order = order_gift_card(account=alice.account, product=for_15_euros, request_key="tap", at=at)

    assert order.gift_card.expires_on == date(2028, 1, 1)
    assert Order.objects.get().ordered_at == at
