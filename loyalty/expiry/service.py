"""Expiring the points whose last day is over, in chunks that are each a transaction of their own.

The chunks walk the lots in the order of their index, so a pass costs as much as what expires, however large
the programme. Nothing here decides whether a point can still be spent: the ledger looks at the dates for
that.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from time import monotonic
from typing import ClassVar, NamedTuple

from django.db import connection, transaction

from core.bulk import bulk_cursor
from core.errors import DomainError
from core.threads import two_at_once
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


# The number of lots stands in the text: a plan that is kept must know that it is small.
DUE = """
WITH due AS (
    SELECT l.expires_on, l.account_id
    FROM loyalty_lot l JOIN loyalty_pointaccount a ON a.id = l.account_id
    WHERE a.programme_id = %(programme)s AND l.remaining_points > 0 AND l.expires_on < %(date)s
      AND (l.expires_on, l.account_id) > (%(after_day)s, %(after_account)s)
    ORDER BY l.expires_on, l.account_id LIMIT LOTS
)
SELECT count(*), array_agg(DISTINCT account_id), max(expires_on),
       (array_agg(account_id ORDER BY expires_on, account_id))[count(*)]
FROM due
"""

PLANNED_ONCE = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"
"""Every chunk finds its lots by the same index: nothing is planned again for it."""


class Due(NamedTuple):
    """The accounts of the next lots that are over, and the place reached by these (None: the end)."""

    account_ids: Sequence[int]
    place: Place | None


def _next_due(programme: Programme, business_date: date, after: Place, lots: int) -> Due:
    """Find the next so many lots whose last day is before the date."""
    with bulk_cursor(keeps_plans=True) as cursor:
        cursor.execute(
            DUE.replace("LOTS", str(lots)),
            {
                "programme": programme.pk,
                "date": business_date,
                "after_day": after.expires_on,
                "after_account": after.account_id,
            },
        )
        ((found, account_ids, last_day, last_account),) = cursor.fetchall()
    return Due(account_ids or (), Place(last_day, last_account) if found == lots else None)


@transaction.atomic
def expire_chunk(
    *, programme: Programme, business_date: date, after: Place, at: datetime, lots: int = FEWEST
) -> Expired:
    """Expire the next lots whose last day is before the date; a lot is never expired twice.

    So many lots, and others of the same accounts that are over by then as well. The movements are posted at
    `at`, an instant of that date or later in the programme's time zone. Whoever wants to spend their points
    meanwhile waits for this one transaction.
    """
    _plan_once()
    due = _next_due(programme, business_date, after, lots)
    ended = post_expiries(due.account_ids, today=business_date, zone=programme.zone, at=at)
    return Expired(ended.accounts, ended.lots, ended.points, due.place)


def _plan_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PLANNED_ONCE)


def expire_points(
    *,
    programme: Programme,
    as_of: date,
    at: datetime,
    on_progress: Callable[[Expired], object] | None = None,
) -> Expired:
    """Expire everything of the programme whose last day is before `as_of`; return the totals.

    `at` is now, when the movements are posted, also for an earlier date. Each chunk commits by itself, two at
    once, and is then told to `on_progress`; so a killed pass is simply started again, and a repeat changes
    nothing. Raises ExpiryInFuture when the date has not come in the programme's time zone.
    """
    refuse_future(programme=programme, as_of=as_of, at=at)
    pace = Pace()
    accounts = lots = points = 0
    post = partial(_post, programme=programme, as_of=as_of, at=at, pace=pace)
    with closing(two_at_once(_all_due(programme, as_of, pace), post)) as chunks:
        for chunk in chunks:
            if on_progress is not None:
                on_progress(chunk)
            accounts += chunk.accounts
            lots += chunk.lots
            points += chunk.points
    return Expired(accounts, lots, points)


def _all_due(programme: Programme, as_of: date, pace: Pace) -> Iterator[Sequence[int]]:
    """Yield the accounts of one chunk of lots that are over after the other."""
    place: Place | None = START
    while place is not None:
        due = _next_due(programme, as_of, place, pace.lots)
        if due.account_ids:
            yield due.account_ids
        place = due.place


def _post(
    account_ids: Sequence[int], *, programme: Programme, as_of: date, at: datetime, pace: Pace
) -> Expired:
    """End what is over in the accounts, in a transaction of its own, or in the caller's."""
    is_own = not connection.in_atomic_block
    started = monotonic()
    with transaction.atomic():
        if is_own:
            _plan_once()
        ended = post_expiries(account_ids, today=as_of, zone=programme.zone, at=at)
    pace.took(monotonic() - started)
    return Expired(ended.accounts, ended.lots, ended.points)
