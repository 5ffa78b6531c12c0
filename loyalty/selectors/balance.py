"""What an account holds at an instant: points available by date, waiting or owed, and when they expire.

Availability is decided by the calendar, never by whether the nightly expiry has run.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, starmap

from django.db.models import QuerySet, Sum

from core.prepared import prepared_rows
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
    def next_are_all_available(self) -> bool:
        """Whether the first points to expire are no more than can be spent now."""
        return self.next_expiry is None or self.next_expiry.points <= self.available_points

    @property
    def later_expiries(self) -> tuple[Expiring, ...]:
        """Those that follow the first."""
        return self.expiries[1:]


# The number of days stands in the text: a plan that is kept must know that it is small.
BALANCE = """
SELECT next.expires_on, next.points, everything.points, everything.waiting, everything.waiting_until
FROM (
    SELECT coalesce(sum(remaining_points), 0)::bigint AS points,
           coalesce(sum(remaining_points) FILTER (WHERE available_on > %(today)s), 0)::bigint AS waiting,
           min(available_on) FILTER (WHERE available_on > %(today)s) AS waiting_until
    FROM loyalty_lot
    WHERE account_id = %(account)s AND remaining_points > 0 AND expires_on >= %(today)s
) everything LEFT JOIN (
    SELECT expires_on, sum(remaining_points)::bigint AS points
    FROM loyalty_lot
    WHERE account_id = %(account)s AND remaining_points > 0 AND expires_on >= %(today)s
    GROUP BY expires_on ORDER BY expires_on LIMIT 5
) next ON true
ORDER BY next.expires_on
"""


def balance_of(account: PointAccount, *, at: datetime) -> Balance:
    """Return the points of the account at an instant, and the next five days on which some expire.

    Takes one query whatever the age of the account.
    """
    today = local_date(at, account.programme.zone)
    rows = prepared_rows(BALANCE, {"account": account.pk, "today": today})
    _, _, held, waiting, waiting_until = rows[0]
    return Balance(
        available_points=held - waiting,
        waiting_points=waiting,
        waiting_until=waiting_until,
        owed_points=account.owed_points,
        expiries=tuple(Expiring(expires_on, points) for expires_on, points, *_ in rows if expires_on),
    )


def balance_to_tell(account: PointAccount, *, at: datetime) -> Balance:
    """Return the points on which the member may count, as their pages tell them.

    Whoever lost theirs by leaving may count on none, though some of an earlier purchase may have come since:
    they are about to end.
    """
    if not account.may_spend:
        return Balance(0, 0, None, account.owed_points, ())
    return balance_of(account, at=at)


def expiry_calendar(account: PointAccount, *, at: datetime) -> list[ExpiringMonth]:
    """Return all points on which the member may count, by the month in which they expire."""
    if not account.may_spend:
        return []
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
