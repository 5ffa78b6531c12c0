"""Point accounts and their ledger: to be looked at by everybody, to be changed by nobody."""

from functools import partial
from typing import ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from core.admin import Labelled, LockedAdmin, LockedInline, button, in_colours, link_to
from core.admin_filters import period_filter
from core.admin_questions import Question, ask
from core.audit import name_actions
from core.formatting import day, labelled, number, signed_points
from loyalty.adjustments.colleagues import ASK
from loyalty.adjustments.deeds import LEFT
from loyalty.adjustments.leaving import let_leave
from loyalty.admin.over import ONLY_THAT_MEMBER, left_already
from loyalty.admin.reports import PointsReportPages
from loyalty.errors import ApproverNeeded, LeadsToAnother, LeavingPolicyChanged
from loyalty.leaving import LettingLeaveForm, leaving_sentence
from loyalty.models import Entry, EntryKind, Lot, LotUse, PointAccount, Transfer
from loyalty.selectors.balance import balance_of
from members.admin import MemberAdmin
from members.lookup import members_matching

name_actions({LEFT: _("Leave the programme")})

MEMBER_SEARCH = _("Member reference, e-mail, surname or last four digits of a card")


class LotInline(LockedInline):
    """The lots of an account, those that expire first at the top."""

    model = Lot
    fields = (
        "expires_on",
        "available_on",
        "granted_points",
        "spent_points",
        "expired_points",
        "taken_back_points",
        "moved_points",
        "remaining_points",
    )
    ordering = ("-expires_on", "-available_on")


