"""Asking why: the field of a form that takes a reason, for whatever is sensitive."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.card_numbers import holds_card_number

LONGEST_REASON = 500


class ReasonField(forms.CharField):
    """Why something is done, in a sentence that holds no card number."""

    def __init__(self, *, help_text: str | Promise = "", max_length: int = LONGEST_REASON) -> None:
        super().__init__(
            label=_("Reason"),
            max_length=max_length,
            help_text=str(help_text) or _("It is kept with your name and cannot be changed afterwards."),
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: object) -> str:
        """Refuse what looks like a card number: reasons are kept for ever."""
        text: str = super().clean(value)
        if holds_card_number(text):
            raise ValidationError(_("This looks like a full card number; it must not be kept."))
        return text


class ReasonForm(forms.Form):
    """A question that asks for nothing but the reason."""

    reason = ReasonField()
