"""Purchases and returns with their verdicts, and the lines that were refused."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from core.admin import Labelled, LockedAdmin, in_colours, link_to
from core.admin_filters import period_filter
from core.formatting import amount, signed_points
from loyalty.explanations.facts import explanations_of
from loyalty.explanations.words import Step, steps_of
from loyalty.models import Entry, Purchase, PurchaseState, RejectedLine
from loyalty.purchases.reasons import SENTENCES, Reason
from members.lookup import members_matching
from partners.models import Channel


def sentence_for(reason: str) -> str:
    """Return the sentence for a stored reason, or its code when this release does not know it."""
    try:
        return str(SENTENCES[Reason(reason)])
    except (KeyError, ValueError):
        return reason


def _steps_read_once(purchase: Purchase) -> tuple[Step, ...]:
    """Return what led to the points of a line; a page asks several times for each of its fields."""
    kept: dict[str, tuple[Step, ...]] = vars(purchase)
    if "steps" not in kept:
        found = explanations_of([purchase.pk], programme=purchase.programme)
        kept["steps"] = steps_of(found[purchase.pk])
    return kept["steps"]


@admin.register(Purchase)
class PurchaseAdmin(LockedAdmin):
    """Reported lines, the newest first."""

    list_display = (
        "reference",
        "partner",
        "store",
        "purchased_at",
        "shown_kind",
        "shown_amount",
        "shown_state",
        "shown_points",
    )
    list_filter = ("programme", "partner", period_filter("received_at", _("received")))
    list_select_related = ("partner", "store", "programme")
    export_columns = (
        "programme__code",
        "partner__code",
        "store__code",
        "reference",
        "kind",
        "purchased_at",
        "amount_cents",
        "programme__currency",
        "channel",
        "state",
        "reason",
        "points",
        "received_at",
    )
    search_fields = ("reference",)
    search_help_text = _("Reference of the partner, or a member's reference, e-mail or surname")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "programme",
                    "partner",
                    "store",
                    "shown_channel",
                    "reference",
                    "kind",
                    "purchased_at",
                )
            },
        ),
        (_("Amount"), {"fields": ("shown_amount", "card_link", "original_link", "original_reference")}),
        (_("Verdict"), {"fields": ("state", "shown_points", "shown_steps")}),
        (_("Received"), {"fields": ("received_at", "feed_link")}),
    )
    readonly_fields: ClassVar = (
        "shown_channel",
        "shown_amount",
        "card_link",
        "original_link",
        "shown_points",
        "shown_steps",
        "feed_link",
    )

    @admin.display(description=_("kind"))
    def shown_kind(self, purchase: Purchase) -> str:
        return purchase.get_kind_display()

    @admin.display(description=_("channel"))
    def shown_channel(self, purchase: Purchase) -> str:
        return str(dict(Channel.choices).get(purchase.channel, purchase.channel))

    @admin.display(description=_("amount"))
    def shown_amount(self, purchase: Purchase) -> str:
        return amount(purchase.amount_cents, purchase.programme.currency)

    @in_colours(
        _("state"),
        {
            PurchaseState.ACCEPTED: "success",
            PurchaseState.PARKED: "warning",
            PurchaseState.REJECTED: "danger",
        },
    )
    def shown_state(self, purchase: Purchase) -> Labelled:
        return purchase.state, purchase.get_state_display()

    @admin.display(description=_("points"))
    def shown_points(self, purchase: Purchase) -> str:
        return signed_points(purchase.points)

    @admin.display(description=_("why"))
    def shown_steps(self, purchase: Purchase) -> str:
        return format_html_join(
            "",
            "<div><strong>{}</strong> {}</div>",
            ((step.label, step.sentence) for step in _steps_read_once(purchase)),
        )

    @admin.display(description=_("card"))
    def card_link(self, purchase: Purchase) -> str:
        return link_to(purchase.card) if purchase.card else "-"

    @admin.display(description=_("purchase returned"))
    def original_link(self, purchase: Purchase) -> str:
        return link_to(purchase.original) if purchase.original else "-"

    @admin.display(description=_("import"))
    def feed_link(self, purchase: Purchase) -> str:
        return link_to(purchase.feed_import) if purchase.feed_import else "-"

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Purchase],
        search_term: str,
    ) -> tuple[QuerySet[Purchase], bool]:
        """Find by the partner's reference, or else what earned or cost a member points."""
        term = search_term.strip()
        if not term:
            return queryset, False
        by_reference = queryset.filter(reference=term)
        if by_reference.exists():
            return by_reference, False
        entries = Entry.objects.filter(account__member__in=members_matching(term).values("pk"))
        return queryset.filter(pk__in=entries.values("purchase_id")), False


@admin.register(RejectedLine)
class RejectedLineAdmin(LockedAdmin):
    """Lines that were refused, with what is safe to keep of them."""

    empty_says = _("Lines of files that are refused appear here, each with its reason. None was so far.")
    list_display = ("feed_link", "line", "reference", "shown_reason")
    list_filter = ("reason",)
    list_select_related = ("feed_import",)
    list_display_links = ("line",)
    export_columns = ("feed_import__file_name", "line", "reference", "reason", "purchased_at", "store_name")
    search_fields = ("reference__exact",)
    search_help_text = _("Reference of the line")
    fields = ("feed_link", "line", "reference", "shown_reason", "card_link", "purchased_at", "store_name")
    readonly_fields: ClassVar = ("feed_link", "shown_reason", "card_link")
    ordering = ("-feed_import_id", "line")

    @admin.display(description=_("import"))
    def feed_link(self, rejected: RejectedLine) -> str:
        return link_to(rejected.feed_import)

    @admin.display(description=_("reason"))
    def shown_reason(self, rejected: RejectedLine) -> str:
        return sentence_for(rejected.reason)

    @admin.display(description=_("card"))
    def card_link(self, rejected: RejectedLine) -> str:
        return link_to(rejected.card) if rejected.card else "-"
