"""What comes from the pages of a household."""

from django import forms
from django.utils.translation import gettext_lazy as _


class JoinForm(forms.Form):
    """The code that somebody told, and the consent that is asked for once the code is known."""

    code = forms.CharField(
        label=_("Code that you were told"),
        max_length=40,
        help_text=_("Ten letters and digits. Capitals, spaces and dashes do not matter."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("Enter the code.")},
    )
    agreed = forms.BooleanField(required=False, label=_("I have read this and want to join the household."))


class PersonForm(forms.Form):
    """The other member who is meant."""

    person = forms.UUIDField()
