"""What agents type: whom they look for, notes, and the points they give or take."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.card_numbers import holds_card_number
from core.formatting import day, points
from helpdesk.models import LONGEST_NOTE, SHORTEST_NOTE
from helpdesk.notes import may_be_kept
from loyalty.adjustments.expiries import Reinstatable
from loyalty.adjustments.forms import CommentField
from loyalty.models import AdjustmentKind, AdjustmentReason, PointAccount
from loyalty.models.adjustments import MOST_POINTS
from loyalty.selectors.adjustments import Possible, is_expiry_of
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


class PointsForm(forms.Form):
    """How many points, why, and what colleagues must know about it."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=forms.Select(attrs={"class": "desk-input"}),
        help_text=_("It decides whether points are given or taken, and the member reads it in plain words."),
    )
    points = forms.IntegerField(
        label=_("Points"),
        min_value=1,
        max_value=MOST_POINTS,
        widget=forms.NumberInput(attrs={"class": "desk-input"}),
    )
    comment = CommentField(
        label=_("Comment for colleagues"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "desk-input"}),
        help_text=_("What happened, for whoever approves and whoever checks. The member may ask to read it."),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, answers: QueryDict | None, *, possible: Sequence[Possible]) -> None:
        super().__init__(answers, initial={"request_key": uuid4()})
        self._reasons = {str(reason.pk): reason for one in possible for reason in one.reasons}
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)  # noqa: S101 - declared above; tells the type checker
        reason.choices = [("", "—"), *(choice for one in possible for choice in _choices(one))]

    @property
    def chosen_reason(self) -> AdjustmentReason:
        """The reason of a form that is valid."""
        return self._reasons[self.cleaned_data["reason"]]


def _choices(possible: Possible) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the reasons of a kind, those that take points away apart."""
    if possible.kind != AdjustmentKind.ADJUSTMENT:
        return [(str(possible.kind.label), [(str(one.pk), one.name) for one in possible.reasons])]
    groups = [(_("Adjustment: give points"), False), (_("Adjustment: take points away"), True)]
    return [
        (str(title), [(str(one.pk), one.name) for one in possible.reasons if one.takes_points is takes])
        for title, takes in groups
    ]


class HouseholdDeed(StrEnum):
    """What is done to a member on the page of their household."""

    BRING_IN = "bring-in"
    TAKE_OUT = "take-out"


class HouseholdForm(forms.Form):
    """Why an agent does to a household what its form says."""

    reason = CommentField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "desk-input"}),
        help_text=_("Who asked for it and when. The member may ask to read it."),
    )


class TakeOutForm(HouseholdForm):
    """Out of which household a member is taken, as the agent read it."""

    deed = forms.CharField(initial=HouseholdDeed.TAKE_OUT, widget=forms.HiddenInput)
    household = forms.IntegerField(widget=forms.HiddenInput)


class BringInForm(HouseholdForm):
    """Whose household a member joins, and that they agreed to it themselves."""

    deed = forms.CharField(initial=HouseholdDeed.BRING_IN, widget=forms.HiddenInput)
    reference = forms.CharField(
        label=_("Reference of a member of the household"),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "desk-input", "autocomplete": "off"}),
        help_text=_("If that member is in no household yet, one is founded."),
    )
    agreed = forms.BooleanField(
        label=_("The member who joins has agreed to it, on the phone or in writing."),
        error_messages={"required": _("Nobody joins a household without their own consent.")},
    )
    field_order = ("reference", "agreed", "reason")

    def __init__(self, answers: QueryDict | None, *, account: PointAccount) -> None:
        super().__init__(answers)
        self.account = account

    def clean_reference(self) -> str:
        """Find the other member in the same programme."""
        reference = "".join(self.cleaned_data["reference"].split())
        hosts = PointAccount.objects.filter(
            programme=self.account.programme_id, member__reference__in={reference, reference.upper()}
        )
        found = hosts.select_related("programme").first()
        if found is None or found.pk == self.account.pk:
            raise forms.ValidationError(_("No other member of this programme has this reference."))
        self.host = found
        return reference


class ExpiriesField(forms.MultipleChoiceField):
    """Expiries of an account. Those that can be undone are offered; of the others the service says why not.

    So a form sent twice ends like the first time, though what it names is brought back by then.
    """

    account: PointAccount

    def valid_value(self, value: object) -> bool:
        """Take any expiry of the account, and of those that lead to it."""
        return super().valid_value(value) or is_expiry_of(self.account, str(value))


class ReinstatementForm(forms.Form):
    """Which expired points live again, why, and what colleagues must know about it."""

    expiries = ExpiriesField(
        label=_("Points to bring back"), widget=forms.CheckboxSelectMultiple(attrs={"class": "desk-tick"})
    )
    reason = forms.ChoiceField(label=_("Reason"), widget=forms.Select(attrs={"class": "desk-input"}))
    comment = CommentField(
        label=_("Comment for colleagues"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "desk-input"}),
        help_text=_("What happened, for whoever approves and whoever checks. The member may ask to read it."),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        answers: QueryDict | None,
        *,
        account: PointAccount,
        possible: Sequence[Possible],
        expiries: Sequence[Reinstatable],
    ) -> None:
        super().__init__(answers, initial={"request_key": uuid4()})
        self._reasons = {str(reason.pk): reason for one in possible for reason in one.reasons}
        self.fields["reason"].choices = [  # type: ignore[attr-defined] # a field of choices, declared above
            ("", "—"),
            *((number, reason.name) for number, reason in self._reasons.items()),
        ]
        self.fields["expiries"].account = account  # type: ignore[attr-defined] # likewise
        self.fields["expiries"].choices = [  # type: ignore[attr-defined] # likewise
            (
                str(one.entry_id),
                _("%(points)s, expired on %(day)s")
                % {"points": points(one.points), "day": day(one.expired_on)},
            )
            for one in expiries
        ]

    @property
    def chosen_reason(self) -> AdjustmentReason:
        """The reason of a form that is valid."""
        return self._reasons[self.cleaned_data["reason"]]

    @property
    def chosen_expiries(self) -> list[int]:
        """The movements to undo, of a form that is valid."""
        return [int(number) for number in self.cleaned_data["expiries"]]
