"""The rule by which purchases earn points."""

from core.prepared import Given, PreparedQuery
from loyalty.models import EarningRule, Programme

_LIVE = PreparedQuery(
    lambda: EarningRule.objects.filter(programme=Given("programme"), is_live=True).order_by("pk")[:1]
)


def live_rule(programme: Programme) -> EarningRule | None:
    """Return the rule for purchases recorded now; none before the first was made live. One query."""
    return _LIVE.first(programme=programme.pk)
