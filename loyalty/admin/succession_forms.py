"""The forms of a succession: its terms, the second look before it runs, its last day and its end."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from core.admin_widgets import DayInput
from core.plausible import YearBetween
from core.reasons import ReasonField, ReasonForm
from loyalty.models import Programme, RoundedOver, Rounding
from loyalty.models.succession import MOST_RATE_POINTS
from loyalty.succession.service import TermsOfSuccession


class CountField(forms.IntegerField):
    """A whole number above zero."""

    def __init__(self, *, label: Any) -> None:  # noqa: ANN401 - a text, translated later
        super().__init__(
            label=label,
            initial=1,
            validators=[MinValueValidator(1), MaxValueValidator(MOST_RATE_POINTS)],
            widget=UnfoldAdminIntegerFieldWidget(attrs={"min": 1, "max": MOST_RATE_POINTS}),
        )


class TermsForm(forms.Form):
    """What is agreed on, and why."""

    new_points = CountField(label=_("New points"))
    old_points = CountField(label=_("for old points"))
    rounding = forms.ChoiceField(
        label=_("Rounding"), choices=Rounding.choices, widget=UnfoldAdminSelectWidget()
    )
    rounded_over = forms.ChoiceField(
        label=_("Rounded"),
        choices=RoundedOver.choices,
        help_text=_("What follows later counts together with what moved before, so nothing is lost twice."),
        widget=UnfoldAdminSelectWidget(),
    )
    late_returns_until = forms.DateField(
        label=_("Late purchases and returns until"),
        help_text=_("Through this day the programme that ends still takes what partners report late."),
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
    )
    reason = ReasonField()

    @property
    def agreed(self) -> TermsOfSuccession:
        """The terms, once the form is valid."""
        answers = self.cleaned_data
        return cast("TermsOfSuccession", {name: answers[name] for name in TermsOfSuccession.__annotations__})


class PrepareForm(TermsForm):
    """Which programme ends, which one follows, and by which terms."""

    source = forms.ModelChoiceField(
        Programme.objects.filter(closed_at__isnull=True).order_by("name"),
        label=_("Programme that ends"),
        widget=UnfoldAdminSelectWidget(),
    )
    target = forms.ModelChoiceField(
        Programme.objects.filter(closed_at__isnull=True).order_by("name"),
        label=_("Programme that follows"),
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ("source", "target")


class SecondLook(ReasonForm):
    """Whoever lets a succession run writes how many points move: who has not looked does not know."""

    points = forms.IntegerField(
        label=_("How many points move?"),
        help_text=_("Write the number of old points as it stands in the sentence above."),
        widget=UnfoldAdminIntegerFieldWidget(attrs={"autocomplete": "off"}),
    )
    field_order = ("points", "reason")
    expected_points: int = 0

    @classmethod
    def expecting(cls, points: int) -> Callable[..., "SecondLook"]:
        """Return the form that takes this number and no other."""
        return type(cls.__name__, (cls,), {"expected_points": points})

    def clean_points(self) -> int:
        """Refuse any other number."""
        points: int = self.cleaned_data["points"]
        if points != self.expected_points:
            raise forms.ValidationError(_("This is not the number of points that move."))
        return points

    def clean(self) -> dict[str, Any]:
        """Leave the reason alone: the number was for looking, what moves stands in the succession."""
        cleaned = super().clean() or {}
        return {"reason": cleaned.get("reason")}


class ExtendForm(ReasonForm):
    """Another last day for late lines."""

    until = forms.DateField(
        label=_("Late purchases and returns until"),
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
    )
    field_order = ("until", "reason")


class CloseForm(ReasonForm):
    """Whether points of people whom the new programme does not know may stay behind."""

    leave_behind = forms.BooleanField(
        label=_("Leave behind the points of members whom the new programme does not know"),
        help_text=_("They stay in the old programme for good."),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    field_order = ("leave_behind", "reason")
