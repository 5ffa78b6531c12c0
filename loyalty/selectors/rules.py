"""The rules by which purchases earn points."""

from datetime import datetime

from django.db.models import Q, QuerySet

from core.prepared import Given, PreparedQuery
from loyalty.models import EarningRule, Programme, RuleEffect


def rules_in_force(programme: Programme, *, at: datetime) -> QuerySet[EarningRule]:
    """Return the versions that decide on purchases made at an instant, the oldest rule first."""
    return _in_force(programme, at)


def general_rule(programme: Programme, *, at: datetime) -> EarningRule | None:
    """Return the rule that gives points for every purchase made at an instant, whoever makes it and where.

    Texts quote it; none while no such rule is in force, the oldest when there are several. One query.
    """
    return _GENERAL.first(programme=programme.pk, at=at)


def _in_force(programme: Programme | Given, at: datetime | Given) -> QuerySet[EarningRule]:
    return (
        EarningRule.objects.filter(programme=programme, scheduled_at__isnull=False)
        .filter(Q(applies_from__isnull=True) | Q(applies_from__lte=at))
        .filter(Q(applies_until__isnull=True) | Q(applies_until__gt=at))
        .order_by("pk")
    )


_GENERAL = PreparedQuery(
    lambda: _in_force(Given("programme"), Given("at")).filter(
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
    )[:1]
)
