"""What an account holds at an instant: points available by date, waiting or owed, and when they expire.

Availability is decided by the calendar, never by whether the nightly expiry has run.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min, Q, QuerySet, Sum

from loyalty.dates import local_date
from loyalty.models import Lot, PointAccount


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that can be spent through the end of a day."""

    expires_on: date
    points: int


@dataclass(frozen=True, slots=True)
class ExpiringMonth:
    """Points that expire in the course of a month, the first of them on a day."""

    month: date
    first_on: date
    last_on: date
    points: int


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


def balance_of(account: PointAccount, *, at: datetime, expiries: int = 5) -> Balance:
    """Return the points of the account at an instant, with the next days on which points expire, in order.

    Takes two queries whatever the age of the account; one when no expiries are asked for.
    """
    today = local_date(at, account.programme.zone)
    live = _live_lots(account, today)
    sums = live.aggregate(
        available=Sum("remaining_points", filter=Q(available_on__lte=today), default=0),
        waiting=Sum("remaining_points", filter=Q(available_on__gt=today), default=0),
        waiting_until=Min("available_on", filter=Q(available_on__gt=today)),
    )
    return Balance(
        available_points=sums["available"],
        waiting_points=sums["waiting"],
        waiting_until=sums["waiting_until"],
        owed_points=account.owed_points,
        expiries=tuple(
            Expiring(expires_on, points)
            for expires_on, points in live.values_list("expires_on")
            .annotate(points=Sum("remaining_points"))
            .order_by("expires_on")[:expiries]
        ),
    )


def expiry_calendar(account: PointAccount, *, at: datetime) -> list[ExpiringMonth]:
    """Return all points that the account holds, by the month in which they expire."""
    live = _live_lots(account, local_date(at, account.programme.zone))
    months: dict[date, ExpiringMonth] = {}
    for expires_on, points in (
        live.values_list("expires_on").annotate(points=Sum("remaining_points")).order_by("expires_on")
    ):
        month = expires_on.replace(day=1)
        before = months.get(month)
        months[month] = ExpiringMonth(
            month=month,
            first_on=before.first_on if before else expires_on,
            last_on=expires_on,
            points=points + (before.points if before else 0),
        )
    return list(months.values())


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
