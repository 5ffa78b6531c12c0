"""Bounds that catch a slip of the hand in what staff type; they give no date and no name a meaning."""

import re
from datetime import date
from ipaddress import IPv6Address
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"{HOST_LABEL}(?:\.{HOST_LABEL})*")
PHONE = re.compile(r"\+?[0-9(][0-9 .()-]{2,28}")
FEWEST_PHONE_DIGITS = 4
# Control characters, soft hyphens, zero-width characters, marks of direction, separators of lines, private
# use, tags.
INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ue000-\uf8ff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


@deconstructible
class YearBetween:
    """Refuses dates and instants before one year or after another; both years themselves pass.

    PostgreSQL keeps instants that Python cannot read back, such as midnight of the year 1 in Paris.
    """

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last

    def __call__(self, value: date) -> None:
        """Raise ValidationError when the year, as it was typed, is outside."""
        if not self.first <= value.year <= self.last:
            raise ValidationError(
                _("The year must be between %(first)s and %(last)s."),
                code="implausible_year",
                params={"first": str(self.first), "last": str(self.last)},
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, YearBetween) and (self.first, self.last) == (other.first, other.last)

    def __hash__(self) -> int:
        return hash((self.first, self.last))


def validate_visible(text: str) -> None:
    """Refuse what nobody sees: it would garble the sentences in which the text stands, or be nothing."""
    if INVISIBLE.search(text):
        raise ValidationError(
            _("Remove the invisible characters: control characters, zero-width ones or marks of direction."),
            code="invisible",
        )


def validate_host_name(name: Any) -> None:  # noqa: ANN401 - validators take what was typed
    """Refuse what is no name of a host, in lower case without a port, and no address in square brackets."""
    if not HOST_NAME.fullmatch(name) and not _is_bracketed_address(name):
        raise ValidationError(
            _("Write host names with letters, digits, dots and hyphens only, such as points.example.com."),
            code="no_host_name",
        )


def _is_bracketed_address(name: str) -> bool:
    if not (name.startswith("[") and name.endswith("]")):
        return False
    try:
        IPv6Address(name[1:-1])
    except ValueError:
        return False
    return "%" not in name


def validate_phone(phone: Any) -> None:  # noqa: ANN401 - validators take what was typed
    """Refuse what nobody can call."""
    digits = sum(character.isdecimal() for character in phone)
    if not PHONE.fullmatch(phone) or digits < FEWEST_PHONE_DIGITS:
        raise ValidationError(_("Write a phone number, such as 09 69 32 00 00."), code="no_phone")
