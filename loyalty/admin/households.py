"""Households and who may spend whose points, to look at. Members decide; staff put together and take out."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, LockedInline, link_to
from core.admin_filters import period_filter
from core.audit import name_actions, name_details
from loyalty.admin.ledger import MEMBER_SEARCH
from loyalty.households.membership import PUT_TOGETHER, REMOVED
from loyalty.models import Household, HouseholdStay, PointAccount, SpendingPermission
from members.lookup import members_matching

name_actions({PUT_TOGETHER: _("Brought into a household"), REMOVED: _("Taken out of a household")})
name_details({"household": _("household")})


class StayInline(LockedInline):
    """Who is in the household, and who was."""

    model = HouseholdStay
    fields = ("member_link", "joined_at", "left_at")
    readonly_fields: ClassVar = ("member_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[HouseholdStay]:
        """Bring the members along."""
        stays: QuerySet[HouseholdStay] = super().get_queryset(request)
        return stays.select_related("account__member")

    @admin.display(description=_("member"))
    def member_link(self, stay: HouseholdStay) -> str:
        return link_to(stay.account, stay.account.member)


class OfMembersAdmin(LockedAdmin):
    """Rows found by the members whom they are about; `to_accounts` lead there."""

    to_accounts: ClassVar[tuple[str, ...]]
    search_fields = ("pk",)
    search_help_text = MEMBER_SEARCH

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Household],
        search_term: str,
    ) -> tuple[QuerySet[Household], bool]:
        """Find the rows of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        accounts = PointAccount.objects.filter(member__in=members_matching(search_term).values("pk"))
        named = Q()
        for way in self.to_accounts:
            named |= Q(**{f"{way}__in": accounts.values("pk")})
        return queryset.filter(pk__in=queryset.model.objects.filter(named).values("pk")), False


@admin.register(Household)
class HouseholdAdmin(OfMembersAdmin):
    """Households, the newest first."""

    empty_says = _("Households are founded by members, on the site, where their programme has them.")
    to_accounts = ("stays__account",)
    list_display = ("id", "programme", "founded_at", "shown_people")
    list_filter = ("programme", period_filter("founded_at", _("founded")))
    list_select_related = ("programme",)
    fields: ClassVar = ("programme", "founded_at")
    inlines = (StayInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Household]:
        """Count who is in each."""
        households: QuerySet[Household] = super().get_queryset(request)
        return households.annotate(people=Count("stays", filter=Q(stays__left_at__isnull=True)))

    @admin.display(description=_("people in it"))
    def shown_people(self, household: Household) -> int:
        return int(getattr(household, "people", 0))


@admin.register(SpendingPermission)
class SpendingPermissionAdmin(OfMembersAdmin):
    """Who may, or might, spend whose points, the latest first."""

    to_accounts = ("giver__account", "spender__account")
    list_display = ("id", "giver_link", "spender_link", "given_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), period_filter("given_at", _("given")))
    list_select_related = ("giver__account__member", "spender__account__member")
    fields: ClassVar = ("household_link", "giver_link", "spender_link", "given_at", "ended_at")
    readonly_fields: ClassVar = ("household_link", "giver_link", "spender_link")

    @admin.display(description=_("of whom"))
    def giver_link(self, permission: SpendingPermission) -> str:
        return link_to(permission.giver.account, permission.giver.account.member)

    @admin.display(description=_("to whom"))
    def spender_link(self, permission: SpendingPermission) -> str:
        return link_to(permission.spender.account, permission.spender.account.member)

    @admin.display(description=_("household"))
    def household_link(self, permission: SpendingPermission) -> str:
        return link_to(permission.giver.household)


@admin.register(HouseholdStay)
class HouseholdStayAdmin(OfMembersAdmin):
    """Who is or was in which household, the latest first."""

    to_accounts = ("account",)
    list_display = ("id", "household_link", "member_link", "joined_at", "left_at")
    list_filter = (
        ("left_at", admin.EmptyFieldListFilter),
        period_filter("joined_at", _("joined the household")),
    )
    list_select_related = ("household", "account__member")
    fields: ClassVar = ("household_link", "member_link", "joined_at", "left_at")
    readonly_fields: ClassVar = ("household_link", "member_link")

    @admin.display(description=_("household"))
    def household_link(self, stay: HouseholdStay) -> str:
        return link_to(stay.household)

    @admin.display(description=_("member"))
    def member_link(self, stay: HouseholdStay) -> str:
        return link_to(stay.account, stay.account.member)
