"""Groups of members: who is in them on which days, added by reference or with a file of references."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
)

from core.admin import LockedAdmin, button, link_to
from core.admin_questions import Question, ask
from core.admin_reasons import RecordedAdmin
from core.admin_widgets import DayInput
from core.audit import name_actions, name_details, record_action
from core.card_numbers import holds_card_number
from core.formatting import number
from core.plausible import YearBetween
from core.reasons import ReasonForm
from loyalty.admin.ledger import MEMBER_SEARCH
from loyalty.dates import local_date
from loyalty.groups import Added, EndsBeforeItBegan, add_to_group, end_membership
from loyalty.models import GroupMembership, MemberGroup
from members.lookup import members_matching

COLUMN = "member_reference"
MOST_BYTES = 5_000_000
MOST_REFERENCES = 200_000
LONGEST_REFERENCE = 40

name_actions(
    {
        "membergroup.members_added": _("Members added to a group"),
        "groupmembership.ended": _("Membership of a group ended"),
    }
)
name_details(
    {
        "added": _("added"),
        "already": _("in the group already"),
        "unknown": _("unknown"),
        "joined_on": _("first day"),
        "left_on": _("last day"),
    }
)


class DaysForm(ReasonForm):
    """From which day through which, and why."""

    joined_on = forms.DateField(
        label=_("First day"),
        input_formats=["%Y-%m-%d"],
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
        help_text=_("Purchases made from this day on count, as far as they are still to be recorded."),
    )
    left_on = forms.DateField(
        label=_("Last day"),
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
        help_text=_("Empty: without an end."),
    )


class AddMembersForm(DaysForm):
    """Who is added: references typed or pasted, or a file with a column of them."""

    field_order = ("references", "file", "joined_on", "left_on", "reason")

    references = forms.CharField(
        label=_("Member references"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("One a line, or separated by spaces, commas or semicolons."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text=_("CSV in UTF-8 with a column named member_reference; other columns are left alone."),
    )

    def __init__(self, data: Any = None, *, files: Any = None, today: date) -> None:  # noqa: ANN401 - what was sent
        super().__init__(data, files, initial={"joined_on": today})

    def clean_references(self) -> list[str]:
        """Return the references that were typed."""
        typed: str = self.cleaned_data["references"]
        for separator in ",;":
            typed = typed.replace(separator, " ")
        return _sound(typed.split())

    def clean_file(self) -> list[str]:
        """Return the references of the file."""
        upload = self.cleaned_data["file"]
        if not upload:
            return []
        if upload.size > MOST_BYTES:
            raise ValidationError(gettext("The file is too large: 5 MB at most."))
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValidationError(gettext("The file is not written in UTF-8.")) from None
        return _sound(list(_column(text)))

    def clean(self) -> dict[str, Any]:
        """Return all references once, with the days. Refuses nobody at all, and an end before the start."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("joined_on"), cleaned.get("left_on")
        if first and last and last < first:
            self.add_error("left_on", gettext("The last day must not be before the first."))
        references = [*cleaned.pop("references", []), *cleaned.pop("file", [])]
        if not references and not {"references", "file"} & set(self.errors):
            self.add_error("references", gettext("Write a reference, or choose a file."))
        if len(references) > MOST_REFERENCES:
            self.add_error("references", gettext("Add 200,000 members at most at a time."))
        return cleaned | {"references": list(dict.fromkeys(references))}


def _column(text: str) -> Iterator[str]:
    """Yield the values of the column of references. Raises ValidationError."""
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in next(rows, [])]
        if COLUMN not in header:
            raise ValidationError(gettext("The file has no column named member_reference."))
        place = header.index(COLUMN)
        for row in rows:
            if len(row) > place and row[place].strip():
                yield row[place].strip()
    except csv.Error:
        raise ValidationError(gettext("The file is no CSV that can be read.")) from None


def _sound(references: list[str]) -> list[str]:
    if any(holds_card_number(reference) for reference in references):
        raise ValidationError(gettext("This looks like a full card number; it must not be kept."))
    if any(len(one) > LONGEST_REFERENCE or not one.isprintable() for one in references):
        raise ValidationError(gettext("One of these is no member reference."))
    return references


class EndForm(ReasonForm):
    """With which day a membership ends, and why."""

    field_order = ("left_on", "reason")

    left_on = forms.DateField(
        label=_("Last day"),
        input_formats=["%Y-%m-%d"],
        validators=[YearBetween(2000, 2100)],
        widget=DayInput(),
    )

    def __init__(self, data: Any = None, *, today: date) -> None:  # noqa: ANN401 - what was sent
        super().__init__(data, initial={"left_on": today})


