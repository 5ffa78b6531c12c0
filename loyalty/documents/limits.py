"""How many documents an account may have made: each takes a process of its own for a second or so."""

from datetime import datetime

from django.core.cache import cache

from loyalty.models import PointAccount

MOST_AN_HOUR = 30
SECONDS_AN_HOUR = 3600


def may_make_document(account: PointAccount, *, at: datetime) -> bool:
    """Count one more document for the account in the hour of this instant, and say whether it may be made."""
    key = f"documents:{account.pk}:{at:%Y-%m-%d-%H}"
    cache.add(key, 0, SECONDS_AN_HOUR)
    return cache.incr(key) <= MOST_AN_HOUR
