"""Lines that wait although what they waited for has come.

Imports settle what they can themselves. Two that commit at the same moment may not see each other: one
parks a line for a card that the other just brought. The sweeper finds such lines.
"""

from datetime import datetime

from core.jobs import register_sweeper
from loyalty.models import Programme
from loyalty.purchases.elsewhere import bring_returns_home
from loyalty.purchases.settle import settle_parked

LINES_AT_ONCE = 1000
ROUNDS = 5


def settle_stray_lines(at: datetime) -> int:
    """Settle a bounded number of parked lines of each programme; return how many. The next sweep goes on.

    Returns that wait in another programme than their purchase are taken home before.
    """
    bring_returns_home(at, limit=LINES_AT_ONCE)
    settled = 0
    for programme in Programme.objects.order_by("pk"):
        for _ in range(ROUNDS):
            count = settle_parked(programme=programme, at=at, limit=LINES_AT_ONCE)
            settled += count
            if not count:
                break
    return settled


def register_stray_lines_sweeper() -> None:
    """Look every ten minutes: such lines are rare, and nothing else depends on them."""
    register_sweeper("stray lines", settle_stray_lines, every_minutes=10)