@admin.register(PointAccount)
class PointAccountAdmin(LockedAdmin):
    """Accounts, found by their member."""

    list_display = ("member_name", "programme", "shown_balance", "owed_points", "enrolled_at", "left_on")
    list_filter = ("programme",)
    list_select_related = ("member", "programme")
    export_columns = (
        "programme__code",
        "member__reference",
        "balance_points",
        "owed_points",
        "enrolled_at",
        "left_on",
    )
    search_fields = ("member__reference",)
    search_help_text = MEMBER_SEARCH
    inlines = (LotInline,)
    fieldsets = (
        (None, {"fields": ("member_link", "programme", "enrolled_at", "left_on", "merged_into")}),
        (_("Points"), {"fields": ("available", "waiting", "shown_balance", "owed_points", "movements")}),
    )
    readonly_fields: ClassVar = ("member_link", "available", "waiting", "shown_balance", "movements")
    actions_detail = ("points", "leave")

    @admin.display(description=_("member"))
    def member_name(self, account: PointAccount) -> str:
        return str(account.member)

    @admin.display(description=_("member"))
    def member_link(self, account: PointAccount) -> str:
        return link_to(account.member)

    @admin.display(description=_("balance in points"))
    def shown_balance(self, account: PointAccount) -> str:
        return number(account.balance_points)

    @admin.display(description=_("available now"))
    def available(self, account: PointAccount) -> str:
        balance = balance_of(account, at=timezone.now())
        text = number(balance.available_points)
        if balance.next_expiry is None:
            return text
        expiring = _("%(points)s of them through %(day)s") % {
            "points": number(balance.next_expiry.points),
            "day": day(balance.next_expiry.expires_on),
        }
        return f"{text} ({expiring})"

    @admin.display(description=_("waiting"))
    def waiting(self, account: PointAccount) -> str:
        return number(balance_of(account, at=timezone.now()).waiting_points)

    @admin.display(description=_("movements"))
    def movements(self, account: PointAccount) -> str:
        address = reverse("admin:loyalty_entry_changelist")
        return format_html('<a href="{}?account={}">{}</a>', address, account.pk, _("Show the movements"))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[PointAccount],
        search_term: str,
    ) -> tuple[QuerySet[PointAccount], bool]:
        """Find the accounts of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(member__in=members_matching(search_term).values("pk")), False

    def has_points_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may move points at all."""
        return request.user.has_perm(ASK)

    @button(_("Give or take points"), url_path="points", permissions=["points"], icon="tune")
    def points(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the page of the call centre on which points are moved."""
        account: PointAccount = self.row(request, object_id)
        address = reverse("helpdesk_points", args=[account.member.public_id])
        return redirect(f"{address}?{urlencode({'programme': account.programme.code})}")

    def has_leave_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may let members leave."""
        return request.user.has_perm("loyalty.change_pointaccount")

    @button(
        _("Leave the programme"), url_path="leave", permissions=["leave"], icon="logout", over=left_already
    )
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then record that the member leaves today."""
        account: PointAccount = self.row(request, object_id)
        sentence = leaving_sentence(account, at=timezone.now())
        question = Question(
            title=_("Leave the programme"),
            sentence=sentence,
            notes=[labelled(_("Member"), account.member)],
            button=_("The member leaves today"),
            done=_("The member has left the programme."),
            action="",
            is_dangerous=True,
            refusals={
                LeadsToAnother: ONLY_THAT_MEMBER,
                ApproverNeeded: _(
                    "The member would lose more points than you may take alone, or than are left for you"
                    " today: ask a colleague who may approve adjustments to record it. Nothing was changed."
                ),
                LeavingPolicyChanged: _(
                    "What leaving means has changed since you were asked: nothing was done. %(now)s"
                )
                % {"now": sentence},
            },
        )

        def do(reason: str, told: str) -> None:
            let_leave(account=account, actor=request.user, reason=reason, told=told, at=timezone.now())

        form = partial(LettingLeaveForm, initial={"told": account.programme.leaving_policy})
        return ask(self, request, question, row=account, do=do, form_class=form)


class AccountInline(LockedInline):
    """The accounts of a member, on the member's page."""

    model = PointAccount
    fields = ("account_link", "balance_points", "owed_points", "enrolled_at", "left_on")
    readonly_fields: ClassVar = ("account_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PointAccount]:
        """Bring the programmes along."""
        accounts: QuerySet[PointAccount] = super().get_queryset(request)
        return accounts.select_related("programme")

    @admin.display(description=_("programme"))
    def account_link(self, account: PointAccount) -> str:
        return link_to(account, account.programme)


# The page of a member belongs to a lower app, which knows no accounts.
MemberAdmin.inlines = (AccountInline, *MemberAdmin.inlines)


class UseInline(LockedInline):
    """What a movement took from each lot, or gave back."""

    model = LotUse
    fields = ("lot_link", "points")
    readonly_fields: ClassVar = ("lot_link",)
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LotUse]:
        """Bring the lots along."""
        uses: QuerySet[LotUse] = super().get_queryset(request)
        return uses.select_related("lot")

    @admin.display(description=_("lot of points"))
    def lot_link(self, use: LotUse) -> str:
        return link_to(use.lot)


class OfAccountAdmin(LockedAdmin):
    """Rows that belong to an account: found by the account's member."""

    search_fields = ("account__member__reference",)
    search_help_text = MEMBER_SEARCH

    @admin.display(description=_("member"))
    def member_link(self, row: Entry | Lot) -> str:
        return link_to(row.account, row.account.member)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[Model],
        search_term: str,
    ) -> tuple[QuerySet[Model], bool]:
        """Find the rows of the accounts of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        accounts = PointAccount.objects.filter(member__in=members_matching(search_term).values("pk"))
        return queryset.filter(account__in=accounts.values("pk")), False


@admin.register(Entry)
class EntryAdmin(PointsReportPages, OfAccountAdmin):
    """Movements of points, the newest first."""

    list_display = ("id", "occurred_at", "member_link", "shown_kind", "shown_points", "balance_after_points")
    list_filter = ("kind", period_filter("posted_at", _("posted")))
    list_select_related = ("account__member",)
    export_columns = (
        "id",
        "account__programme__code",
        "account__member__reference",
        "kind",
        "points",
        "owed_change_points",
        "balance_after_points",
        "purchase__reference",
        "purchase__partner__code",
        "occurred_at",
        "posted_at",
    )
    inlines = (UseInline,)
    fieldsets = (
        (None, {"fields": ("member_link", "kind", "occurred_at", "posted_at")}),
        (_("Points"), {"fields": ("points", "owed_change_points", "balance_after_points")}),
        (_("Belongs to"), {"fields": ("purchase_link", "lot_link", "corrects_link", "transfer_link")}),
    )
    readonly_fields: ClassVar = ("member_link", "purchase_link", "lot_link", "corrects_link", "transfer_link")

    @in_colours(
        _("kind"),
        {
            EntryKind.PURCHASE: "success",
            EntryKind.RETURN: "warning",
            EntryKind.VERIFIED_EMAIL: "success",
            EntryKind.ORDER: "info",
            EntryKind.ORDER_CANCELLED: "warning",
            EntryKind.EXPIRY: "danger",
            EntryKind.EXPIRY_REVERSED: "warning",
            EntryKind.GIVEN_UP: "danger",
            EntryKind.ADJUSTMENT: "warning",
            EntryKind.GOODWILL: "success",
            EntryKind.REINSTATED: "success",
            EntryKind.MOVED_OUT: "info",
            EntryKind.MOVED_IN: "info",
            EntryKind.MOVE_UNDONE_IN: "warning",
            EntryKind.MOVE_UNDONE_OUT: "warning",
        },
    )
    def shown_kind(self, entry: Entry) -> Labelled:
        return entry.kind, entry.get_kind_display()

    @admin.display(description=_("points"))
    def shown_points(self, entry: Entry) -> str:
        return signed_points(entry.points)

    @admin.display(description=_("purchase"))
    def purchase_link(self, entry: Entry) -> str:
        return link_to(entry.purchase) if entry.purchase else "-"

    @admin.display(description=_("lot of points"))
    def lot_link(self, entry: Entry) -> str:
        return link_to(entry.lot) if entry.lot else "-"

    @admin.display(description=_("corrects"))
    def corrects_link(self, entry: Entry) -> str:
        return link_to(entry.corrects) if entry.corrects else "-"

    @admin.display(description=_("transfer of points"))
    def transfer_link(self, entry: Entry) -> str:
        return link_to(entry.transfer) if entry.transfer else "-"


class MovementInline(LockedInline):
    """The entries of a transfer."""

    model = Entry
    fields = ("entry_link", "member_link", "kind", "points", "owed_change_points")
    readonly_fields: ClassVar = ("entry_link", "member_link")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Bring the members along."""
        entries: QuerySet[Entry] = super().get_queryset(request)
        return entries.select_related("account__member")

    @admin.display(description=_("movement"))
    def entry_link(self, entry: Entry) -> str:
        return link_to(entry)

    @admin.display(description=_("member"))
    def member_link(self, entry: Entry) -> str:
        return link_to(entry.account, entry.account.member)


