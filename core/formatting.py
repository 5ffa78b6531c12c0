"""How numbers, points, amounts and dates are written for people, in the active language.

Nothing here decides anything: values come in as integers, cents and dates and go out as text.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext, ngettext, npgettext

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NEAREST_METRES = 100
METRES_A_KILOMETRE = 1000
FEW_KILOMETRES = 10
"""From here on a distance is written without decimals."""

MEMORY = 4096
"""How many texts of each kind are remembered."""


def active_locale() -> str:
    """Return Babel's name for the active language: French, or English as it is written in Europe."""
    return "en_GB" if (get_language() or "fr").startswith("en") else "fr_FR"


def in_language(*, french: str, english: str) -> str:
    """Choose between two texts by the active language."""
    return english if active_locale() == "en_GB" else french


def number(value: int) -> str:
    """Write a number with its thousands grouped."""
    text = _number(abs(value), active_locale())
    return MINUS + text if value < 0 else text


def points(value: int) -> str:
    """Write a number of points with its unit, such as `1 point` or `1,234 points`."""
    return _points(value, active_locale())


def points_or_debt(net: int) -> str:
    """Write a balance in which points owed count below zero: `30 points`, or `30 points owed`."""
    if net >= 0:
        return points(net)
    return npgettext("balance", "%(points)s owed", "%(points)s owed", -net) % {"points": points(-net)}


def signed_points(value: int) -> str:
    """Write a movement of points with its sign; nothing is neither gained nor lost."""
    return ("+" if value > 0 else "") + _points(value, active_locale())


def amount(cents: int, currency: str) -> str:
    """Write cents as an amount of money, such as `1 234,50 €` or `€1,234.50`."""
    text = _amount(abs(cents), currency, active_locale())
    return MINUS + text if cents < 0 else text


def whole_amount(cents: int, currency: str) -> str:
    """Write cents as an amount of money, without decimals when there are no cents: `15 €`."""
    return amount(cents, currency) if cents % 100 else _whole_amount(cents, currency, active_locale())


def phone(written: str, country: str) -> str:
    """Group the digits of a phone number: `06 39 98 01 01` at home, `+44 20 7946 0018` from abroad.

    `country` is the two letters of where the reader is at home, France when empty. What is no phone number
    stays as it was written.
    """
    home = country or "FR"
    try:
        number = phonenumbers.parse(written, home)
    except phonenumbers.NumberParseException:
        return written
    if not phonenumbers.is_possible_number(number):
        return written
    is_at_home = number.country_code == phonenumbers.country_code_for_region(home)
    style = phonenumbers.PhoneNumberFormat
    grouped = phonenumbers.format_number(number, style.NATIONAL if is_at_home else style.INTERNATIONAL)
    return grouped.replace(" ", NO_BREAK_SPACE)


def phone_address(phone: str) -> str:
    """Write a phone number as a device dials it: digits, with the leading + of an international number.

    The zero in brackets of `+33 (0)9` is dialled only inside the country, so it falls away there.
    """
    is_international = phone.startswith("+")
    dialled = phone.replace("(0)", "") if is_international else phone
    digits = "".join(character for character in dialled if character.isdecimal())
    return f"+{digits}" if is_international else digits


def distance(metres: float) -> str:
    """Write a distance as people say it: `300 m`, `1,2 km`, `38 km`; or that it is less than 100 m."""
    if metres < NEAREST_METRES:
        return gettext("less than %(distance)s") % {
            "distance": _distance(NEAREST_METRES, "meter", active_locale())
        }
    hundreds = round(metres / 100) * 100
    if hundreds < METRES_A_KILOMETRE:
        return _distance(hundreds, "meter", active_locale())
    tenths = round(metres / 100) / 10
    kilometres = tenths if tenths < FEW_KILOMETRES else round(metres / METRES_A_KILOMETRE)
    return _distance(kilometres, "kilometer", active_locale())


def day(value: date) -> str:
    """Write a day in words, such as `14 février 2027`; French writes the first of a month as `1er`."""
    return _day(value, "long", "d'er' MMMM y", active_locale())


def short_day(value: date) -> str:
    """Write a day in few letters, such as `14 févr. 2027`, for lists."""
    return _day(value, "medium", "d'er' MMM y", active_locale())


def first_day(begins_at: datetime) -> str:
    """Write the day, in the active time zone, on which something begins."""
    return day(timezone.localtime(begins_at).date())


def last_day(ends_at: datetime) -> str:
    """Write the last day of what ends at an instant, in the active time zone; midnight is the day before."""
    return day(timezone.localtime(ends_at - timedelta(microseconds=1)).date())


def month(value: date) -> str:
    """Write a month in words, such as `février 2027`."""
    return format_skeleton("yMMMM", value, locale=active_locale())


def moment(value: datetime, zone: ZoneInfo | None = None) -> str:
    """Write an instant as its day and hour in a time zone, by default the active one."""
    return f"{day(timezone.localtime(value, zone).date())}, {clock(value, zone)}"


def clock(value: datetime, zone: ZoneInfo | None = None) -> str:
    """Write the hour of an instant in a time zone, by default the active one."""
    return format_time(timezone.localtime(value, zone), "short", locale=active_locale())


def labelled(name: object, value: object) -> str:
    """Write a value behind its name, with the colon of the active language."""
    return gettext("%(name)s: %(value)s") % {"name": name, "value": value}


labelled_later = lazy(labelled, str)
"""The same, in the language of whoever will read it."""


# A page writes dozens of these and most pages the same ones; Babel takes longer than all the rest of a line.


@lru_cache(maxsize=MEMORY)
def _number(value: int, locale: str) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=MEMORY)
def _points(value: int, locale: str) -> str:  # noqa: ARG001 - the active language, which one text belongs to
    return ngettext("%(number)s point", "%(number)s points", abs(value)) % {"number": number(value)}


@lru_cache(maxsize=MEMORY)
def _amount(cents: int, currency: str, locale: str) -> str:
    return format_currency(Decimal(cents) / 100, currency, locale=locale)


@lru_cache(maxsize=MEMORY)
def _whole_amount(cents: int, currency: str, locale: str) -> str:
    pattern = "¤#,##0" if locale == "en_GB" else "#,##0\N{NO-BREAK SPACE}¤"
    return format_currency(Decimal(cents) / 100, currency, pattern, locale=locale, currency_digits=False)


@lru_cache(maxsize=MEMORY)
def _distance(value: float, unit: str, locale: str) -> str:
    return format_unit(value, f"length-{unit}", "short", locale=locale)


@lru_cache(maxsize=MEMORY)
def _day(value: date, pattern: str, french_first: str, locale: str) -> str:
    is_first = locale == "fr_FR" and value.day == 1
    return format_date(value, french_first if is_first else pattern, locale=locale)
