"""Which promotions may be read, and whether they are under way."""

from datetime import datetime

from campaigns.models import Promotion
from loyalty.models import Programme


def current_promotions(programme: Programme, *, at: datetime, limit: int = 50) -> list[Promotion]:
    """Return the published promotions under way, those that end first in front. One query."""
    return list(
        Promotion.objects.filter(programme=programme, is_published=True, starts_at__lte=at, ends_at__gt=at)
        .select_related("partner")
        .order_by("ends_at", "pk")[:limit]
    )


def begun_promotion(programme: Programme, *, slug: str, at: datetime) -> Promotion | None:
    """Return the published promotion of this address, over or not, once it has begun. One query."""
    return (
        Promotion.objects.filter(programme=programme, slug=slug, is_published=True, starts_at__lte=at)
        .select_related("partner")
        .first()
    )
