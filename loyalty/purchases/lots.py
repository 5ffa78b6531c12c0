"""The lot that a purchase grows, fixed when it is recorded by the programme's rule of that day."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from loyalty.dates import expiry_date, local_date
from loyalty.ledger.credit import Credit
from loyalty.ledger.movements import LotDates
from loyalty.models import Programme


def lot_of(purchased_on: date, programme: Programme) -> LotDates:
    """Return the lot of a purchase made on a day."""
    return _lot(
        purchased_on,
        programme.points_validity_years,
        programme.expiry_rounding,
        programme.days_until_available,
    )


@lru_cache(maxsize=5000)
def _lot(purchased_on: date, years: int, rounding: str, days_until_available: int) -> LotDates:
    expires_on = expiry_date(purchased_on, years=years, rounding=rounding)
    return LotDates(expires_on, purchased_on + timedelta(days=days_until_available))


def credit_of(
    *, purchase_id: int, account_id: int, points: int, purchased_at: datetime, programme: Programme
) -> Credit:
    """Return the credit of a purchase."""
    lot = lot_of(local_date(purchased_at, programme.zone), programme)
    return Credit(purchase_id, account_id, points, purchased_at, lot)
