"""What a member types about themselves."""

from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.card_numbers import holds_card_number
from core.formatting import active_locale
from core.plausible import validate_phone
from members.models import Channel, Member, NotificationKind
from members.services.contact import PostalAddress

TYPED_COUNTRIES = 2
"""Babel knows regions of three digits as well; letters have a country of two letters."""


def countries() -> list[tuple[str, str]]:
    """Return the countries of the world by their name in the active language."""
    territories = Locale.parse(active_locale()).territories
    known = [
        (code, name)
        for code, name in territories.items()
        if len(code) == TYPED_COUNTRIES
        and code.isalpha()
        and code not in {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
    ]
    return [("", "—"), *sorted(known, key=lambda country: country[1])]


class OneLineField(forms.CharField):
    """A text in one line, never with what looks like a full card number."""

    def clean(self, value: Any) -> str:  # noqa: ANN401 - the signature is Django's
        """Join lines, and refuse a card number: none is ever stored."""
        text = " ".join(str(super().clean(value)).split())
        if holds_card_number(text):
            raise ValidationError(
                _("This looks like a card number. Please never write it here."), "card_number"
            )
        return text


class ContactForm(forms.Form):
    """Phone and postal address."""

    phone = OneLineField(
        label=_("Phone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}),
    )
    address = OneLineField(
        label=_("Number and street"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    postcode = OneLineField(
        label=_("Postcode"),
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    city = OneLineField(
        label=_("Town"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=countries,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )

    def clean_phone(self) -> str:
        """Refuse what nobody can call; no phone is fine."""
        phone = str(self.cleaned_data["phone"])
        if phone:
            validate_phone(phone)
        return phone

    def clean(self) -> dict[str, Any]:
        """Refuse half an address: no letter would arrive."""
        typed: dict[str, Any] = super().clean() or {}
        names = ("address", "postcode", "city", "country")
        if any(typed.get(name) for name in names):
            for name in names:
                if name in typed and not typed[name]:
                    self.add_error(name, _("An address needs this, too. Or leave all four empty."))
        return typed

    @property
    def postal(self) -> PostalAddress:
        """The postal address that was typed."""
        return PostalAddress(
            **{name: str(self.cleaned_data[name]) for name in ("address", "postcode", "city", "country")}
        )

    @classmethod
    def about(cls, member: Member) -> "ContactForm":
        """Return the form as it stands for a member."""
        return cls(initial={name: getattr(member, name) for name in cls.base_fields})


class ChoicesForm(forms.Form):
    """Consents per channel, and e-mails about the account."""

    offers = forms.MultipleChoiceField(
        choices=Channel.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    notifications = forms.MultipleChoiceField(
        choices=NotificationKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class ErasureForm(forms.Form):
    """The member says that they have understood."""

    understood = forms.BooleanField(
        label=_("I have understood that this cannot be undone."),
        error_messages={"required": _("Tick the box if you really want to delete your account.")},
    )
