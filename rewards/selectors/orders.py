"""The orders of an account."""

from uuid import UUID

from loyalty.models import PointAccount
from rewards.models import Order


def orders_of(account: PointAccount, *, limit: int = 50) -> list[Order]:
    """Return the latest orders with product and gift card, the newest first. One query."""
    orders = Order.objects.filter(account=account).select_related("product", "gift_card")
    return list(orders.order_by("-ordered_at", "-pk")[:limit])


def order_of(account: PointAccount, *, public_id: UUID) -> Order | None:
    """Return the account's order with product and gift card; nothing when it is not theirs. One query."""
    orders = Order.objects.filter(account=account, public_id=public_id)
    return orders.select_related("product", "gift_card").first()
