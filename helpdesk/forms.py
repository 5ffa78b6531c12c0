"""What agents type: whom they look for, and notes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.card_numbers import holds_card_number
from helpdesk.models import LONGEST_NOTE, SHORTEST_NOTE
from helpdesk.notes import may_be_kept
from members.search_words import LONGEST_TEXT, read_question

CARD_NUMBER = "card_number"


class NoteForm(forms.Form):
    """A note about a member."""

    text = forms.CharField(
        label=_("New note"),
        min_length=SHORTEST_NOTE,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3, "class": "desk-input"}),
        help_text=_(
            "What the next colleague must know. It cannot be changed, and the member may ask to read it."
        ),
    )

    def clean_text(self) -> str:
        """Refuse what looks like a card number: notes are kept."""
        text: str = self.cleaned_data["text"]
        if not may_be_kept(text):
            raise forms.ValidationError(_("This looks like a full card number; it must not be kept."))
        return text


class SearchForm(forms.Form):
    """Whom an agent looks for."""

    text = forms.CharField(
        label=_("Find a member"),
        max_length=LONGEST_TEXT,
    )

    def clean_text(self) -> str:
        """Refuse a full card number, and what holds nothing to search by."""
        text: str = self.cleaned_data["text"]
        if holds_card_number(" ".join(text.split())):
            raise forms.ValidationError(
                _("This looks like a full card number. Type only its last four digits; nothing was kept."),
                code=CARD_NUMBER,
            )
        if not read_question(text):
            raise forms.ValidationError(_("Type a letter or a digit at least."), code="nothing")
        return text
