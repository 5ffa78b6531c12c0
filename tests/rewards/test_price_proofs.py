"""`verify_ledger` finds orders that cost less, or bought more, than the catalogue said at their time."""

from datetime import datetime, timedelta

import pytest

from core.audit import record_action
from loyalty.models import EntryKind, Lot, Programme
from members.models import User
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.factories import NOW, Cardholder, make_programme, make_user
from tests.kept_fixtures import kept
from tests.loyalty.forging import forge_use, sql
from tests.proofs import broken_rules
from tests.tampering import tamper

HOUR = timedelta(hours=1)


@kept()
def manager() -> User:
    """Return somebody who keeps the catalogue."""
    return make_user("paul@staff.example.com", is_staff=True)


def set_terms(product: GiftCardProduct, manager: User, *, at: datetime, **terms: int) -> None:
    """Give the product other terms, and write them down as the admin does."""
    product.refresh_from_db()
    changes = {name: [getattr(product, name), value] for name, value in terms.items()}
    GiftCardProduct.objects.filter(pk=product.pk).update(**terms)
    record_action(
        actor=manager,
        action="giftcardproduct.changed",
        subject=product,
        reason="Agreed for the winter",
        details={"changes": changes},
        at=at,
    )


def forge_order(who: Cardholder, product: GiftCardProduct, *, points: int, cents: int, at: datetime) -> str:
    """Let the account buy a gift card of this value for these points; return how proofs name the order."""
    lot = Lot.objects.get(account=who.account)
    entry_id = forge_use(who.account.pk, EntryKind.ORDER, points, lot_id=lot.pk, column="spent_points", at=at)
    order_id = sql(
        "INSERT INTO rewards_order (public_id, account_id, product_id, points, entry_id, state, ordered_at,"
        " cancellation_reason) VALUES (gen_random_uuid(), %s, %s, %s, %s, 'fulfilled', %s, '') RETURNING id",
        who.account.pk,
        product.pk,
        points,
        entry_id,
        at,
    )
    card_id = sql(
        "INSERT INTO rewards_giftcard (public_id, order_id, code_hash, code_last4, code_encrypted,"
        " face_value_cents, balance_cents, currency, state, issued_at, expires_on)"
        " VALUES (gen_random_uuid(), %s, gen_random_uuid(), 'ABCD', '', %s, %s, 'EUR', 'active', %s,"
        " ((%s::timestamptz AT TIME ZONE 'Europe/Paris')::date + make_interval(months => 12))::date)"
        " RETURNING id",
        order_id,
        cents,
        cents,
        at,
        at,
    )
    sql(
        "INSERT INTO rewards_giftcardmovement"
        " (gift_card_id, kind, amount_cents, balance_after_cents, moved_at)"
        " VALUES (%s, 1, %s, %s, %s)",
        card_id,
        cents,
        cents,
        at,
    )
    return f"order {order_id}"


def test_an_order_for_fewer_points_than_the_price_is_seen(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    forged = forge_order(alice, for_15_euros, points=1, cents=1500, at=NOW)

    assert broken_rules() == [("price of an order", forged)]


def test_a_gift_card_of_more_than_the_face_value_is_seen(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    forge_order(alice, for_15_euros, points=1500, cents=6000, at=NOW)
    card_id = sql("SELECT id FROM rewards_giftcard")

    assert broken_rules() == [("price of an order", f"gift card {card_id}")]


def test_orders_are_right_by_the_terms_of_their_time(
    alice: Cardholder, for_15_euros: GiftCardProduct, manager: User
) -> None:
    def buy_one(hours: int) -> None:
        at = NOW + hours * HOUR
        order_gift_card(account=alice.account, product=for_15_euros, request_key=f"{hours}", at=at)

    buy_one(0)
    set_terms(for_15_euros, manager, at=NOW + HOUR, price_points=200)
    buy_one(2)
    set_terms(for_15_euros, manager, at=NOW + 3 * HOUR, price_points=100, validity_months=1)
    buy_one(4)
    set_terms(for_15_euros, manager, at=NOW + 5 * HOUR, validity_months=24)
    buy_one(6)

    assert broken_rules() == []


def test_a_change_of_the_price_and_an_order_may_cross(
    alice: Cardholder, for_15_euros: GiftCardProduct, manager: User
) -> None:
    set_terms(for_15_euros, manager, at=NOW + timedelta(minutes=1), price_points=200)
    order_gift_card(account=alice.account, product=for_15_euros, request_key="1", at=NOW)

    assert broken_rules() == []


@pytest.mark.parametrize(("points", "hours"), [(1500, 2), (200, -1)])
def test_an_order_for_the_price_of_another_time_is_seen(
    alice: Cardholder, for_15_euros: GiftCardProduct, manager: User, points: int, hours: int
) -> None:
    set_terms(for_15_euros, manager, at=NOW, price_points=200)
    forged = forge_order(alice, for_15_euros, points=points, cents=1500, at=NOW + hours * HOUR)

    assert broken_rules() == [("price of an order", forged)]


def test_a_price_that_was_lowered_for_one_order_is_seen(
    alice: Cardholder, for_15_euros: GiftCardProduct
) -> None:
    tamper("UPDATE rewards_giftcardproduct SET price_points = 1 WHERE code = 'gift-card-15'")
    cheap = order_gift_card(account=alice.account, product=for_15_euros, request_key="1", at=NOW)
    tamper("UPDATE rewards_giftcardproduct SET price_points = 1500 WHERE code = 'gift-card-15'")

    assert broken_rules() == [("price of an order", f"order {cheap.pk}")]


@pytest.mark.parametrize(
    ("change", "of"),
    [
        pytest.param("expires_on = expires_on + 1", "rewards_giftcard", id="a day longer than it is valid"),
        pytest.param("currency = 'CHF'", "rewards_giftcard", id="another currency"),
        pytest.param(
            "issued_at = issued_at + interval '1 second'", "rewards_giftcard", id="issued at another time"
        ),
        pytest.param(
            "face_value_cents = 6000", "rewards_giftcardproduct", id="the catalogue changed afterwards"
        ),
    ],
)
def test_a_gift_card_that_is_not_what_was_ordered_is_seen(
    alice: Cardholder, for_15_euros: GiftCardProduct, change: str, of: str
) -> None:
    order_gift_card(account=alice.account, product=for_15_euros, request_key="1", at=NOW)
    card_id = sql("SELECT id FROM rewards_giftcard")

    tamper(f"UPDATE {of} SET {change}")  # noqa: S608 - written above

    assert broken_rules() == [("price of an order", f"gift card {card_id}")]


def test_a_gift_card_of_another_programme_is_seen(alice: Cardholder, for_15_euros: GiftCardProduct) -> None:
    cheap = GiftCardProduct.objects.get(programme=make_programme("smiles"), code="gift-card-15")
    forge_order(alice, cheap, points=1500, cents=1500, at=NOW)
    card_id = sql("SELECT id FROM rewards_giftcard")

    assert for_15_euros.programme_id != cheap.programme_id
    assert broken_rules() == [("price of an order", f"gift card {card_id}")]


def test_terms_that_nobody_gave_in_the_admin_are_seen(
    programme: Programme, for_15_euros: GiftCardProduct, manager: User
) -> None:
    set_terms(for_15_euros, manager, at=NOW, price_points=1600)
    assert broken_rules() == []

    tamper("UPDATE rewards_giftcardproduct SET price_points = 1 WHERE code = 'gift-card-15'")

    assert for_15_euros.programme_id == programme.pk
    assert broken_rules() == [("price of an order", f"gift card {for_15_euros.pk} of the catalogue")]
