"""The lot of points that are earned or given on a day, by the rules that their programme has today."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from loyalty.dates import expiry_date, local_date
from loyalty.ledger.movements import LotDates
from loyalty.models import Programme


def new_lot(programme: Programme, *, at: datetime) -> LotDates:
    """Return the days between which points earned at an instant can be spent."""
    return lot_of(local_date(at, programme.zone), programme)


def lot_at_once(programme: Programme, *, at: datetime) -> LotDates:
    """Return the same for points that wait for nothing: they can be spent from the day of the instant on."""
    return _lot(local_date(at, programme.zone), programme.points_validity_years, programme.expiry_rounding, 0)


def lot_of(earned_on: date, programme: Programme) -> LotDates:
    """Return the days between which points earned on a day can be spent."""
    return _lot(
        earned_on,
        programme.points_validity_years,
        programme.expiry_rounding,
        programme.days_until_available,
    )


@lru_cache(maxsize=5000)
def _lot(earned_on: date, years: int, rounding: str, days_until_available: int) -> LotDates:
    expires_on = expiry_date(earned_on, years=years, rounding=rounding)
    return LotDates(expires_on, earned_on + timedelta(days=days_until_available))
