"""`verify_ledger` finds orders and gift cards that the ledger or their own movements contradict."""

import pytest

from loyalty.models import Programme
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_store, order
from tests.kept_fixtures import kept
from tests.proofs import broken_rules, violations
from tests.tampering import tamper


@kept(autouse=True)
def _history(programme: Programme, alice: Cardholder) -> None:
    """Let Alice order three gift cards, use one in part and cancel another."""
    used = order(programme, alice.account, points=100)
    redeem_gift_card(gift_card=used.gift_card, amount_cents=30, store=make_store(), request_key="1", at=NOW)
    order(programme, alice.account, points=200)
    cancel_order(order=order(programme, alice.account, points=300), reason="Asked by phone", at=NOW)
    assert violations() == []


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        pytest.param(
            "gift card",
            "UPDATE rewards_giftcard SET balance_cents = 71 WHERE balance_cents = 70"
            " RETURNING 'gift card ' || id",
            id="a value that is not its movements",
        ),
        pytest.param(
            "gift card",
            "UPDATE rewards_giftcard SET face_value_cents = 201 WHERE face_value_cents = 200"
            " RETURNING 'gift card ' || id",
            id="a face value that was not issued",
        ),
        pytest.param(
            "gift card",
            "UPDATE rewards_giftcardmovement SET kind = 2 WHERE kind = 3"
            " RETURNING 'gift card ' || gift_card_id",
            id="a cancelled card without a cancellation",
        ),
        pytest.param(
            "gift card",
            "UPDATE rewards_giftcardmovement SET kind = 3 WHERE kind = 2"
            " RETURNING 'gift card ' || gift_card_id",
            id="a cancellation of a card that pays",
        ),
        pytest.param(
            "gift card",
            "UPDATE rewards_giftcardmovement m SET kind = 2 FROM rewards_giftcard g"
            " WHERE g.id = m.gift_card_id AND g.face_value_cents = 200 RETURNING 'gift card ' || g.id",
            id="a value that was never issued",
        ),
        pytest.param(
            "gift-card movement",
            "UPDATE rewards_giftcardmovement SET balance_after_cents = 71 WHERE kind = 2"
            " RETURNING 'gift-card movement ' || id",
            id="a running value that is not the sum so far",
        ),
        pytest.param(
            "gift card paid in time",
            "UPDATE rewards_giftcard g SET expires_on = '2026-11-21' FROM rewards_giftcardmovement m"
            " WHERE g.id = m.gift_card_id AND m.kind = 2 RETURNING 'gift-card movement ' || m.id",
            id="a payment after the last day",
        ),
        pytest.param(
            "order",
            "UPDATE rewards_order SET points = 201 WHERE points = 200 RETURNING 'order ' || id",
            id="an order for other points than were spent",
        ),
        pytest.param(
            "order",
            "UPDATE rewards_order SET state = 'fulfilled', cancelled_at = NULL WHERE state = 'cancelled'"
            " RETURNING 'order ' || id",
            id="a cancellation in the ledger only",
        ),
        pytest.param(
            "order",
            "UPDATE rewards_order SET state = 'cancelled', cancelled_at = now() WHERE points = 200"
            " RETURNING 'order ' || id",
            id="a cancellation outside the ledger only",
        ),
        pytest.param(
            "order",
            "DELETE FROM rewards_giftcard g USING rewards_giftcardmovement m"
            " WHERE g.id = m.gift_card_id AND g.face_value_cents = 200 RETURNING 'order ' || order_id",
            id="an order without a gift card",
        ),
        pytest.param(
            "order",
            "DELETE FROM rewards_order WHERE points = 200 RETURNING 'entry ' || entry_id",
            id="points spent for no order",
        ),
    ],
)
def test_a_wrong_row_is_found(rule: str, statement: str) -> None:
    rows = tamper(statement)

    assert rows
    found = [one for one in broken_rules() if one[0] != "price of an order"]  # which has tests of its own
    assert found == [(rule, row) for row in rows]


def test_a_value_above_the_face_value_is_found_even_where_the_database_would_not_hinder_it() -> None:
    tamper("ALTER TABLE rewards_giftcard DROP CONSTRAINT gift_card_balance_within_its_face_value")
    (row,) = tamper(
        "UPDATE rewards_giftcard SET face_value_cents = 60 WHERE face_value_cents = 100"
        " RETURNING 'gift card ' || id"
    )
    (movement,) = tamper(
        "UPDATE rewards_giftcardmovement m SET amount_cents = 60 FROM rewards_giftcard g"
        " WHERE g.id = m.gift_card_id AND g.face_value_cents = 60 AND m.kind = 1 RETURNING m.id"
    )

    assert movement
    assert ("gift card", row) in broken_rules()


def test_a_payment_that_adds_value_is_found() -> None:
    (row,) = tamper(
        "UPDATE rewards_giftcardmovement SET amount_cents = 30 WHERE kind = 2"
        " RETURNING 'gift card ' || gift_card_id"
    )

    assert ("gift card", row) in broken_rules()
