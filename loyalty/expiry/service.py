"""Expiring the points whose last day is over, in chunks that are each a transaction of their own.

The chunks walk the lots in the order of their index, so a pass costs as much as what expires, however large
the programme. Nothing here decides whether a point can still be spent: the ledger looks at the dates for
that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import ClassVar, NamedTuple

from django.db import connection, transaction

from core.bulk import bulk_cursor
from core.errors import DomainError
from loyalty.dates import local_date
from loyalty.expiry.pace import FEWEST, Pace
from loyalty.ledger.expire import post_expiries
from loyalty.models import Lot, Programme


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


# The number of lots stands in the text: a plan that is kept must know that it is small. When there may be
# more, the commit does not wait for the disk: the last one of the pass does, for all before it. A server that
# loses its power forgets at most the latest chunks, whole and with the place reached, and the next pass
# expires them again. Nobody was told of them.
DUE = """
WITH due AS (
    SELECT l.expires_on, l.account_id
    FROM loyalty_lot l JOIN loyalty_pointaccount a ON a.id = l.account_id
    WHERE a.programme_id = %(programme)s AND l.remaining_points > 0 AND l.expires_on < %(date)s
      AND (l.expires_on, l.account_id) > (%(after_day)s, %(after_account)s)
    ORDER BY l.expires_on, l.account_id LIMIT LOTS
)
SELECT count(*), array_agg(DISTINCT account_id), max(expires_on),
       (array_agg(account_id ORDER BY expires_on, account_id))[count(*)],
       set_config('synchronous_commit',
                  CASE WHEN count(*) = LOTS THEN 'off' ELSE current_setting('synchronous_commit') END, true)
FROM due
"""

PLANNED_ONCE = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"
"""Every chunk finds its lots by the same index: nothing is planned again for it."""


@transaction.atomic
def expire_chunk(
    *, programme: Programme, business_date: date, after: Place, at: datetime, lots: int = FEWEST
) -> Expired:
    """Expire the next lots whose last day is before the date; a lot is never expired twice.

    So many lots, and others of the same accounts that are over by then as well. The movements are posted at
    `at`, an instant of that date or later in the programme's time zone. Whoever wants to spend their points
    meanwhile waits for this one transaction.
    """
    with bulk_cursor(keeps_plans=True) as cursor:
        cursor.execute(PLANNED_ONCE)
        cursor.execute(
            DUE.replace("LOTS", str(lots)),
            {
                "programme": programme.pk,
                "date": business_date,
                "after_day": after.expires_on,
                "after_account": after.account_id,
            },
        )
        ((found, account_ids, last_day, last_account, _how_it_commits),) = cursor.fetchall()
    if not found:
        if after != START:
            _wait_for_what_was_committed()
        return Expired()
    ended = post_expiries(account_ids, today=business_date, zone=programme.zone, at=at)
    place = Place(last_day, last_account) if found == lots else None
    return Expired(ended.accounts, ended.lots, ended.points, place)


def _wait_for_what_was_committed() -> None:
    """Write a word into the log, as nothing else is written: this commit then waits for all before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'expiry', '')")


def expire_points(
    *,
    programme: Programme,
    as_of: date,
    at: datetime,
    on_progress: Callable[[Expired], object] | None = None,
) -> Expired:
    """Expire everything of the programme whose last day is before `as_of`; return the totals.

    `at` is now, when the movements are posted, also for an earlier date. Each chunk is told to `on_progress`
    and commits by itself, so a killed pass is simply started again; a repeat changes nothing. Raises
    ExpiryInFuture when the date has not come in the programme's time zone.
    """
    refuse_future(programme=programme, as_of=as_of, at=at)
    accounts = lots = points = 0
    place: Place | None = START
    pace = Pace()
    while place is not None:
        started = monotonic()
        chunk = expire_chunk(programme=programme, business_date=as_of, after=place, at=at, lots=pace.lots)
        pace.took(monotonic() - started)
        if on_progress is not None:
            on_progress(chunk)
        accounts += chunk.accounts
        lots += chunk.lots
        points += chunk.points
        place = chunk.place
    return Expired(accounts, lots, points)
