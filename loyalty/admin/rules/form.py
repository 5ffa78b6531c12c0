"""The form of a rule as a marketer fills it in, and the version that it describes.

Fields bear the names of the columns they fill, so that what contradicts itself is told beside the field.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.formatting import in_language
from core.plausible import YearBetween, validate_visible
from loyalty.admin.rules.fields import AmountField, FactorField, WholeField
from loyalty.earning.admission import contradictions_of
from loyalty.earning.contradictions import SENTENCES, Contradiction, Finding
from loyalty.earning.times_in_words import hour_in_words
from loyalty.earning.versions import digest_of
from loyalty.earning.words import Names
from loyalty.models import EarningRule, LimitPeriod, Programme, RuleEffect
from loyalty.models.rules import (
    HOURS_OF_A_DAY,
    MOST_BUDGET_POINTS,
    MOST_FACTOR_PERCENT,
    MOST_LIMIT_POINTS,
    MOST_NTH,
    MOST_RULE_POINTS,
)
from partners.models import Channel

LONGEST_CODE = 40
MOST_PER_CENTS = 1_000_000
MOST_CENTS = 100_000_000
MOST_PRIORITY = 1_000

WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
EVERY, ONCE, AGAIN = "every", "once", "again"
COUNTS = (
    (EVERY, _("every purchase")),
    (ONCE, _("only one of the member’s purchases, by its number")),
    (AGAIN, _("every so many purchases of the member")),
)
EFFECTS = (
    (RuleEffect.BASE, _("Points for the amount")),
    (RuleEffect.MULTIPLIER, _("A multiplier")),
    (RuleEffect.BONUS, _("A fixed bonus")),
)
ANY_CHANNEL = (("", pgettext_lazy("channel", "Anywhere")), *Channel.choices)

TYPED_OR_LISTED = {forms.TextInput, forms.NumberInput, forms.DateInput, forms.TimeInput, forms.Select}
"""Widgets that get the look of a field; boxes and circles to tick have their own."""

OF_EFFECT: Mapping[str, tuple[str, ...]] = {
    RuleEffect.BASE: ("base_points", "per_cents"),
    RuleEffect.MULTIPLIER: ("factor_percent", "priority", "is_stackable"),
    RuleEffect.BONUS: ("bonus_points", "counts", "nth_purchase"),
}
"""The fields that belong to an effect; those of the others are not looked at."""

SHOWN_AT: Mapping[str, Mapping[str, str]] = {
    "points": {RuleEffect.BASE: "base_points", RuleEffect.BONUS: "bonus_points"},
    "is_every_nth": {RuleEffect.BONUS: "counts"},
}
"""The fields of columns that are called otherwise here, by effect."""


class Several(forms.TypedMultipleChoiceField):
    """Any number of rows or days, by their numbers, each with a box to tick."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(coerce=int, required=False, **options)


class HourField(forms.TypedChoiceField):
    """A full hour of the day, or none."""

    def __init__(self, *, hours: Sequence[int], **options: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(coerce=int, empty_value=None, required=False, **options)
        self.hours = hours

    def offer(self) -> None:
        """Name the hours in the active language."""
        self.choices = [("", "-"), *((hour, hour_in_words(hour)) for hour in self.hours)]


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d", *get_format("DATE_INPUT_FORMATS")],
            validators=[YearBetween(2000, 2100)],
            **options,
        )


