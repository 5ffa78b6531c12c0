"""The rows of successions: who is who in the new programme, and what each transfer converted."""

from datetime import date
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, link_to
from core.audit import name_actions
from core.formatting import day, number
from loyalty.models import Conversion, Counterpart

name_actions(
    {
        "succession.prepared": _("Prepare a succession"),
        "succession.changed": _("Change the terms of a succession"),
        "succession.rehearsed": _("Rehearse a succession"),
        "succession.run": _("Let a succession run"),
        "succession.followed": _("Move what came late"),
        "succession.extended": _("Set another last day for late lines"),
        "succession.closed": _("Close the old programme"),
        "succession.reversed": _("Reverse a succession"),
        "succession.abandoned": _("Abandon a succession"),
        "succession.exported": _("Export of a succession"),
        "succession.letters": _("Export for the letters of a succession"),
    }
)


@admin.register(Counterpart)
class CounterpartAdmin(LockedAdmin):
    """Who members of an old programme are in the new one. A file says it."""

    empty_says = _(
        "A file that is imported for a succession says who members of the old programme are in the new one."
    )
    list_display = ("id", "succession", "member_link", "counterpart_link")
    list_filter = ("succession__source",)
    search_fields = ("member__reference", "counterpart__reference")
    fields: ClassVar = ("succession", "member_link", "counterpart_link")
    readonly_fields: ClassVar = ("member_link", "counterpart_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Counterpart]:
        """Bring what the pages name."""
        pairs: QuerySet[Counterpart] = super().get_queryset(request)
        return pairs.select_related("succession__source", "succession__target", "member", "counterpart")

    @admin.display(description=_("member of the programme that ends"))
    def member_link(self, pair: Counterpart) -> str:
        return link_to(pair.member, pair.member.reference)

    @admin.display(description=_("member of the programme that follows"))
    def counterpart_link(self, pair: Counterpart) -> str:
        return link_to(pair.counterpart, pair.counterpart.reference)


@admin.register(Conversion)
class ConversionAdmin(LockedAdmin):
    """What each transfer of a succession took, and what arrived in its place."""

    empty_says = _("Points are converted once a succession has begun.")
    list_display = ("id", "succession", "account_link", "kind", "left_points", "arrived_points")
    list_filter = ("succession__source", "kind")
    export_columns = (
        "succession_id",
        "account__member__reference",
        "kind",
        "left_points",
        "arrived_points",
        "transfer__moved_at",
    )
    fields: ClassVar = ("succession", "account_link", "kind", "left_points", "arrived_points", "shown_parts")
    readonly_fields: ClassVar = ("account_link", "shown_parts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversion]:
        """Bring what the pages name."""
        conversions: QuerySet[Conversion] = super().get_queryset(request)
        return conversions.select_related("succession__source", "succession__target", "account__member")

    @admin.display(description=_("account that ends"))
    def account_link(self, conversion: Conversion) -> str:
        return link_to(conversion.account, conversion.account.member.reference)

    @admin.display(description=_("by lot"))
    def shown_parts(self, conversion: Conversion) -> str:
        return ", ".join(
            gettext("%(lot)s: %(left)s → %(arrived)s")
            % {"lot": _day_of(expires_on), "left": number(left), "arrived": number(arrived)}
            for expires_on, _available_on, left, arrived in conversion.parts
        )


def _day_of(expires_on: str | None) -> str:
    """Write for people the day of expiry of a lot, as a conversion keeps it; points owed are of no lot."""
    return day(date.fromisoformat(expires_on)) if expires_on else gettext("points owed")
