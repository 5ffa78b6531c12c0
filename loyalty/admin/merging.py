"""Merging two members who are one person, and separating them: pages that show first what will happen."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from core.admin import LockedAdmin, LockedInline, Text, button, link_to, page_of
from core.admin_filters import period_filter
from core.admin_questions import Question, ask
from core.audit import name_actions, name_details
from core.errors import DomainError
from core.formatting import labelled
from core.reasons import ReasonField
from loyalty.adjustments.colleagues import Actor
from loyalty.adjustments.deeds import LIMITS, MERGED, POINTS, SEPARATED
from loyalty.admin.ledger import MEMBER_SEARCH
from loyalty.admin.over import ONE_ALREADY, leads_to_another, separated_already
from loyalty.errors import ApproverNeeded, BroughtBySuccession, SurvivorLeft
from loyalty.merging.eyes import refuse_merge_by
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import MergedPoints
from loyalty.selectors.merging import merge_preview
from members.admin import MemberAdmin
from members.errors import (
    ErasedPerson,
    MergedAlready,
    MergeRefused,
    OtherIssuer,
    OthersLeadHere,
    OwnMerge,
    SameMember,
)
from members.lookup import members_matching
from members.models import Member, MemberMerge, MergedCard
from members.services.merging import merge_under_way, refuse_merge

name_actions({MERGED: _("Merge of members"), SEPARATED: _("Separation of members")})
name_details(
    {
        "merged": _("merged member"),
        POINTS: _("points"),
        LIMITS: _("limit of the day, in points"),
    }
)

STAYS, GOES = "this", "other"
REFUSALS: dict[type[DomainError], Text] = {
    SameMember: _("This is the same member. Write the reference of the other one."),
    OtherIssuer: _("The two belong to two issuers, so they stay apart."),
    ErasedPerson: _("One of the two was erased: nobody can say any more that they are one person."),
    MergedAlready: _("One of the two leads to another member already."),
    OthersLeadHere: _(
        "Others lead to the member who would be merged. Let that one stay, or separate the others first."
    ),
    OwnMerge: _(
        "One of the two is you, or lives in your household: a colleague must do it. Nothing was changed."
    ),
    ApproverNeeded: _(
        "There are more points, of theirs or of a household that lets them spend its points, or gift cards"
        " for more points, than you may give alone, or than are left for you today: ask a colleague who may"
        " approve to merge the two. Nothing was changed."
    ),
    SurvivorLeft: _("The member who would stay has left a programme of the other. Let the other one stay."),
}


class MergeForm(forms.Form):
    """Which other member is the same person, which of the two stays, and why."""

    reference = forms.CharField(
        label=_("Reference of the other member"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    stays = forms.ChoiceField(
        label=_("Who stays"),
        choices=[(STAYS, _("the member on this page")), (GOES, _("the other member"))],
        initial=STAYS,
        help_text=_("Their reference, contact details and sign-in stay in use; the other one leads there."),
        widget=UnfoldAdminRadioSelectWidget,
    )
    reason = ReasonField()

    def __init__(self, answers: QueryDict | None, *, member: Member, actor: Actor) -> None:
        super().__init__(answers)
        self.actor = actor
        self.member = member
        self.before: MemberMerge | None = None
        """The merge by which the two are one already, as after a second click."""

    def clean(self) -> dict[str, Any]:
        """Find the other member, and say at once when the two cannot become one."""
        cleaned = super().clean() or {}
        reference = "".join(cleaned.get("reference", "").split())
        if not reference:
            return cleaned
        written = {reference, reference.upper()}
        other = (
            Member.objects.filter(issuer=self.member.issuer_id, reference__in=written).order_by("pk").first()
        )
        if other is None:
            self.add_error("reference", _("No member of this issuer has this reference."))
            return cleaned
        pair = (self.member, other) if cleaned.get("stays") == STAYS else (other, self.member)
        cleaned["survivor"], cleaned["merged"] = pair
        self.before = merge_under_way(survivor=pair[0], merged=pair[1])
        if self.before is not None:
            return cleaned
        try:
            refuse_merge(survivor=pair[0], merged=pair[1])
            refuse_merge_by(self.actor, survivor=pair[0], merged=pair[1], at=timezone.now())
        except (MergeRefused, ApproverNeeded) as refusal:
            self.add_error("reference", str(REFUSALS[type(refusal)]))
        return cleaned


admin.site.unregister(Member)


@admin.register(Member)
class MergingMemberAdmin(MemberAdmin):
    """Members, with the page on which two who are one person become one."""

    actions_detail: ClassVar[tuple[str, ...]] = ("merge", *MemberAdmin.actions_detail)

    def has_merge_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may merge members."""
        return request.user.has_perm("members.add_membermerge")

    @button(
        _("Merge with another member"),
        url_path="merge",
        permissions=["merge"],
        icon="merge",
        over=leads_to_another,
    )
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask who else this is, show what would come together, then do it."""
        member: Member = self.row(request, object_id)
        form = MergeForm(
            request.POST if request.method == "POST" else None, member=member, actor=request.user
        )
        preview = None
        if request.method == "POST" and form.is_valid():
            if form.before is not None:
                messages.info(request, str(ONE_ALREADY))
                return redirect(page_of(form.before))
            survivor, merged = form.cleaned_data["survivor"], form.cleaned_data["merged"]
            if request.POST.get("confirmed") == _pair(survivor, merged):
                return self._merged(request, member, form)
            preview = merge_preview(survivor=survivor, merged=merged, at=timezone.now())
        context: dict[str, Any] = self.admin_site.each_context(request) | {
            "title": _("Merge with another member"),
            "subtitle": str(member),
            "sentence": _(
                "Only merge two members who are one person. Check names and birth dates, and ask the caller"
                " about both."
            ),
            "button": _("Merge the two") if preview else _("Show what would come together"),
            "is_dangerous": preview is not None,
            "form": form,
            "preview": preview,
            "confirmed": _pair(preview.survivor, preview.merged) if preview else "",
            "back": page_of(member),
            "opts": self.opts,
            "original": member,
        }
        return TemplateResponse(request, "admin/members/merge.html", context)

    def _merged(self, request: HttpRequest, member: Member, form: MergeForm) -> HttpResponse:
        try:
            merge = merge_members(
                survivor=form.cleaned_data["survivor"],
                merged=form.cleaned_data["merged"],
                actor=request.user,
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except (MergeRefused, SurvivorLeft, ApproverNeeded) as refusal:
            messages.error(request, str(REFUSALS[type(refusal)]))
            return redirect(page_of(member))
        self.log_change(request, member, "Merge with another member")
        messages.success(request, str(_("The two are one member now. Their points are together.")))
        return redirect(page_of(merge))


def _pair(survivor: Member, merged: Member) -> str:
    """Return what says that somebody has seen what these two would bring together."""
    return f"{merged.pk}>{survivor.pk}"


class MergedCardInline(LockedInline):
    """The cards that came along."""

    model = MergedCard
    fields = ("card_link",)
    readonly_fields: ClassVar = ("card_link",)

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own type
        """Bring the cards along."""
        return super().get_queryset(request).select_related("card")

    @admin.display(description=_("card"))
    def card_link(self, row: MergedCard) -> str:
        return link_to(row.card)


class MergedPointsInline(LockedInline):
    """The transfers that the merge made."""

    model = MergedPoints
    fields = ("transfer_link",)
    readonly_fields: ClassVar = ("transfer_link",)

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own type
        """Bring the transfers along."""
        return super().get_queryset(request).select_related("transfer")

    @admin.display(description=_("transfer of points"))
    def transfer_link(self, row: MergedPoints) -> str:
        return link_to(row.transfer)


@admin.register(MemberMerge)
class MemberMergeAdmin(LockedAdmin):
    """Members who lead to others, and those who did."""

    empty_says = _(
        "Nobody was merged yet. Two members who are one person are merged from the page of either."
    )
    list_display = ("id", "merged_at", "survivor_link", "merged_link", "undone_at")
    list_filter = (
        ("undone_at", admin.EmptyFieldListFilter),
        period_filter("merged_at", _("joined")),
    )
    list_select_related = ("survivor", "merged")
    search_fields = ("survivor__reference",)
    search_help_text = MEMBER_SEARCH
    fields: ClassVar = ("survivor_link", "merged_link", "moved_sign_in", "merged_at", "undone_at")
    readonly_fields: ClassVar = ("survivor_link", "merged_link")
    inlines = (MergedCardInline, MergedPointsInline)
    actions_detail = ("separate",)

    @admin.display(description=_("member who stays"))
    def survivor_link(self, merge: MemberMerge) -> str:
        return link_to(merge.survivor)

    @admin.display(description=_("member who leads there"))
    def merged_link(self, merge: MemberMerge) -> str:
        return link_to(merge.merged)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: Any,  # noqa: ANN401 - Django's own type
        search_term: str,
    ) -> tuple[Any, bool]:
        """Find the merges of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(survivor__in=members_matching(search_term).values("pk")), False

    def has_separate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may undo merges."""
        return request.user.has_perm("members.change_membermerge")

    @button(
        _("Separate the members"),
        url_path="separate",
        permissions=["separate"],
        icon="call_split",
        over=separated_already,
    )
    def separate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then give each their own."""
        merge: MemberMerge = self.row(request, object_id)
        question = Question(
            title=_("Separate the members"),
            notes=[
                labelled(_("Who stays"), merge.survivor),
                labelled(_("Who goes their own way"), merge.merged),
            ],
            sentence=_(
                "Cards and points go back to whom they belong, with the purchases made since with those"
                " cards. What was spent meanwhile stays with the member who stays, and may leave them owing"
                " points. Both are told by e-mail."
            ),
            button=_("Separate them"),
            done=_("They are two members again, each with their own points."),
            action="",
            is_dangerous=True,
            refusals={refusal: REFUSALS[refusal] for refusal in (ErasedPerson, OwnMerge)}
            | {
                ApproverNeeded: _(
                    "The member who stays would owe more points than you may give alone, or than are left"
                    " for you today, because they were spent: ask a colleague who may approve to separate"
                    " the two. Nothing was changed."
                ),
                BroughtBySuccession: _(
                    "A succession of programmes brought points of one of the two to the other since they were"
                    " merged, and nothing would tell them apart. Reverse that succession first, or leave the"
                    " two together and correct their points by adjustments. Nothing was changed."
                ),
            },
        )

        def do(reason: str) -> None:
            separate_members(merge=merge, actor=request.user, reason=reason, at=timezone.now())

        return ask(self, request, question, row=merge, do=do)
