"""The newest movements of an account as the home page shows them: when, where and how many points."""

from dataclasses import dataclass
from datetime import date

from core.prepared import prepared_rows
from loyalty.dates import local_date
from loyalty.models import EntryKind, PointAccount


@dataclass(frozen=True, slots=True)
class LatestMovement:
    """A movement without its verdict. Its date is a day in the programme's time zone."""

    kind: EntryKind
    happened_on: date
    points: int
    store_name: str
    amount_cents: int
    currency: str

    @property
    def title(self) -> str:
        """Where it happened or, for points that move by themselves, what happened."""
        return self.store_name or str(self.kind.label)

    @property
    def is_return(self) -> bool:
        """Whether goods were brought back."""
        return self.kind is EntryKind.RETURN

    @property
    def is_expiry(self) -> bool:
        """Whether the points were lost because nobody spent them."""
        return self.kind is EntryKind.EXPIRY


# The number of rows stands in the text: a plan that is kept must know that it is small.
LATEST = """
SELECT e.kind, e.occurred_at, e.points, coalesce(s.name, ''), coalesce(p.amount_cents, 0)
FROM loyalty_entry e
LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
LEFT JOIN partners_store s ON s.id = p.store_id
WHERE e.account_id = %(account)s ORDER BY e.id DESC LIMIT 5
"""


def latest_movements(account: PointAccount) -> tuple[LatestMovement, ...]:
    """Return the five newest movements of the account. One query."""
    zone, currency = account.programme.zone, account.programme.currency
    return tuple(
        LatestMovement(EntryKind(kind), local_date(occurred_at, zone), points, store, cents, currency)
        for kind, occurred_at, points, store, cents in prepared_rows(LATEST, {"account": account.pk})
    )
