"""What is stored about orders and gift cards, to see that a refusal moved nothing."""

from django.db import connection

from rewards.models import GiftCard, GiftCardMovement, GiftCardMovementKind
from tests.loyalty.ledger_state import everything as everything_about_points

TABLES = (
    "rewards_order",
    "rewards_giftcard",
    "rewards_giftcardmovement",
    "core_idempotencyrecord",
    "core_outboxmessage",
)


def everything() -> list[tuple[object, ...]]:
    """Return all rows about points, orders and gift cards."""
    rows = everything_about_points()
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - the names stand above
            rows += [
                tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()
            ]
    return rows


def movements(gift_card: GiftCard) -> list[tuple[GiftCardMovementKind, int, int]]:
    """Return kind, cents and value after each movement of a gift card, in order."""
    rows = GiftCardMovement.objects.filter(gift_card=gift_card).order_by("pk")
    return [(GiftCardMovementKind(row.kind), row.amount_cents, row.balance_after_cents) for row in rows]
