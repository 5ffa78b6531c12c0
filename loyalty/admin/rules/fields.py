"""What people type into the form of a rule: amounts, multipliers and whole numbers as they write them."""

import re
from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.admin import Text
from core.formatting import in_language, number, whole_amount
from loyalty.earning.words import factor_in_words

SPACES = re.compile(r"[\s\u00a0\u202f]+")
GROUPED = re.compile(r"[0-9]{1,3}(?:[.,’'][0-9]{3})+")
DECIMAL = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<rest>[0-9]+))?")
SIGNS_OF_MULTIPLICATION = "\u00d7xX*"
DECIMALS = 2
HUNDREDTHS = 100


class _Written(forms.CharField, ABC):
    """A number that people write in their own way: kept as a whole number, shown as they write it."""

    widget = forms.TextInput

    def __init__(self, *, most: int, least: int = 1, **options: Any) -> None:  # noqa: ANN401 - Django's own
        options.setdefault("max_length", 20)
        super().__init__(**options)
        self.least, self.most = least, most

    def clean(self, value: object) -> Any:  # noqa: ANN401 - a number or nothing
        """Read what was written. Raises ValidationError, for what is too large or too small as well."""
        text = SPACES.sub("", str(super().clean(value)))
        if not text:
            return None
        read = self.read(text)
        if not self.least <= read <= self.most:
            raise ValidationError(
                _("Choose from %(least)s to %(most)s."),
                params={"least": self.show(self.least), "most": self.show(self.most)},
            )
        return read

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - the signature is Django's
        """Show a stored number as people write it; what was typed stays as it is."""
        return self.show(value) if isinstance(value, int) else value

    @abstractmethod
    def read(self, text: str) -> int:
        """Read a text without spaces. Raises ValidationError."""

    @abstractmethod
    def show(self, value: int) -> str:
        """Write the number."""


class WholeField(_Written):
    """A whole number; thousands may be grouped by spaces."""

    def read(self, text: str) -> int:
        """Read digits, grouped or not."""
        if GROUPED.fullmatch(text):
            text = re.sub("[^0-9]", "", text)
        if not (text.isascii() and text.isdecimal()):
            raise ValidationError(_("Write a whole number in digits."))
        return int(text)

    def show(self, value: int) -> str:
        """Group the thousands."""
        return number(value)


class AmountField(_Written):
    """An amount of money in euros or another currency, kept as cents."""

    currency = "EUR"

    def read(self, text: str) -> int:
        """Read `50`, `49,90` or `49.90`, with or without the sign of the euro."""
        return _hundredths(text.replace("€", ""), such_as=_("Write an amount such as 50 or 49.90."))

    def show(self, value: int) -> str:
        """Write the amount with its currency."""
        return whole_amount(value, self.currency)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - the signature is Django's
        """Leave the currency out: it stands beside the field."""
        if not isinstance(value, int):
            return value
        whole, rest = divmod(value, HUNDREDTHS)
        return f"{whole}{in_language(french=',', english='.')}{rest:02d}" if rest else str(whole)


class FactorField(_Written):
    """A multiplier, kept in hundredths."""

    def read(self, text: str) -> int:
        """Read `2`, `1,5` or `1.25`, after the sign of multiplication or without it."""
        written = text[1:] if text[0] in SIGNS_OF_MULTIPLICATION else text
        return _hundredths(written, such_as=_("Write a number such as 2 or 1.5."))

    def show(self, value: int) -> str:
        """Write it as people do."""
        return factor_in_words(value)


def _hundredths(text: str, *, such_as: Text) -> int:
    """Read a number with decimals. Raises ValidationError, which says what is wrong with it."""
    found = DECIMAL.fullmatch(text)
    if found is None:
        raise ValidationError(str(such_as))
    decimals = found["rest"] or ""
    if len(decimals) > DECIMALS:
        raise ValidationError(_("Write two decimals at most."))
    return int(found["whole"]) * HUNDREDTHS + int(decimals.ljust(DECIMALS, "0"))
