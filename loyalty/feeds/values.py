"""From the text of a field to its value. Each function raises Malformed with the reason.

Only what is written exactly as the exchange format says is understood: nothing is guessed from a comma, an
exponent or a date without its offset.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.card_numbers import holds_card_number
from core.plausible import INVISIBLE
from loyalty.purchases.reasons import Reason

HIGHEST_AMOUNT_CENTS = 100_000_000
"""One million euros: a day's purchase of a cardholder is never as much; a slipped decimal point is."""

CENT_DECIMALS = 2

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
"""Instants outside are refused before any calendar is asked: a conversion to another zone could overflow."""

_PLAIN = re.compile(r"[!-~]+").fullmatch
_AMOUNT = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,2}))?").fullmatch
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?").fullmatch
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
).fullmatch
_USUAL_TIME_LENGTH = len("2026-11-22T10:30:00+01:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?").fullmatch
_CODE = re.compile(r"[A-Za-z0-9_-]+").fullmatch
FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_LINE_BREAKS = re.compile(r"[ \t]*[\r\n\t]+[ \t]*")


class Malformed(Exception):
    """A field is not what the exchange format says."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def read_identifier(value: str, longest: int) -> str:
    """Return a code or reference without the spaces around it; it is never empty."""
    if not _PLAIN(value):
        value = read_text(value, longest)
        if not value:
            raise Malformed(Reason.MISSING_VALUE)
        if FOREIGN_DIGIT.search(value):
            raise Malformed(Reason.FOREIGN_DIGITS)
    elif len(value) > longest:
        raise Malformed(Reason.VALUE_TOO_LONG)
    if holds_card_number(value):
        raise Malformed(Reason.FULL_CARD_NUMBER)
    if value[0] in "=@":
        raise Malformed(Reason.LOOKS_LIKE_FORMULA)
    return value


def read_text(value: str, longest: int) -> str:
    """Return a text, maybe empty, without the spaces around it."""
    value = value.strip(" \u00a0")
    if len(value) > longest:
        raise Malformed(Reason.VALUE_TOO_LONG)
    if INVISIBLE.search(value):
        raise Malformed(Reason.INVISIBLE_CHARACTER)
    if holds_card_number(value):
        raise Malformed(Reason.FULL_CARD_NUMBER)
    return value


def read_required_text(value: str, longest: int) -> str:
    """Return a text that is not empty."""
    text = read_text(value, longest)
    if not text:
        raise Malformed(Reason.MISSING_VALUE)
    return text


def read_address(value: str) -> str:
    """Return a postal address on one line; in the file it may have several."""
    return read_text(_LINE_BREAKS.sub(" ", value.strip()), 200)


def read_code(value: str, longest: int) -> str:
    """Return a code made of letters, digits, - and _."""
    code = read_identifier(value, longest)
    if not _CODE(code):
        raise Malformed(Reason.MALFORMED_CODE)
    return code


def read_amount(value: str) -> int:
    """Return an amount above zero in cents."""
    found = _AMOUNT(value)
    if found is None:
        return _read_unusual_amount(value.strip(" "))
    whole, decimals = found.groups("")
    cents = int(whole) * 100 + int(decimals.ljust(2, "0"))
    if cents > HIGHEST_AMOUNT_CENTS:
        raise Malformed(Reason.AMOUNT_TOO_LARGE)
    if cents == 0:
        raise Malformed(Reason.ZERO_AMOUNT)
    return cents


def _read_unusual_amount(value: str) -> int:
    if not value:
        raise Malformed(Reason.MISSING_VALUE)
    if _AMOUNT(value):
        return read_amount(value)
    if value.startswith("-") and _NUMBER(value[1:]):
        raise Malformed(Reason.NEGATIVE_AMOUNT)
    if not _NUMBER(value):
        raise Malformed(Reason.MALFORMED_AMOUNT)
    whole, _, decimals = value.partition(".")
    raise Malformed(
        Reason.TOO_MANY_DECIMALS if len(decimals) > CENT_DECIMALS else _reason_for_long_number(whole)
    )


def _reason_for_long_number(whole: str) -> Reason:
    return Reason.AMOUNT_TOO_LARGE if whole.lstrip("0") else Reason.ZERO_AMOUNT


def read_instant(value: str) -> datetime:
    """Return an instant, in UTC. Its offset makes an hour that a clock change doubles no riddle."""
    if len(value) == _USUAL_TIME_LENGTH and value[10] == "T":
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return _read_unusual_instant(value)
        if instant.tzinfo is not None and EARLIEST_YEAR < instant.year < LATEST_YEAR:
            return instant.astimezone(UTC)
    return _read_unusual_instant(value)


def _read_unusual_instant(value: str) -> datetime:
    value = value.strip(" ")
    if not value:
        raise Malformed(Reason.MISSING_VALUE)
    found = _TIME(value)
    if not found:
        raise Malformed(Reason.MALFORMED_TIME)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise Malformed(Reason.IMPOSSIBLE_DATE) from None
    if instant.year <= EARLIEST_YEAR:
        raise Malformed(Reason.OLDER_THAN_VALIDITY)
    if instant.year >= LATEST_YEAR:
        raise Malformed(Reason.IN_FUTURE)
    if not found[1]:
        raise Malformed(Reason.TIME_WITHOUT_OFFSET)
    return instant.astimezone(UTC)


def read_date(value: str) -> date | None:
    """Return a date, or None when there is none."""
    value = value.strip(" ")
    if not value:
        return None
    if not _DATE(value):
        raise Malformed(Reason.MALFORMED_DATE)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise Malformed(Reason.IMPOSSIBLE_DATE) from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Malformed(Reason.IMPOSSIBLE_DATE)
    return day


def read_degrees(value: str, highest: int) -> Decimal | None:
    """Return a latitude or longitude with six decimals, some ten centimetres, or None when there is none."""
    value = value.strip(" ")
    if not value:
        return None
    if not _DEGREES(value) or abs(Decimal(value)) > highest:
        raise Malformed(Reason.MALFORMED_POSITION)
    return round(Decimal(value), 6)


def read_country(value: str) -> str:
    """Return a country's code of two letters, or nothing."""
    return _read_two_letters(value, Reason.MALFORMED_COUNTRY).upper()


def read_language(value: str) -> str:
    """Return a language's code of two letters; French when the file gives none."""
    return _read_two_letters(value, Reason.MALFORMED_LANGUAGE).lower() or "fr"


def _read_two_letters(value: str, reason: Reason) -> str:
    code = value.strip(" ")
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):  # noqa: PLR2004 - ISO codes have two letters
        raise Malformed(reason)
    return code


def is_email(value: str) -> bool:
    """Say whether a text is an e-mail address."""
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