@admin.register(Transfer)
class TransferAdmin(LockedAdmin):
    """Points that moved from one account to another, the newest first."""

    list_display = ("id", "moved_at", "reason", "source_link", "target_link", "is_undoing")
    list_filter = ("reason", period_filter("moved_at", _("moved")))
    list_select_related = ("source__member", "target__member")
    fields: ClassVar = ("reason", "moved_at", "source_link", "target_link", "undoes_link", "undone_link")
    readonly_fields: ClassVar = ("source_link", "target_link", "undoes_link", "undone_link")
    inlines = (MovementInline,)

    @admin.display(description=_("from"))
    def source_link(self, transfer: Transfer) -> str:
        return link_to(transfer.source, transfer.source.member)

    @admin.display(description=_("to"))
    def target_link(self, transfer: Transfer) -> str:
        return link_to(transfer.target, transfer.target.member)

    @admin.display(description=_("undoes another"), boolean=True)
    def is_undoing(self, transfer: Transfer) -> bool:
        return transfer.undoes_id is not None

    @admin.display(description=_("undoes"))
    def undoes_link(self, transfer: Transfer) -> str:
        return link_to(transfer.undoes) if transfer.undoes else "-"

    @admin.display(description=_("undone by"))
    def undone_link(self, transfer: Transfer) -> str:
        undoing = Transfer.objects.filter(undoes=transfer).first()
        return link_to(undoing) if undoing else "-"


@admin.register(Lot)
class LotAdmin(OfAccountAdmin):
    """Lots of points."""

    list_display = (
        "id",
        "member_link",
        "available_on",
        "expires_on",
        "granted_points",
        "spent_points",
        "expired_points",
        "taken_back_points",
        "moved_points",
        "remaining_points",
    )
    list_select_related = ("account__member",)
    fields = ("member_link", *list_display[2:])
    readonly_fields: ClassVar = ("member_link",)


@admin.register(LotUse)
class LotUseAdmin(LockedAdmin):
    """What each movement took from each lot."""

    list_display = ("id", "entry_link", "lot_link", "points")
    list_select_related = ("entry", "lot")
    fields: ClassVar = ("entry_link", "lot_link", "points")
    readonly_fields: ClassVar = ("entry_link", "lot_link")

    @admin.display(description=_("movement"))
    def entry_link(self, use: LotUse) -> str:
        return link_to(use.entry)

    @admin.display(description=_("lot of points"))
    def lot_link(self, use: LotUse) -> str:
        return link_to(use.lot)
