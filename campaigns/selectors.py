"""Which promotions may be read, and whether they are under way."""

from datetime import datetime

from campaigns.models import Promotion
from core.prepared import Given, PreparedQuery
from loyalty.models import Programme
from partners.models import Partner

MOST_AT_ONCE = 100
"""More promotions than this under way at once would help nobody choose."""


_CURRENT = PreparedQuery(
    lambda: (
        Promotion.objects.filter(
            programme=Given("programme"),
            is_published=True,
            starts_at__lte=Given("at"),
            ends_at__gt=Given("at"),
        )
        .select_related("partner")
        .defer("body_fr", "body_en")
        .order_by("ends_at", "pk")[:MOST_AT_ONCE]
    )
)


def current_promotions(programme: Programme, *, at: datetime, limit: int = MOST_AT_ONCE) -> list[Promotion]:
    """Return the published promotions under way, those that end first in front. One query.

    Their long texts are left out: a list shows none.
    """
    return _CURRENT.all(programme=programme.pk, at=at)[:limit]


def begun_promotion(programme: Programme, *, slug: str, at: datetime) -> Promotion | None:
    """Return the published promotion of this address, over or not, once it has begun. One query."""
    found = (
        Promotion.objects.filter(programme=programme, slug=slug, is_published=True, starts_at__lte=at)
        .select_related("partner")
        .first()
    )
    if found is not None:
        found.programme = programme
    return found


def partners_of(promotions: list[Promotion]) -> list[Partner]:
    """Return the partners that make these promotions, each once, by name. No query."""
    partners = {promotion.partner for promotion in promotions if promotion.partner is not None}
    return sorted(partners, key=lambda partner: (partner.name, partner.pk))
