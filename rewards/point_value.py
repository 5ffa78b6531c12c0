"""What a point is worth: what the cheapest gift card that is offered gives for it."""

from loyalty.models import Programme
from loyalty.point_value import PointValue, register_point_value
from rewards.models import GiftCardProduct


def value_by_cheapest_gift_card(programme: Programme) -> PointValue | None:
    """Return the face value and the price of the gift card that costs the fewest points. One query."""
    offered = GiftCardProduct.objects.filter(programme=programme, is_offered=True)
    cheapest = offered.order_by("price_points", "-face_value_cents", "pk").first()
    return PointValue(cheapest.face_value_cents, cheapest.price_points) if cheapest else None


def register_gift_card_value() -> None:
    """Say to the loyalty app what a point is worth."""
    register_point_value(value_by_cheapest_gift_card)
