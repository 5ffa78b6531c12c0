"""What a cardholder types to get in. A field says what is wrong with its text, never whether it is known."""

from datetime import date
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from members.addresses import LONGEST_ADDRESS, check_address
from members.security.limits import may_send_code

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NO_SUCH_DAY = _("Enter a day that exists, such as 31 3 1975.")


class BirthPartField(forms.IntegerField):
    """One of three numbers: a birth date is quicker to type than to find in a calendar."""

    def __init__(self, *, label: "StrPromise", part: str, length: int) -> None:
        super().__init__(
            label=label,
            min_value=1,
            max_value=10**length - 1,
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NO_SUCH_DAY),
            widget=forms.TextInput(
                attrs={"autocomplete": f"bday-{part}", "inputmode": "numeric", "maxlength": length}
            ),
        )


class IdentityForm(forms.Form):
    """What the letter and the card say."""

    reference = forms.CharField(
        label=_("Member reference"),
        help_text=_("You will find it at the top of the letter you received."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    card_last4 = forms.CharField(
        label=_("Last four digits of your card"),
        help_text=_("Any of your cards will do."),
        max_length=4,
        validators=[RegexValidator(r"\A[0-9]{4}\Z", _("Enter exactly four digits."))],
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    birth_day = BirthPartField(label=_("Day"), part="day", length=2)
    birth_month = BirthPartField(label=_("Month"), part="month", length=2)
    birth_year = BirthPartField(label=_("Year"), part="year", length=4)

    @property
    def birth_date_error(self) -> str:
        """What is wrong with the birth date as a whole, if anything."""
        errors = [error for part in ("birth_day", "birth_month", "birth_year") for error in self[part].errors]
        return str(errors[0]) if errors else ""

    def clean_reference(self) -> str:
        """Forget the spaces that were typed for legibility."""
        return "".join(str(self.cleaned_data["reference"]).split())

    def clean(self) -> dict[str, Any]:
        """Put the birth date together, or refuse one that the calendar does not have."""
        typed: dict[str, Any] = super().clean() or {}
        parts = [typed[name] for name in ("birth_year", "birth_month", "birth_day") if name in typed]
        if len(parts) == len(("year", "month", "day")):
            try:
                typed["birth_date"] = date(*parts)
            except ValueError:
                self.add_error("birth_day", NO_SUCH_DAY)
        return typed


class EmailForm(forms.Form):
    """Where the code is sent."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=LONGEST_ADDRESS,
        validators=[check_address],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CodeForm(forms.Form):
    """The code from the letter, typed or pasted."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        """Forget spaces and dashes that came with pasting."""
        digits = "".join(
            character for character in self.cleaned_data["code"] if character not in " -\u00a0\u202f"
        )
        if not (digits.isascii() and digits.isdigit() and len(digits) == 6):  # noqa: PLR2004 - the label says six
            raise ValidationError(_("Enter the six digits of the code."), "invalid")
        return digits


class SignInCodeRequestForm(RequestLoginCodeForm):
    """The address to which the code for signing in is sent."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=LONGEST_ADDRESS,
        validators=[check_address],
        widget=forms.EmailInput(attrs={"autocomplete": "email webauthn"}),
    )

    def clean_email(self) -> str:
        """Return the address of the sign-in itself, not one that equals it only when case is folded."""
        typed = str(self.cleaned_data["email"]).lower()
        users = filter_users_by_email(typed, is_active=True, prefer_verified=True, for_login=True)
        self._user = users[0] if users else None
        email = str(self._user.email) if self._user else typed
        if not may_send_code(context.request, email=email, user=self._user):
            raise get_adapter().validation_error("rate_limited")
        return email


class SignInCodeForm(ConfirmLoginCodeForm):
    """The code that signs in; allauth forgives spaces and dashes."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