class RuleForm(forms.Form):
    """What a rule gives, where, for whom, when, and how much at most."""

    name_fr = forms.CharField(
        label=_("Name in French"),
        max_length=120,
        validators=[validate_visible],
        help_text=_("Short: members read it on their statement, before the sentence."),
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120, validators=[validate_visible])

    effect = forms.ChoiceField(label=_("What it gives"), choices=EFFECTS, widget=forms.RadioSelect)
    base_points = WholeField(label=_("Points"), most=MOST_RULE_POINTS, required=False)
    per_cents = AmountField(
        label=_("for each amount of"),
        most=MOST_PER_CENTS,
        required=False,
        help_text=_("Cents count too. The points of a purchase are rounded down once, after all rules."),
    )
    factor_percent = FactorField(
        label=_("Multiply the points by"),
        most=MOST_FACTOR_PERCENT,
        required=False,
        help_text=_("2 doubles, 1.5 adds half. Fixed bonuses are not multiplied."),
    )
    is_stackable = forms.BooleanField(
        label=_("Combines with other multipliers"),
        required=False,
        help_text=_(
            "Two that combine multiply each other: 2 and 3 make 6. One that does not counts alone, or not"
            " at all."
        ),
    )
    priority = forms.IntegerField(
        label=_("Priority"),
        required=False,
        min_value=-MOST_PRIORITY,
        max_value=MOST_PRIORITY,
        help_text=_("Of multipliers that do not combine, the one with the higher number counts."),
    )
    bonus_points = WholeField(label=_("Extra points"), most=MOST_RULE_POINTS, required=False)
    counts = forms.ChoiceField(label=_("For"), choices=COUNTS, required=False, widget=forms.RadioSelect)
    nth_purchase = WholeField(
        label=_("Which purchase"),
        most=MOST_NTH,
        required=False,
        help_text=_("1 is the first that meets the conditions below, counted since the rule began."),
    )

    partner_ids = Several(
        label=_("Partner brands"), help_text=pgettext_lazy("partner brands", "None ticked: all of them.")
    )
    store_ids = Several(label=_("Only these stores"))
    channel = forms.ChoiceField(
        label=_("In store or online"), choices=ANY_CHANNEL, required=False, widget=forms.RadioSelect
    )
    minimum_cents = AmountField(label=_("Purchases of at least"), most=MOST_CENTS, required=False)

    card_product_ids = Several(
        label=_("Card products"), help_text=pgettext_lazy("card products", "None ticked: all of them.")
    )
    group_ids = Several(
        label=_("Groups of members"), help_text=_("None ticked: everybody. Several: who is in one of them.")
    )
    is_birthday_month = forms.BooleanField(
        label=_("Only in the month of the member’s birthday"), required=False
    )

    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    weekdays = Several(label=_("Days of the week"), choices=WEEKDAYS, help_text=_("None ticked: every day."))
    from_hour = HourField(label=pgettext_lazy("hour", "From"), hours=range(HOURS_OF_A_DAY))
    until_hour = HourField(
        label=_("Until before"),
        hours=range(1, HOURS_OF_A_DAY + 1),
        help_text=_(
            "By the clock of the programme. It may reach over midnight, from 22:00 until 06:00: a purchase"
            " after midnight counts for the new day."
        ),
    )

    limit_points = WholeField(
        label=_("At most for each member"),
        most=MOST_LIMIT_POINTS,
        required=False,
        help_text=_("Points that this rule gives one member. Empty: as many as they earn."),
    )
    limit_period = forms.ChoiceField(label=_("in"), choices=LimitPeriod.choices, required=False)
    budget_points = WholeField(
        label=_("At most for all members together"),
        most=MOST_BUDGET_POINTS,
        required=False,
        help_text=_("The rule stops exactly at this point. What is brought back does not refill it."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        programme: Programme,
        names: Names,
        stores: Sequence[int],
        version: EarningRule | None,
        counting: Sequence[EarningRule],
        at: datetime,
    ) -> None:
        seen = digest_of(version) if version else ""
        super().__init__(data, initial=_initial(version or first_idea(programme)) | {"seen": seen})
        self.programme, self.names, self.version, self.at = programme, names, version, at
        self.stores, self.counting = list(stores), counting
        dress(self)
        self._offer()

    def _offer(self) -> None:
        """Fill in the choices there are in this programme, and those of the active language."""
        for field, named in (
            ("partner_ids", self.names.partners),
            ("card_product_ids", self.names.card_products),
            ("group_ids", self.names.groups),
        ):
            self._field(field, Several).choices = list(named.items())
        self._field("store_ids", Several).choices = [
            (store, self.names.store(store)) for store in self.stores if store in self.names.stores
        ]
        for hour in ("from_hour", "until_hour"):
            self._field(hour, HourField).offer()
        for amount in ("per_cents", "minimum_cents"):
            self._field(amount, AmountField).currency = self.programme.currency

    def _field(self, name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - one of our own fields
        field = self.fields[name]
        assert isinstance(field, kind)  # noqa: S101 - for the type checker
        return field

    def clean(self) -> dict[str, Any]:
        """Refuse what contradicts itself, each beside the field where it is mended."""
        cleaned = super().clean() or {}
        effect = cleaned.get("effect")
        for other, fields in OF_EFFECT.items():
            for name in fields if other != effect else ():
                self.errors.pop(name, None)
                cleaned.pop(name, None)
        if effect is not None:
            self._ask_for_what_is_missing(effect, cleaned)
            for finding in contradictions_of(self.described(), at=self.at):
                self._tell(finding, effect)
        return cleaned

    def _ask_for_what_is_missing(self, effect: str, cleaned: dict[str, Any]) -> None:
        if effect == RuleEffect.BASE and cleaned.get("per_cents", 0) is None:
            self.add_error("per_cents", str(SENTENCES[Contradiction.FOR_NO_AMOUNT]))
        if cleaned.get("counts", EVERY) in (ONCE, AGAIN) and cleaned.get("nth_purchase", 0) is None:
            self.add_error("nth_purchase", str(SENTENCES[Contradiction.AGAIN_AFTER_NOTHING]))

    def _tell(self, finding: Finding, effect: str) -> None:
        """Say what contradicts itself beside the field, or above the form where the field is not shown."""
        shown = SHOWN_AT.get(finding.field, {})
        name = shown.get(effect, finding.field)
        is_hidden = any(name in fields for other, fields in OF_EFFECT.items() if other != effect)
        if is_hidden or name not in self.fields:
            self.add_error(None, finding.sentence)
        elif name not in self.errors:
            self.add_error(name, finding.sentence)

    def described(self) -> EarningRule:
        """Return the version that the form describes, not saved; what is wrong is left at its default."""
        given = self.cleaned_data
        version = copy(self.version) if self.version else EarningRule(programme=self.programme)
        for column in (
            "effect",
            "partner_ids",
            "store_ids",
            "card_product_ids",
            "group_ids",
            "starts_on",
            "ends_on",
            "weekdays",
            "from_hour",
            "until_hour",
            "minimum_cents",
            "limit_points",
            "budget_points",
        ):
            if column in given:
                setattr(version, column, given[column])
        version.name_fr, version.name_en = given.get("name_fr", ""), given.get("name_en", "")
        version.channel = given.get("channel") or ""
        version.is_birthday_month = bool(given.get("is_birthday_month"))
        has_limit = given.get("limit_points") is not None
        version.limit_period = (has_limit and given.get("limit_period")) or LimitPeriod.LIFE
        _describe_effect(version, given)
        return version

    def code(self) -> str:
        """Return a code for a new rule, made of its name."""
        name = in_language(french=self.cleaned_data["name_fr"], english=self.cleaned_data["name_en"])
        return slugify(name)[:LONGEST_CODE].strip("-") or "rule"


def dress(form: forms.Form) -> None:
    """Give what is typed or chosen from a list the look of these pages."""
    for field in form.fields.values():
        if type(field.widget) in TYPED_OR_LISTED:
            field.widget.attrs |= {"class": "rules-input", "autocomplete": "off"}
        if isinstance(field, WholeField | AmountField | FactorField):
            field.widget.attrs["inputmode"] = "numeric" if isinstance(field, WholeField) else "decimal"


def _describe_effect(version: EarningRule, given: Mapping[str, Any]) -> None:
    """Set what belongs to the effect; the rest as if nobody had asked for it."""
    version.points = given.get("base_points") or given.get("bonus_points") or 0
    version.per_cents = given.get("per_cents") or 100
    if version.effect == RuleEffect.MULTIPLIER:
        version.factor_percent = given.get("factor_percent") or 0
    else:
        version.factor_percent = 100
    version.priority = given.get("priority") or 0
    version.is_stackable = bool(given.get("is_stackable", True))
    counts = given.get("counts") or EVERY
    version.nth_purchase = given.get("nth_purchase") if counts != EVERY else None
    version.is_every_nth = counts == AGAIN


def first_idea(programme: Programme) -> EarningRule:
    """Return what the form of a new rule begins with: double points."""
    return EarningRule(programme=programme, effect=RuleEffect.MULTIPLIER, factor_percent=200)


def _initial(version: EarningRule) -> dict[str, Any]:
    """Return what the form shows of a version."""
    counts = EVERY if version.nth_purchase is None else AGAIN if version.is_every_nth else ONCE
    columns = {name: getattr(version, name, None) for name in RuleForm.base_fields}
    given = version.points or None
    return columns | {"base_points": given, "bonus_points": given, "counts": counts}
