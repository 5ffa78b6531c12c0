"""The gift cards that a programme offers."""

from core.prepared import Given, PreparedQuery
from loyalty.models import Programme
from rewards.models import GiftCardProduct

_CATALOGUE = PreparedQuery(
    lambda: GiftCardProduct.objects.filter(programme=Given("programme"), is_offered=True).order_by(
        "price_points", "pk"
    )
)


def catalogue_of(programme: Programme) -> list[GiftCardProduct]:
    """Return the gift cards on offer, the cheapest first. One query."""
    return _CATALOGUE.all(programme=programme.pk)


def offered_product(programme: Programme, *, code: str) -> GiftCardProduct | None:
    """Return the gift card on offer that has this code, if there is one. One query."""
    return GiftCardProduct.objects.filter(programme=programme, code=code, is_offered=True).first()
