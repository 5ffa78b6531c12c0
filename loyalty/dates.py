"""On which day a purchase falls and when its points expire, by the calendar of the programme's time zone."""

import calendar
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from loyalty.models import ExpiryRounding


@lru_cache(maxsize=20_000)
def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day of an instant in the programme's time zone. A chunk of a file asks for each thrice."""
    return instant.astimezone(zone).date()


def instant_of(day: date, hour: time, zone: ZoneInfo) -> datetime | None:
    """Return when clocks of a time zone first show an hour of a day; none when they leap over it."""
    instant = datetime.combine(day, hour, tzinfo=zone)
    is_shown = instant.astimezone(UTC).astimezone(zone).time() == hour
    return instant if is_shown else None


@lru_cache(maxsize=5000)
def expiry_date(earned_on: date, *, years: int, rounding: str = ExpiryRounding.DAY) -> date:
    """Return the last day on which points earned on a day can be spent, through its end.

    That is the same day of the calendar `years` later; 29 February becomes 28 February in a year that has
    none. Rounding moves it to the end of its month or year, never earlier.
    """
    year = earned_on.year + years
    day = min(earned_on.day, calendar.monthrange(year, earned_on.month)[1])
    if rounding == ExpiryRounding.MONTH:
        day = calendar.monthrange(year, earned_on.month)[1]
    if rounding == ExpiryRounding.YEAR:
        return date(year, 12, 31)
    return date(year, earned_on.month, day)
