"""The rule by which purchases earn points."""

from loyalty.models import EarningRule, Programme


def live_rule(programme: Programme) -> EarningRule | None:
    """Return the rule for purchases recorded now; none before the first was made live. One query."""
    return EarningRule.objects.filter(programme=programme, is_live=True).order_by("pk").first()
