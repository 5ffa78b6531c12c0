"""The lot of points that are earned at an instant, by the rules that their programme has today."""

from datetime import datetime, timedelta

from loyalty.dates import expiry_date, local_date
from loyalty.ledger.movements import LotDates
from loyalty.models import Programme


def new_lot(programme: Programme, *, at: datetime) -> LotDates:
    """Return the days between which points earned at an instant can be spent."""
    today = local_date(at, programme.zone)
    expires_on = expiry_date(today, years=programme.points_validity_years, rounding=programme.expiry_rounding)
    return LotDates(expires_on, today + timedelta(days=programme.days_until_available))
