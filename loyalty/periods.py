"""The periods that members usually ask for, by the calendar."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """From a day through another; a whole month or a whole calendar year, as far as it has come."""

    since: date
    until: date
    is_year: bool


def usual_periods(today: date) -> list[Period]:
    """Return this month and the last, this year and the last; what is under way ends today."""
    this_month = today.replace(day=1)
    month_before = this_month - timedelta(days=1)
    this_year = today.replace(month=1, day=1)
    year_before = this_year - timedelta(days=1)
    return [
        Period(this_month, today, is_year=False),
        Period(month_before.replace(day=1), month_before, is_year=False),
        Period(this_year, today, is_year=True),
        Period(year_before.replace(month=1, day=1), year_before, is_year=True),
    ]
