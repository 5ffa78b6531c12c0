"""Expiring the points whose last day is over, in chunks that are each a transaction of their own.

The chunks walk the lots in the order of their index, so a pass costs as much as what expires, however large
the programme. Nothing here decides whether a point can still be spent: the ledger looks at the dates for
that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar, NamedTuple

from django.db import connection, transaction

from core.errors import DomainError
from loyalty.dates import local_date
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, Lot, Programme

LOTS_AT_ONCE = 200
"""Small enough that a member whose account is in the chunk does not notice the wait for its lock."""


class ExpiryInFuture(DomainError):
    """The date asked for has not come, so points that can still be spent would be lost."""

    code: ClassVar[str] = "expiry_in_future"


class Place(NamedTuple):
    """How far a pass has come: the lots up to this one are done."""

    expires_on: date
    account_id: int


START = Place(date.min, 0)


@dataclass(frozen=True, slots=True)
class Expired:
    """What was written down, of how many accounts, and the place reached (None: the end)."""

    accounts: int = 0
    lots: int = 0
    points: int = 0
    place: Place | None = None


def refuse_future(*, programme: Programme, as_of: date, at: datetime) -> None:
    """Raise ExpiryInFuture when, at the instant `at`, the date has not come in the programme's time zone."""
    today = local_date(at, programme.zone)
    if as_of > today:
        message = f"{as_of} has not come yet in {programme.name}, where it is {today}: points would be lost."
        raise ExpiryInFuture(message)


def count_due_lots(*, programme: Programme, business_date: date) -> int:
    """Return how many lots are over on the date and not yet written down as expired."""
    due = Lot.objects.filter(
        account__programme=programme, expires_on__lt=business_date, remaining_points__gt=0
    )
    return due.count()


@transaction.atomic
def expire_chunk(*, programme: Programme, business_date: date, after: Place, at: datetime) -> Expired:
    """Expire the next lots whose last day is before the date; a lot is never expired twice.

    `at` is an instant of that date or later in the programme's time zone. Whoever wants to spend one of these
    accounts' points meanwhile waits for this one transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.expires_on, l.account_id
            FROM loyalty_lot l JOIN loyalty_pointaccount a ON a.id = l.account_id
            WHERE a.programme_id = %s AND l.remaining_points > 0 AND l.expires_on < %s
              AND (l.expires_on, l.account_id) > (%s, %s)
            ORDER BY l.expires_on, l.account_id LIMIT %s
            """,
            [programme.pk, business_date, after.expires_on, after.account_id, LOTS_AT_ONCE],
        )
        rows = [Place(*row) for row in cursor.fetchall()]
        entries = post_batch(
            [
                Movement(account_id=account_id, kind=EntryKind.EXPIRY, points=0, occurred_at=at)
                for account_id in sorted({place.account_id for place in rows})
            ],
            zone=programme.zone,
            at=at,
        )
        cursor.execute(
            "SELECT count(DISTINCT account_id), count(*), coalesce(-sum(points), 0)::bigint"
            " FROM loyalty_entry WHERE id = ANY(%s)",
            [entries],
        )
        changed, lots, points = cursor.fetchone()
    return Expired(changed, lots, points, rows[-1] if len(rows) == LOTS_AT_ONCE else None)


def expire_points(
    *,
    programme: Programme,
    as_of: date,
    at: datetime,
    on_progress: Callable[[Expired], object] | None = None,
) -> Expired:
    """Expire everything of the programme whose last day is before `as_of`; return the totals.

    `at` is now. For an earlier date the movements are posted as of its midnight, when they were due. Each
    chunk is told to `on_progress` and commits by itself, so a killed pass is simply started again; a repeat
    changes nothing. Raises ExpiryInFuture when the date has not come in the programme's time zone.
    """
    refuse_future(programme=programme, as_of=as_of, at=at)
    is_today = as_of == local_date(at, programme.zone)
    posted_at = at if is_today else datetime.combine(as_of, time.min, programme.zone)
    accounts = lots = points = 0
    place: Place | None = START
    while place is not None:
        chunk = expire_chunk(programme=programme, business_date=as_of, after=place, at=posted_at)
        if on_progress is not None:
            on_progress(chunk)
        accounts += chunk.accounts
        lots += chunk.lots
        points += chunk.points
        place = chunk.place
    return Expired(accounts, lots, points)
