"""What people type or hold up to prove who they are. Codes may be pasted with spaces and dashes."""

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from members.security.replays import refuse_replay

LONGEST_CODE = 20
LONGEST_NAME = 40


def _code_widget() -> forms.TextInput:
    return forms.TextInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": LONGEST_CODE}
    )


class SecondFactorField(forms.CharField):
    """A code of an authenticator app, or a recovery code instead."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Code from your authenticator app"),
            help_text=_("Without it, enter one of your recovery codes."),
            max_length=LONGEST_CODE,
            widget=_code_widget(),
        )


def ask_for_recovery_code(form: forms.Form) -> None:
    """Name the field of a code for whoever has no authenticator app."""
    form.fields["code"].label, form.fields["code"].help_text = _("Recovery code"), ""


class SecondFactorForm(AuthenticateForm):
    """The second factor while signing in."""

    code = SecondFactorField()

    def clean_code(self) -> str:
        """Refuse a code of the app that was accepted a moment ago."""
        code: str = super().clean_code()
        refuse_replay(self.authenticator, code)
        return code


class ProofForm(ReauthenticateForm):
    """The second factor, asked again of whoever is signed in."""

    code = SecondFactorField()

    def clean_code(self) -> str:
        """Refuse a code of the app that was accepted a moment ago."""
        code: str = super().clean_code()
        refuse_replay(self.authenticator, code)
        return code


class AppForm(ActivateTOTPForm):
    """The first code of an authenticator app that is being set up."""

    code = forms.CharField(label=_("Code shown by the app"), max_length=LONGEST_CODE, widget=_code_widget())


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name of this passkey"),
        help_text=_("So that you recognise it later, such as: my phone."),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyForm(AddWebAuthnForm):
    """A passkey that is being set up. It signs in alone, so it always asks for the finger, face or PIN."""

    name = _name_field()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        """Accept only a passkey that has checked who holds it."""
        self.cleaned_data["passwordless"] = True
        typed: dict[str, Any] = super().clean()
        return typed


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = _name_field()
