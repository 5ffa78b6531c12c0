"""The promotion pages of the story."""

from datetime import date, time

from campaigns.models import Promotion
from demo.story.calendar import instant
from demo.story.promotions import OFFERS
from loyalty.models import Programme
from partners.models import Partner

PROGRAMME = "happy-card"
LAST_MINUTE = time(23, 59)


def publish_offers(day: date) -> None:
    """Write the promotions that are not there yet."""
    programme = Programme.objects.get(code=PROGRAMME)
    partners = Partner.objects.in_bulk(field_name="code")
    for offer in OFFERS:
        Promotion.objects.get_or_create(
            programme=programme,
            slug=offer.slug,
            defaults={
                "illustration": offer.illustration,
                "partner": partners.get(offer.partner),
                "title_fr": offer.title_fr,
                "title_en": offer.title_en,
                "summary_fr": offer.summary_fr,
                "summary_en": offer.summary_en,
                "body_fr": offer.body_fr,
                "body_en": offer.body_en,
                "starts_at": instant(day, offer.starts_days_ago, time.min),
                "ends_at": instant(day, offer.ends_days_ago, LAST_MINUTE),
                "is_published": offer.is_published,
            },
        )
