"""What of an account's expiries can still be undone. Nothing here writes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from loyalty.dates import local_date
from loyalty.models import AdjustmentState, EntryKind, PointAccount
from loyalty.selectors.merged import accounts_behind

# What is expired of a lot and was not given up is shared out among its expiries, the latest first. What was
# brought back before, or is asked for already, is left out.
EXPIRED = """
WITH over AS (
    SELECT u.lot_id, e.id, e.account_id, u.points, l.expires_on,
           l.expired_points - coalesce((SELECT sum(g.points) FROM loyalty_lotuse g
                                        JOIN loyalty_entry h ON h.id = g.entry_id
                                        WHERE g.lot_id = l.id AND h.kind = %(given_up)s), 0) AS expired,
           coalesce(sum(u.points) OVER (PARTITION BY u.lot_id ORDER BY e.id DESC
                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later
    FROM loyalty_entry e
    JOIN loyalty_lotuse u ON u.entry_id = e.id
    JOIN loyalty_lot l ON l.id = u.lot_id
    WHERE e.account_id = ANY(%(accounts)s) AND e.kind = %(expiry)s AND l.expired_points > 0
      AND NOT EXISTS (SELECT FROM loyalty_entry r WHERE r.corrects_id = e.id AND r.kind = %(reinstated)s)
)
SELECT o.id, o.expires_on, least(o.points, o.expired - o.later)::bigint, o.account_id
FROM over o
WHERE o.expires_on >= %(since)s AND o.expired > o.later
  AND NOT EXISTS (
      SELECT FROM loyalty_reinstatedexpiry w JOIN loyalty_adjustmentrequest q ON q.id = w.request_id
      WHERE w.expiry_id = o.id AND q.state = %(requested)s AND q.approve_before > %(at)s
        AND q.id <> %(besides)s)
ORDER BY o.expires_on DESC, o.id DESC
"""


@dataclass(frozen=True, slots=True)
class Reinstatable:
    """An expiry that can be undone: its movement, the last day of its points, and how many are expired.

    The account is that in which they expired: one that leads to another keeps what expired before.
    """

    entry_id: int
    expired_on: date
    points: int
    account_id: int


def reinstatable_expiries(
    account: PointAccount, *, at: datetime, window_days: int | None = None, besides: int = 0
) -> list[Reinstatable]:
    """Return the expiries that can be undone, the latest first: those of the programme's last so many days.

    Those of accounts that lead to this one are among them.
    `window_days` stands for the programme's own; `besides` is a request whose own expiries count as free.
    """
    programme = account.programme
    days = programme.reinstatement_days if window_days is None else window_days
    if days == 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            EXPIRED,
            {
                "accounts": list(accounts_behind(account).values_list("pk", flat=True)),
                "expiry": int(EntryKind.EXPIRY),
                "given_up": int(EntryKind.GIVEN_UP),
                "reinstated": int(EntryKind.REINSTATED),
                "requested": AdjustmentState.REQUESTED.value,
                "since": local_date(at, programme.zone) - timedelta(days=days),
                "at": at,
                "besides": besides,
            },
        )
        return [Reinstatable(*row) for row in cursor.fetchall()]
