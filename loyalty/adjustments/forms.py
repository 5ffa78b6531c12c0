"""What a colleague writes beside a request or a decision."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.adjustments.errors import CommentRefused
from loyalty.adjustments.requests import checked_comment
from loyalty.models.adjustments import LONGEST_COMMENT, SHORTEST_COMMENT


class CommentField(forms.CharField):
    """What a colleague must know to understand a request. The member may ask to read it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on to Django
        super().__init__(min_length=SHORTEST_COMMENT, max_length=LONGEST_COMMENT, **options)

    def clean(self, value: object) -> str:
        """Refuse what looks like a card number: comments are kept."""
        text: str = super().clean(value)
        try:
            return checked_comment(text) if text else ""
        except CommentRefused:
            raise forms.ValidationError(
                _("This looks like a full card number; it must not be kept.")
            ) from None
