"""Days of the week, hours and periods of rules as people say them, in the active language. No database."""

from calendar import monthrange
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Literal

from babel.dates import format_date, get_day_names
from babel.lists import format_list
from django.utils.translation import pgettext

from core.formatting import NO_BREAK_SPACE, active_locale, day, in_language, month
from loyalty.models.rules import DAYS_OF_A_WEEK, HOURS_OF_A_DAY

NEAR = timedelta(days=300)
"""A period that lies within so many days of today is said without its year."""

FEW_DAYS = 2
"""So many days of the week are listed; more of them in a row are said from the first to the last."""

FRENCH_VOWELS = ("a", "o")
"""French writes `d’avril`, `d’août` and `d’octobre`; the other months begin with a consonant."""

DECEMBER = 12


def joined(words: Collection[str], *, style: Literal["standard", "or"] = "standard") -> str:
    """Join words as a list is joined in the active language."""
    return format_list(list(words), style=style, locale=active_locale())


def weekdays_in_words(weekdays: Collection[int]) -> str:
    """Say on which days of the week: `on Saturdays`, `le samedi et le dimanche`, `du lundi au vendredi`."""
    days = sorted(weekdays)
    if is_a_span(days):
        names = get_day_names("wide", locale=active_locale())
        return pgettext("days of the week", "from %(first)s to %(last)s") % {
            "first": names[days[0] - 1],
            "last": names[days[-1] - 1],
        }
    every = {
        1: pgettext("on every", "Mondays"),
        2: pgettext("on every", "Tuesdays"),
        3: pgettext("on every", "Wednesdays"),
        4: pgettext("on every", "Thursdays"),
        5: pgettext("on every", "Fridays"),
        6: pgettext("on every", "Saturdays"),
        DAYS_OF_A_WEEK: pgettext("on every", "Sundays"),
    }
    return pgettext("days of the week", "on %(days)s") % {"days": joined([every[one] for one in days])}


def is_a_span(days: Sequence[int]) -> bool:
    """Whether days of the week, in order, are said from the first to the last."""
    return len(days) > FEW_DAYS and days[-1] - days[0] == len(days) - 1


def hours_in_words(first: int | None, end: int | None, *, of_certain_days: bool = False) -> str:
    """Say during which hours, such as `from 18:00 to midnight` or `avant 12 h`; nothing for a whole day.

    Each purchase counts for the day on which it was made. So hours over midnight are said as the two ends of
    a day where only certain days count: the night that begins on a Saturday is no Saturday any more.
    """
    starts_later, ends_earlier = bool(first), end is not None and end < HOURS_OF_A_DAY
    if of_certain_days and first and end is not None and first > end:
        return pgettext("hours", "before %(last)s and from %(first)s onwards") % {
            "first": hour_in_words(first),
            "last": hour_in_words(end),
        }
    if starts_later and end is not None:
        return pgettext("hours", "from %(first)s to %(last)s") % {
            "first": hour_in_words(first),
            "last": hour_in_words(end),
        }
    if starts_later:
        return pgettext("hours", "from %(first)s onwards") % {"first": hour_in_words(first)}
    if ends_earlier:
        return pgettext("hours", "before %(last)s") % {"last": hour_in_words(end)}
    return ""


def hour_in_words(hour: int | None) -> str:
    """Write a full hour as clocks show it; nothing stands for midnight, where days begin and end."""
    if hour in (0, None, HOURS_OF_A_DAY):
        return pgettext("hours", "midnight")
    return in_language(french=f"{hour}{NO_BREAK_SPACE}h", english=f"{hour:02d}:00")


def period_in_words(starts_on: date | None, ends_on: date | None, *, today: date | None = None) -> str:
    """Say in which days, such as `in December` or `du 1er au 24 décembre 2026`; nothing for an open period.

    The year is left out where today makes it clear.
    """
    with_year = not _is_near(starts_on, ends_on, today)
    if starts_on and ends_on:
        return _between(starts_on, ends_on, with_year=with_year)
    if starts_on:
        return pgettext("period", "from %(first)s on") % {"first": _day(starts_on, with_year=with_year)}
    if ends_on:
        return pgettext("period", "through %(last)s") % {"last": _day(ends_on, with_year=with_year)}
    return ""


def day_in_words(value: date, *, beside: date) -> str:
    """Write a day without its year where that is the one of a day which is said beside it."""
    return _day(value, with_year=value.year != beside.year)


def _is_near(starts_on: date | None, ends_on: date | None, today: date | None) -> bool:
    if today is None:
        return False
    is_over = ends_on is not None and ends_on < today
    begins_near = starts_on is None or abs(starts_on - today) <= NEAR
    ends_near = ends_on is None or ends_on - today <= NEAR
    is_past_start = ends_on is None and starts_on is not None and starts_on < today
    return begins_near and ends_near and not is_over and not is_past_start


def _between(first: date, last: date, *, with_year: bool) -> str:
    is_of_months = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    is_of_one_year = first.year == last.year
    if first == last:
        return pgettext("period", "on %(day)s") % {"day": _day(first, with_year=with_year)}
    if is_of_months and is_of_one_year and (first.month, last.month) == (1, DECEMBER):
        return pgettext("period", "in %(year)s") % {"year": first.year}
    if is_of_months and is_of_one_year and first.month == last.month:
        return pgettext("period", "in %(month)s") % {"month": _month(first, with_year=with_year)}
    if is_of_months:
        start = _month(first, with_year=with_year and not is_of_one_year)
        sentence = (
            pgettext("months, the first begins with a vowel", "from %(first)s to %(last)s")
            if start.startswith(FRENCH_VOWELS)
            else pgettext("months", "from %(first)s to %(last)s")
        )
        return sentence % {"first": start, "last": _month(last, with_year=with_year)}
    is_of_one_month = is_of_one_year and first.month == last.month
    return pgettext("days", "from %(first)s to %(last)s") % {
        "first": _bare_day(first)
        if is_of_one_month
        else _day(first, with_year=with_year and not is_of_one_year),
        "last": _day(last, with_year=with_year),
    }


def _month(value: date, *, with_year: bool) -> str:
    return month(value) if with_year else format_date(value, "MMMM", locale=active_locale())


def _day(value: date, *, with_year: bool) -> str:
    if with_year:
        return day(value)
    return f"{_bare_day(value)} {format_date(value, 'MMMM', locale=active_locale())}"


def _bare_day(value: date) -> str:
    return in_language(french="1er" if value.day == 1 else str(value.day), english=str(value.day))
