"""What tests of the pages of rules have in common: the quoted rule as its form sends it, and the instant."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils.text import slugify

from loyalty.earning.versions import digest_of
from loyalty.models import EarningRule
from partners.models import Partner
from tests.admin.conftest import Story
from tests.factories import make_rule

TODAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""A Monday, the day after everything else in the story."""


def page(name: str, *arguments: object, **asked: object) -> str:
    """Return the address of a page of rules."""
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return reverse(f"admin:loyalty_earningrule_{name}", args=arguments) + (f"?{query}" if query else "")


def add_rule(
    story: Story,
    name: str,
    *,
    effect: str = "bonus",
    at: datetime = TODAY,
    **terms: Any,  # noqa: ANN401 - the columns of a rule
) -> EarningRule:
    """Make a rule of the story's programme and schedule it at once, a fixed bonus unless said otherwise."""
    return make_rule(
        programme=story.programme, code=slugify(name), name_en=name, effect=effect, at=at, **terms
    )


def number_of(partner: str) -> int:
    """Return the number of a partner."""
    return Partner.objects.get(code=partner).pk


def saturdays(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - what a browser sends
    """Return the form of the rule that the story of this portal quotes, or of one close to it."""
    return {
        "name_fr": "Samedis de décembre",
        "name_en": "December Saturdays",
        "effect": "multiplier",
        "factor_percent": "2",
        "is_stackable": "on",
        "priority": "0",
        "partner_ids": [str(number_of("boulanger"))],
        "weekdays": ["6"],
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-31",
        "limit_points": "500",
        "limit_period": "life",
    } | other


def seen(rule: EarningRule) -> dict[str, str]:
    """Return what a form sends of the terms that were read."""
    rule.refresh_from_db()
    return {"seen": digest_of(rule)}


def errors_after(client: Client, address: str, fields: dict[str, Any]) -> dict[str, list[str]]:
    """Send a form that is refused, and return what is said beside each field."""
    before = EarningRule.objects.count()
    answer = client.post(address, fields)
    assert answer.status_code == 200
    assert EarningRule.objects.count() == before
    return {name: [str(one) for one in errors] for name, errors in answer.context["form"].errors.items()}
