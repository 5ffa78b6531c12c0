"""What an account holds at an instant: points available by date, waiting or owed, and when they expire.

Availability is decided by the calendar, never by whether the nightly expiry has run.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, starmap

from django.db import connection
from django.db.models import QuerySet, Sum

from loyalty.dates import local_date
from loyalty.models import Lot, PointAccount


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that can be spent through the end of a day."""

    expires_on: date
    points: int


@dataclass(frozen=True, slots=True)
class ExpiringMonth:
    """Points that expire in the course of a month, which its first day stands for, by the day."""

    month: date
    days: tuple[Expiring, ...]

    @property
    def points(self) -> int:
        """Return all points that expire in the month."""
        return sum(expiring.points for expiring in self.days)


@dataclass(frozen=True, slots=True)
class Balance:
    """The points of an account: what can be spent now, what waits until a day, and what is owed."""

    available_points: int
    waiting_points: int
    waiting_until: date | None
    owed_points: int
    expiries: tuple[Expiring, ...]

    @property
    def next_expiry(self) -> Expiring | None:
        """The first points to expire."""
        return self.expiries[0] if self.expiries else None

    @property
    def later_expiries(self) -> tuple[Expiring, ...]:
        """Those that follow the first."""
        return self.expiries[1:]


BALANCE = """
WITH days AS (
    SELECT expires_on, sum(remaining_points) AS points,
           coalesce(sum(remaining_points) FILTER (WHERE available_on > %(today)s), 0) AS waiting,
           min(available_on) FILTER (WHERE available_on > %(today)s) AS waiting_until
    FROM loyalty_lot
    WHERE account_id = %(account)s AND remaining_points > 0 AND expires_on >= %(today)s
    GROUP BY expires_on
)
SELECT expires_on, points::bigint, (sum(points) OVER ())::bigint, (sum(waiting) OVER ())::bigint,
       min(waiting_until) OVER ()
FROM days ORDER BY expires_on LIMIT %(days)s
"""


def balance_of(account: PointAccount, *, at: datetime, expiries: int = 5) -> Balance:
    """Return the points of the account at an instant, and when points expire: so many of the next days.

    Takes one query whatever the age of the account.
    """
    today = local_date(at, account.programme.zone)
    with connection.cursor() as cursor:
        cursor.execute(BALANCE, {"account": account.pk, "today": today, "days": max(1, expiries)})
        rows = cursor.fetchall()
    _, _, held, waiting, waiting_until = rows[0] if rows else (None, 0, 0, 0, None)
    return Balance(
        available_points=held - waiting,
        waiting_points=waiting,
        waiting_until=waiting_until,
        owed_points=account.owed_points,
        expiries=tuple(Expiring(expires_on, points) for expires_on, points, *_ in rows[:expiries]),
    )


def expiry_calendar(account: PointAccount, *, at: datetime) -> list[ExpiringMonth]:
    """Return all points that the account holds, by the month in which they expire."""
    live = _live_lots(account, local_date(at, account.programme.zone))
    days = live.values_list("expires_on").annotate(points=Sum("remaining_points")).order_by("expires_on")
    months = groupby(starmap(Expiring, days), key=lambda expiring: expiring.expires_on.replace(day=1))
    return [ExpiringMonth(month, tuple(expiring)) for month, expiring in months]


def points_to_use(account: PointAccount, *, points: int, at: datetime) -> list[Expiring]:
    """Return which points a debit of so many would take now, those that expire first in front.

    The list is shorter than the debit when the available points do not cover it.
    """
    today = local_date(at, account.programme.zone)
    lots = _live_lots(account, today).filter(available_on__lte=today).order_by("expires_on", "available_on")
    taken: dict[date, int] = {}
    wanted = points
    for expires_on, remaining in lots.values_list("expires_on", "remaining_points").iterator(chunk_size=200):
        if wanted <= 0:
            break
        used = min(remaining, wanted)
        taken[expires_on] = taken.get(expires_on, 0) + used
        wanted -= used
    return [Expiring(expires_on, used) for expires_on, used in taken.items()]


def _live_lots(account: PointAccount, today: date) -> QuerySet[Lot]:
    return Lot.objects.filter(account=account, remaining_points__gt=0, expires_on__gte=today)
