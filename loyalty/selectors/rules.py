"""The rules by which purchases earn points."""

from datetime import datetime

from django.db.models import Q

from core.prepared import Given, PreparedQuery
from loyalty.models import EarningRule, Programme, RuleEffect


def general_rule(programme: Programme, *, at: datetime) -> EarningRule | None:
    """Return the rule that gives points for every purchase made at an instant, whoever makes it and where.

    Texts quote it; none while no such rule is in force, the oldest when there are several. One query.
    """
    return _GENERAL.first(programme=programme.pk, at=at)


_GENERAL = PreparedQuery(
    lambda: EarningRule.objects.filter(
        Q(applies_from__isnull=True) | Q(applies_from__lte=Given("at")),
        Q(applies_until__isnull=True) | Q(applies_until__gt=Given("at")),
        programme=Given("programme"),
        scheduled_at__isnull=False,
        effect=RuleEffect.BASE,
        partner_ids=[],
        store_ids=[],
        card_product_ids=[],
        group_ids=[],
        channel="",
        starts_on__isnull=True,
        ends_on__isnull=True,
        weekdays=[],
        from_hour__isnull=True,
        until_hour__isnull=True,
        minimum_cents__isnull=True,
        is_birthday_month=False,
        limit_points__isnull=True,
        budget_points__isnull=True,
    ).order_by("pk")[:1]
)
