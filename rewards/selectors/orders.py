"""The orders of an account, and the steps of one from the order to the last payment."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db.models import F, Prefetch

from loyalty.models import Entry, PointAccount
from loyalty.selectors.households import Part, name_of
from loyalty.selectors.merged import accounts_behind
from rewards.models import GiftCardMovement, GiftCardMovementKind, Order


class StepKind(Enum):
    """What happens to an order, in this order."""

    ORDERED = "ordered"
    POINTS_TAKEN = "points_taken"
    CARD_ISSUED = "card_issued"
    LETTER_SENT = "letter_sent"
    USED = "used"
    USED_UP = "used_up"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an order at an instant, or that is still to come."""

    kind: StepKind
    at: datetime | None
    store_name: str = ""


def orders_of(account: PointAccount, *, limit: int = 50) -> list[Order]:
    """Return the latest orders with product and gift card, the newest first. One query."""
    orders = Order.objects.filter(account__in=accounts_behind(account)).select_related("product", "gift_card")
    return list(orders.order_by("-ordered_at", "-pk")[:limit])


def order_of(account: PointAccount, *, public_id: UUID) -> Order | None:
    """Return the account's order with all its steps; nothing when it is not theirs. Two queries."""
    movements = GiftCardMovement.objects.select_related("store").order_by("pk")
    return (
        Order.objects.filter(account__in=accounts_behind(account), public_id=public_id)
        .select_related("product", "entry", "gift_card")
        .prefetch_related(Prefetch("gift_card__movements", queryset=movements))
        .first()
    )


def steps_of(order: Order) -> list[Step]:
    """Return the steps of an order that `order_of` gave. Those without an instant are still to come."""
    gift_card = order.gift_card
    payments = [one for one in gift_card.movements.all() if one.kind == GiftCardMovementKind.REDEMPTION]
    steps = [
        Step(StepKind.ORDERED, order.ordered_at),
        Step(StepKind.POINTS_TAKEN, order.entry.posted_at),
        Step(StepKind.CARD_ISSUED, gift_card.issued_at),
        Step(StepKind.LETTER_SENT, order.letter_sent_at),
    ]
    if order.cancelled_at is not None:
        return [*steps, Step(StepKind.CANCELLED, order.cancelled_at)]
    if not payments:
        return [*steps, Step(StepKind.USED, None)]
    steps.append(Step(StepKind.USED, payments[0].moved_at, _store_name(payments[0])))
    if gift_card.balance_cents == 0 and len(payments) > 1:
        steps.append(Step(StepKind.USED_UP, payments[-1].moved_at, _store_name(payments[-1])))
    return steps


def parts_of_others(order: Order) -> list[Part]:
    """Return what an order took of others in the household. One query."""
    taken = Entry.objects.filter(transfer__order_share__order=order, account=F("transfer__source"))
    return [
        Part(name_of(entry.account.member), -entry.points)
        for entry in taken.select_related("account__member").order_by("pk")
    ]


def _store_name(payment: GiftCardMovement) -> str:
    return payment.store.name if payment.store else ""