@admin.register(MemberGroup)
class MemberGroupAdmin(RecordedAdmin):
    """Groups by name, with how many members each has today."""

    empty_says = _("Rules may be for the members of a group only. Name one, then add members by a file.")
    add_says = _("New group")
    asks_reason = False
    list_display = ("name_fr", "programme", "code", "members_now")
    list_filter = ("programme",)
    list_select_related = ("programme",)
    search_fields = ("name_fr", "name_en", "code")
    ordering = ("programme__name", "name_fr", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": ("programme", "code", "name_fr", "name_en"),
                "description": _(
                    "Rules can ask for a group. Members read its name in the sentence of such a rule."
                ),
            },
        ),
    )
    actions_detail = ("add_members", "show_members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MemberGroup]:
        """Count the members of today along."""
        today = timezone.localdate()
        now = Q(memberships__joined_on__lte=today) & (
            Q(memberships__left_on__isnull=True) | Q(memberships__left_on__gte=today)
        )
        groups: QuerySet[MemberGroup] = super().get_queryset(request)
        return groups.annotate(members_today=Count("memberships", filter=now))

    @admin.display(description=_("members today"))
    def members_now(self, group: MemberGroup) -> str:
        return number(getattr(group, "members_today", 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002 - the signature is Django's
        """Keep whose group it is."""
        return ("programme", "code") if obj else ()

    def has_members_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may see who is in a group."""
        return request.user.has_perm("loyalty.view_groupmembership")

    def has_add_members_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may add members to groups."""
        return request.user.has_perm("loyalty.add_groupmembership")

    @button(_("Add members"), url_path="add-members", permissions=["add_members"], icon="group_add")
    def add_members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask who is added on which days, then say how many were."""
        group: MemberGroup = self.row(request, object_id)
        at = timezone.now()
        question = Question(
            title=_("Add members"),
            sentence=_("Who is in the group already on some of these days stays as they are."),
            button=_("Add members"),
            done="",
            action="",
            refusals={EndsBeforeItBegan: _("The last day must not be before the first.")},
        )

        def add(*, references: list[str], joined_on: date, left_on: date | None, reason: str) -> MemberGroup:
            added = add_to_group(group=group, references=references, joined_on=joined_on, left_on=left_on)
            record_action(
                actor=request.user,
                action="membergroup.members_added",
                subject=group,
                reason=reason,
                details={
                    "added": added.added,
                    "already": added.already,
                    "unknown": added.unknown,
                    "joined_on": joined_on.isoformat(),
                    "left_on": left_on.isoformat() if left_on else None,
                },
                at=at,
            )
            _tell(request, added)
            return group

        form = partial(
            AddMembersForm, files=request.FILES or None, today=local_date(at, group.programme.zone)
        )
        return ask(self, request, question, row=group, do=add, form_class=form)

    @button(_("Members of the group"), url_path="members", permissions=["members"], icon="groups")
    def show_members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the memberships."""
        group: MemberGroup = self.row(request, object_id)
        return redirect(f"{reverse('admin:loyalty_groupmembership_changelist')}?group={group.pk}")


def _tell(request: HttpRequest, added: Added) -> None:
    said = [
        ngettext("%(count)s member added.", "%(count)s members added.", added.added)
        % {"count": number(added.added)}
    ]
    if added.already:
        said.append(
            ngettext(
                "%(count)s was in the group already.", "%(count)s were in the group already.", added.already
            )
            % {"count": number(added.already)}
        )
    messages.success(request, " ".join(said))
    if added.unknown:
        named = ", ".join(added.unknown_references)
        messages.warning(
            request,
            ngettext(
                "%(count)s reference belongs to no member of the programme: %(named)s",
                "%(count)s references belong to no member of the programme, such as: %(named)s",
                added.unknown,
            )
            % {"count": number(added.unknown), "named": named},
        )


@admin.register(GroupMembership)
class GroupMembershipAdmin(LockedAdmin):
    """Who is or was in a group, the latest first."""

    list_display = ("member_link", "group", "joined_on", "left_on", "end_link")
    list_display_links = None
    list_filter = ("group",)
    list_select_related = ("group", "account__member", "account__programme")
    search_fields = ("account__member__reference",)
    search_help_text = MEMBER_SEARCH
    fields: ClassVar = ("group", "member_link", "joined_on", "left_on")
    readonly_fields: ClassVar = ("member_link",)
    actions_detail = ("end",)

    @admin.display(description=_("member"))
    def member_link(self, membership: GroupMembership) -> str:
        return link_to(membership.account.member)

    @admin.display(description="")
    def end_link(self, membership: GroupMembership) -> str:
        if membership.left_on is not None:
            return ""
        address = reverse("admin:loyalty_groupmembership_end", args=[membership.pk])
        return format_html('<a class="file-link" href="{}">{}</a>', address, _("End"))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature is Django's
        queryset: QuerySet[GroupMembership],
        search_term: str,
    ) -> tuple[QuerySet[GroupMembership], bool]:
        """Find the memberships of the members whom the term names."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(account__member__in=members_matching(search_term).values("pk")), False

    def has_end_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may end memberships."""
        return request.user.has_perm("loyalty.add_groupmembership")

    @button(_("End"), url_path="end", permissions=["end"], icon="group_remove")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask with which day, then end the membership."""
        membership: GroupMembership = self.row(request, object_id)
        question = Question(
            title=_("End the membership"),
            sentence=_("Purchases made through the last day still count for the group; later ones do not."),
            button=_("End"),
            done=_("The membership ends with that day."),
            action="groupmembership.ended",
            refusals={EndsBeforeItBegan: _("The last day must not be before the first.")},
        )
        zone = membership.group.programme.zone
        return ask(
            self,
            request,
            question,
            row=membership,
            do=lambda *, left_on, reason: end_membership(membership=membership, left_on=left_on),  # noqa: ARG005 - what the form asks
            form_class=partial(EndForm, today=local_date(timezone.now(), zone)),
            then=f"{reverse('admin:loyalty_groupmembership_changelist')}?group={membership.group_id}",
        )
