"""Points that staff move: what waits for a second person, who decided what, why and within which limits."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin import Labelled, LockedInline, button, in_colours, link_to
from core.admin_filters import period_filter
from core.admin_questions import Question, ask
from core.audit import name_actions
from core.formatting import moment, number, signed_points
from loyalty.adjustments.colleagues import APPROVE
from loyalty.adjustments.decisions import (
    APPROVED,
    DECLINED,
    WITHDRAWN,
    approve_adjustment,
    decline_adjustment,
    withdraw_adjustment,
)
from loyalty.adjustments.forms import CommentField
from loyalty.adjustments.requests import POSTED, REQUESTED
from loyalty.adjustments.words import REFUSALS, Standing, balance_sentence, standing_of
from loyalty.admin.ledger import OfAccountAdmin
from loyalty.admin.over import decided_already
from loyalty.models import (
    AdjustmentEntry,
    AdjustmentRequest,
    AdjustmentState,
)
from loyalty.selectors.adjustments import with_people

if TYPE_CHECKING:
    from members.models import User

name_actions(
    {
        REQUESTED: _("Points requested, to be approved"),
        POSTED: _("Points moved by staff"),
        APPROVED: _("Points of a colleague approved"),
        DECLINED: _("Points of a colleague declined"),
        WITHDRAWN: _("Request for points withdrawn"),
    }
)

SEES_PEOPLE = "members.view_member"
"""Whoever may look at members may read what colleagues wrote about them."""

COLOURS = {
    Standing.WAITING: "warning",
    Standing.LAPSED: "danger",
    Standing.ALONE: "success",
    Standing.APPROVED: "success",
    Standing.DECLINED: "danger",
    Standing.WITHDRAWN: "info",
}


class StandingFilter(admin.SimpleListFilter):
    """Requests by where they stand now."""

    title = _("state")
    parameter_name = "standing"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        model_admin: admin.ModelAdmin[Any],  # noqa: ARG002 - the signature is Django's
    ) -> list[tuple[str, str]]:
        """Return where a request can stand."""
        return [(one.value, str(one.label)) for one in Standing]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[AdjustmentRequest],
    ) -> QuerySet[AdjustmentRequest]:
        """Keep the requests that stand there."""
        at = timezone.now()
        conditions: dict[str, dict[str, object]] = {
            Standing.WAITING: {"state": AdjustmentState.REQUESTED, "approve_before__gt": at},
            Standing.LAPSED: {"state": AdjustmentState.REQUESTED, "approve_before__lte": at},
            Standing.ALONE: {"state": AdjustmentState.POSTED, "approve_before__isnull": True},
            Standing.APPROVED: {"state": AdjustmentState.POSTED, "approve_before__isnull": False},
            Standing.DECLINED: {"state": AdjustmentState.DECLINED},
            Standing.WITHDRAWN: {"state": AdjustmentState.WITHDRAWN},
        }
        return queryset.filter(**conditions.get(self.value() or "", {}))


class MovementInline(LockedInline):
    """The movements that a posted request made."""

    model = AdjustmentEntry
    fields = ("entry_link", "shown_points")
    readonly_fields: ClassVar = ("entry_link", "shown_points")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentEntry]:
        """Bring the movements along."""
        entries: QuerySet[AdjustmentEntry] = super().get_queryset(request)
        return entries.select_related("entry")

    @admin.display(description=_("movement"))
    def entry_link(self, one: AdjustmentEntry) -> str:
        return link_to(one.entry)

    @admin.display(description=_("points"))
    def shown_points(self, one: AdjustmentEntry) -> str:
        return signed_points(one.entry.points)


class ApprovalForm(forms.Form):
    """Approving needs no word; one may be left."""

    comment = CommentField(
        label=_("Comment for colleagues"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class DeclineForm(forms.Form):
    """Whoever declines says why."""

    comment = CommentField(
        label=_("Why it is declined"),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


@admin.register(AdjustmentRequest)
class AdjustmentRequestAdmin(OfAccountAdmin):
    """Requests of colleagues, the newest first. They are made on the page of a member in the call centre."""

    empty_says = _("Colleagues ask for adjustments on the page of a member, in the call centre.")
    list_display = (
        "requested_at",
        "member_link",
        "kind",
        "shown_points",
        "shown_reason",
        "shown_standing",
        "requester",
    )
    list_filter = (StandingFilter, "kind", "programme", period_filter("requested_at", _("requested")))
    list_select_related = ("account__member", "reason")
    export_columns = (
        "id",
        "programme__code",
        "account__member__reference",
        "kind",
        "points",
        "reason__code",
        "requested_by_id",
        "role",
        "requested_at",
        "limit_points",
        "alone_points",
        "together_points",
        "approve_before",
        "state",
        "decided_by_id",
        "decided_at",
    )
    inlines = (MovementInline,)
    actions_detail = ("approve", "decline", "withdraw")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentRequest]:
        """Bring the addresses of the colleagues along."""
        return with_people(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401, ARG002 - Django's own tuples
        """Leave what colleagues wrote to those who may look at members."""
        said = ("comment",) if request.user.has_perm(SEES_PEOPLE) else ()
        decision = ("decision_comment",) if request.user.has_perm(SEES_PEOPLE) else ()
        return (
            (None, {"fields": ("member_link", "kind", "shown_points", "shown_reason", *said)}),
            (_("Who asked"), {"fields": ("requester", "shown_role", "requested_at")}),
            (
                _("Decision"),
                {"fields": ("where_it_stands", "shown_deadline", "decider", "decided_at", *decision)},
            ),
            (_("Limits that applied"), {"fields": ("shown_limit", "shown_alone", "shown_together")}),
        )

    readonly_fields: ClassVar = (
        "member_link",
        "shown_points",
        "shown_reason",
        "requester",
        "shown_role",
        "where_it_stands",
        "shown_deadline",
        "decider",
        "shown_limit",
        "shown_alone",
        "shown_together",
    )

    @admin.display(description=_("points"))
    def shown_points(self, one: AdjustmentRequest) -> str:
        return signed_points(one.points)

    @admin.display(description=_("reason"))
    def shown_reason(self, one: AdjustmentRequest) -> str:
        return one.reason.name

    @in_colours(_("state"), COLOURS)
    def shown_standing(self, one: AdjustmentRequest) -> Labelled:
        standing = standing_of(one, at=timezone.now())
        return standing, standing.label

    @admin.display(description=_("state"))
    def where_it_stands(self, one: AdjustmentRequest) -> str:
        return str(standing_of(one, at=timezone.now()).label)

    @admin.display(description=_("asked by"))
    def requester(self, one: AdjustmentRequest) -> str:
        email: str | None = getattr(one, "requester_email", None)
        return email or f"#{one.requested_by_id}"

    @admin.display(description=_("decided by"))
    def decider(self, one: AdjustmentRequest) -> str:
        email: str | None = getattr(one, "decider_email", None)
        return email or (f"#{one.decided_by_id}" if one.decided_by_id else "-")

    @admin.display(description=_("group of staff"))
    def shown_role(self, one: AdjustmentRequest) -> str:
        return gettext(one.role)

    @admin.display(description=_("to be approved before"))
    def shown_deadline(self, one: AdjustmentRequest) -> str:
        return moment(one.approve_before) if one.approve_before else "-"

    @admin.display(description=_("limit of the day"))
    def shown_limit(self, one: AdjustmentRequest) -> str:
        return number(one.limit_points)

    @admin.display(description=_("limit without a second person"))
    def shown_alone(self, one: AdjustmentRequest) -> str:
        return number(one.alone_points)

    @admin.display(description=_("on this account and day"))
    def shown_together(self, one: AdjustmentRequest) -> str:
        return number(one.together_points)

    def has_approve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Say whether the person may decide on this request, which is not theirs."""
        return request.user.has_perm(APPROVE) and self._is_own(request, object_id) is False

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Say whether this request is the person's own."""
        return self.has_view_permission(request) and self._is_own(request, object_id) is True

    def _is_own(self, request: HttpRequest, object_id: str | None) -> bool | None:
        found = self.get_object(request, object_id or "")
        return None if found is None else found.requested_by_id == request.user.pk

    @button(
        _("Approve"),
        url_path="approve",
        permissions=["approve"],
        icon="check_circle",
        over=decided_already(AdjustmentState.POSTED),
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then let the points move."""
        question = Question(
            title=_("Approve the points of a colleague"),
            sentence=_(
                "The points move at once, and the member sees them with the reason. You vouch for it."
            ),
            button=_("Approve: move the points"),
            done=_("The points have moved."),
            action="",
            refusals=REFUSALS,
        )
        return self._decide(
            request, object_id, question, ApprovalForm, approve_adjustment, tells_balance=True
        )

    @button(
        _("Decline"),
        url_path="decline",
        permissions=["approve"],
        icon="cancel",
        over=decided_already(AdjustmentState.DECLINED),
    )
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then refuse."""
        question = Question(
            title=_("Decline the points of a colleague"),
            sentence=_("Nothing moves, and the member sees nothing. Your colleague reads why."),
            button=_("Decline"),
            done=_("The request is declined."),
            action="",
            is_dangerous=True,
            refusals=REFUSALS,
        )
        return self._decide(request, object_id, question, DeclineForm, decline_adjustment)

    @button(
        _("Withdraw"),
        url_path="withdraw",
        permissions=["withdraw"],
        icon="undo",
        over=decided_already(AdjustmentState.WITHDRAWN),
    )
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then take one's own request back."""
        question = Question(
            title=_("Withdraw your request"),
            sentence=_("Nothing moves. What it took of your limit of the day is free again."),
            button=_("Withdraw"),
            done=_("Your request is withdrawn."),
            action="",
            refusals=REFUSALS,
        )
        return self._decide(request, object_id, question, forms.Form, withdraw_adjustment)

    def _in_words(self, asked: AdjustmentRequest) -> str:
        """Return what is decided on, whoever reads nothing else."""
        return gettext(
            "%(points)s for %(member)s: %(reason)s. Asked by %(colleague)s, who wrote: “%(comment)s”."
        ) % {
            "points": signed_points(asked.points),
            "member": asked.account.member,
            "reason": asked.reason.name,
            "colleague": self.requester(asked),
            "comment": asked.comment,
        }

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        form_class: type[forms.Form],
        decide: Callable[..., AdjustmentRequest],
        *,
        tells_balance: bool = False,
    ) -> HttpResponse:
        asked: AdjustmentRequest = self.row(request, object_id)
        colleague = cast("User", request.user)
        said = [self._in_words(asked), str(question.sentence)]
        if tells_balance:
            reached = asked.account.merged_into or asked.account
            said.insert(1, balance_sentence(reached, change=asked.points, at=timezone.now()))
        question = replace(question, sentence=" ".join(said))
        return ask(
            self,
            request,
            question,
            row=asked,
            do=lambda **answers: decide(request=asked, actor=colleague, at=timezone.now(), **answers),
            form_class=form_class,
        )
