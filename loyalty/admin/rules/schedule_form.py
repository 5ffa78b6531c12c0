"""The form with which a draft is scheduled: from when it decides, and why."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from core.admin_widgets import DayInput
from core.plausible import YearBetween
from core.reasons import ReasonForm
from loyalty.dates import instant_of
from loyalty.earning.admission import twins_of
from loyalty.earning.versions import digest_of
from loyalty.models import EarningRule

AT_ONCE, LATER = "now", "later"


class ScheduleForm(ReasonForm):
    """When a draft begins to decide, by the clock of the programme, and why.

    `in_vain` says why the rule would give nothing as things are: what it multiplies may be scheduled next, so
    that is to be confirmed. `is_read_anew` says whether the form is asked again about other terms than those
    that were read.
    """

    field_order = ("when", "day", "hour", "reason", "is_confirmed")

    when = forms.ChoiceField(
        label=_("From when it decides"),
        choices=((AT_ONCE, _("At once")), (LATER, _("From a day and a time"))),
        initial=AT_ONCE,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    day = forms.DateField(
        label=_("Day"),
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
    )
    hour = forms.TimeField(
        label=_("Time"),
        required=False,
        initial=time(0),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
    )
    is_confirmed = forms.BooleanField(
        label=_("Schedule it all the same"),
        error_messages={"required": _("Tick this to schedule it all the same, or close and edit the rule.")},
        widget=UnfoldBooleanWidget(),
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401 - what was sent
        *,
        version: EarningRule,
        in_vain: Sequence[str],
        at: datetime,
    ) -> None:
        self.digest = digest_of(version)
        super().__init__(data, initial={"seen": self.digest})
        self.sent = data
        self.version, self.zone, self.at = version, version.programme.zone, at
        self.is_read_anew = False
        self.fields["hour"].help_text = gettext("By the clock of %(zone)s.") % {"zone": self.zone.key}
        if in_vain:
            self.fields["is_confirmed"].help_text = " ".join(in_vain)
        else:
            del self.fields["is_confirmed"]

    def clean(self) -> dict[str, Any]:
        """Return the instant, the reason and what was read. Refuses an instant that is over or leapt over.

        At once, whatever day stands in the field is not looked at.
        """
        cleaned = super().clean() or {}
        starts_at = None
        if cleaned.get("when") == AT_ONCE:
            self.errors.pop("day", None)
            self.errors.pop("hour", None)
        elif cleaned.get("when") == LATER:
            chosen: date | None = cleaned.get("day")
            if chosen is None:
                if "day" not in self.errors:
                    self.add_error("day", gettext("Say on which day."))
            else:
                starts_at = self._instant(chosen, cleaned.get("hour") or time(0))
        if not self.errors:
            self._refuse_twins(starts_at)
        if self.errors:
            self._have_it_read_anew(cleaned.get("seen", ""))
        return {
            "reason": cleaned.get("reason"),
            "starts_at": starts_at,
            "seen": cleaned.get("seen", ""),
        }

    def _refuse_twins(self, starts_at: datetime | None) -> None:
        for twin in twins_of(self.version, at=self.at, starts_at=starts_at):
            self.add_error("when", twin.sentence)

    def _have_it_read_anew(self, seen: str) -> None:
        """Ask again with the terms as they are, when they are not those that were read."""
        self.is_read_anew = bool(seen) and seen != self.digest
        if self.is_read_anew:
            sent = self.sent.copy()
            sent["seen"] = self.digest
            self.data = sent

    def _instant(self, day: date, hour: time) -> datetime | None:
        starts_at = instant_of(day, hour, self.zone)
        if starts_at is None:
            self.add_error("hour", gettext("On that day the clock leaps over this time."))
            return None
        if starts_at <= self.at:
            self.add_error("day", gettext("This moment is over. Choose one to come, or begin at once."))
            return None
        return starts_at
