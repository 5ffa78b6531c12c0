"""What is asked of a back-test: rules to try and to leave out, in a past period."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from core.admin_widgets import DayInput
from core.plausible import YearBetween
from loyalty.backtest import tables
from loyalty.dates import local_date
from loyalty.earning.book import rule_of
from loyalty.earning.words import Names, sentence
from loyalty.models import EarningRule, Programme, RuleStatus
from loyalty.selectors.rule_names import names_for

MOST_DAYS = 5 * 366
YEARS = [YearBetween(2000, 2100)]


class RuleChoices(forms.ModelMultipleChoiceField[EarningRule]):
    """Versions of rules to tick, each with what it says."""

    def __init__(self, *, label: Any, help_text: Any) -> None:  # noqa: ANN401 - texts, translated later
        super().__init__(
            EarningRule.objects.none(),
            label=label,
            help_text=help_text,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        )
        self.names = Names()
        self.at = timezone.now()

    def offer(self, versions: QuerySet[EarningRule], names: Names, at: datetime) -> None:
        """Offer these versions, said with these names, and where each stands at an instant."""
        self.queryset, self.names, self.at = versions, names, at

    def label_from_instance(self, rule: EarningRule) -> str:
        """Name a version, say where it stands and what it gives."""
        words = {
            "name": tables.name_of_rule(rule),
            "state": rule.status_at(self.at).label,
            "sentence": sentence(rule_of(rule), self.names),
        }
        return gettext("%(name)s (%(state)s): %(sentence)s") % words


class BackTestForm(forms.Form):
    """Which rules are tried, what they replace, and in which period."""

    rules = RuleChoices(
        label=_("Rules to try"),
        help_text=_("Each decides in the whole period, in place of the other versions of its rule."),
    )
    left_out = RuleChoices(
        label=_("Rules to leave out"),
        help_text=_(
            "They decided on purchases; here they do not, in none of their versions. All others stay as they"
            " really were."
        ),
    )
    first_on = forms.DateField(label=_("Purchases from"), widget=DayInput(), validators=YEARS)
    last_on = forms.DateField(label=_("Purchases through"), widget=DayInput(), validators=YEARS)
    keeps_rule_dates = forms.BooleanField(
        label=_("Keep the first and last days that the rules themselves ask for"),
        help_text=_("Otherwise a rule for next December is tried as if it had been for the whole period."),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )

    def __init__(self, programme: Programme, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*arguments, **options)
        at = timezone.now()
        self.today = local_date(at, programme.zone)
        versions = EarningRule.objects.filter(programme=programme).order_by("code", "-version")
        names = names_for(programme, [rule_of(rule) for rule in versions])
        cast("RuleChoices", self.fields["rules"]).offer(versions, names, at)
        decided = versions.filter(pk__in=_last_to_decide(versions, at))
        cast("RuleChoices", self.fields["left_out"]).offer(decided, names, at)

    def clean(self) -> dict[str, Any]:
        """Refuse a question about nothing, and a period that is no past period."""
        cleaned = super().clean() or {}
        if not cleaned.get("rules") and not cleaned.get("left_out") and not self.errors:
            self.add_error("rules", gettext("Tick at least one rule to try or to leave out."))
        families = [rule.family_number for rule in cleaned.get("rules", ())]
        if len(set(families)) < len(families):
            self.add_error("rules", gettext("Two versions of one rule cannot be tried together."))
        first_on, last_on = cleaned.get("first_on"), cleaned.get("last_on")
        if first_on and last_on:
            self._check_period(first_on, last_on)
        return cleaned

    def _check_period(self, first_on: date, last_on: date) -> None:
        if last_on < first_on:
            self.add_error("last_on", gettext("The last day must not be before the first."))
        elif last_on > self.today:
            self.add_error("last_on", gettext("A past period is replayed: this day has not come yet."))
        elif (last_on - first_on).days >= MOST_DAYS:
            self.add_error("first_on", gettext("A back-test covers five years at most."))


def _last_to_decide(versions: Iterable[EarningRule], at: datetime) -> list[int]:
    """Return of each rule the number of its latest version that has begun to decide; newest come first."""
    latest: dict[int, int] = {}
    for rule in versions:
        if rule.status_at(at) in (RuleStatus.LIVE, RuleStatus.RETIRED) and not rule.is_withdrawn:
            latest.setdefault(rule.family_number, rule.pk)
    return list(latest.values())
