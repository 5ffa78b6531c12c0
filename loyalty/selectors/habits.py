"""What a member's latest purchases tell: where they shop."""

from collections import Counter
from datetime import datetime

from loyalty.models import Entry, EntryKind, PointAccount

LATEST = 200
"""How many purchases and returns are looked at, so that a long history costs what a short one does."""


def partners_by_spending(account: PointAccount, *, since: datetime) -> list[int]:
    """Return the ids of the partners where the member spent money since then, most first. One query.

    Of the latest purchases and returns only: what was paid, less what was given back.
    """
    latest = (
        Entry.objects.filter(account=account, purchase__isnull=False)
        .order_by("-pk")
        .values_list("kind", "purchase__partner", "purchase__amount_cents", "purchase__purchased_at")[:LATEST]
    )
    spent_cents: Counter[int] = Counter()
    for kind, partner, amount_cents, purchased_at in latest:
        if purchased_at >= since:
            spent_cents[partner] += -amount_cents if kind == EntryKind.RETURN else amount_cents
    return [partner for partner, cents in spent_cents.most_common() if cents > 0]
