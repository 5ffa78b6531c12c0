"""What members ask of their statement: which lines, and for which days a document."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.plausible import YearBetween
from loyalty.selectors.statement import MOVEMENT_KINDS, UNCOUNTED, WITHOUT_POINTS, StatementFilter
from members.models import Card
from partners.models import Partner

LONGEST_PERIOD_DAYS = 366
"""A document covers a year at most, so that making it stays short."""

KIND_LABELS: dict[str, StrOrPromise] = {
    "purchase": _("Purchases"),
    "return": _("Returns"),
    "order": _("Gift-card orders"),
    "order_cancelled": _("Orders cancelled"),
    "expiry": _("Points expired"),
    "adjustment": _("Adjustments"),
    "moved": _("Points moved between accounts"),
}


class DayInput(forms.DateInput):
    """A day, picked from the browser's calendar."""

    input_type = "date"


class DayField(forms.DateField):
    """A day that a programme can have seen, as browsers send it or as the French write it."""

    def __init__(self, *, label: StrOrPromise, required: bool) -> None:
        super().__init__(
            label=label,
            required=required,
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            widget=DayInput(format="%Y-%m-%d"),
            validators=[YearBetween(2000, 2100)],
        )


def _end_before_beginning(form: forms.Form, cleaned: dict[str, Any]) -> None:
    since, until = cleaned.get("since"), cleaned.get("until")
    if since and until and until < since:
        form.add_error("until", _("The last day comes before the first. Swap the two."))


def _choice(
    label: StrOrPromise, everything: StrOrPromise, choices: Sequence[tuple[str, Any]]
) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", everything), *choices])


class StatementForm(forms.Form):
    """Which lines of the statement to show. Nothing filled in means all of them."""

    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Through"), required=False)

    def __init__(self, data: QueryDict, *, cards: Sequence[Card], partners: Sequence[Partner]) -> None:
        super().__init__(data, auto_id="filter_%s")
        kinds = [(name, KIND_LABELS.get(name) or of[0].label) for name, of in MOVEMENT_KINDS.items()]
        further = [(WITHOUT_POINTS, _("Counted, but without points")), (UNCOUNTED, _("Not counted"))]
        brands = [(partner.code, partner.name) for partner in partners]
        held = [(str(card.pk), f"{card.product.name} •••• {card.last4}") for card in cards]
        self.fields |= {
            "kind": _choice(_("Kind"), _("All kinds"), [*kinds, *further]),
            "partner": _choice(_("Partner brand"), _("All partner brands"), brands),
            "card": _choice(_("Card"), _("All cards"), held),
        }
        self.order_fields(["kind", "partner", "card", "since", "until"])
        self._partner_ids = {partner.code: partner.pk for partner in partners}

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned = super().clean() or {}
        _end_before_beginning(self, cleaned)
        return cleaned

    def filters(self) -> StatementFilter:
        """Return what was asked for by a form that is valid."""
        asked = self.cleaned_data
        return StatementFilter(
            kind=asked["kind"],
            partner_id=self._partner_ids.get(asked["partner"]),
            card_id=int(asked["card"]) if asked["card"] else None,
            since=asked["since"],
            until=asked["until"],
        )


class DocumentForm(forms.Form):
    """For which days to make a document."""

    since = DayField(label=_("From"), required=True)
    until = DayField(label=_("Through"), required=True)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins or is longer than a year."""
        cleaned = super().clean() or {}
        _end_before_beginning(self, cleaned)
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and (until - since).days >= LONGEST_PERIOD_DAYS:
            self.add_error("until", _("A statement covers a year at most. Choose a shorter period."))
        return cleaned
