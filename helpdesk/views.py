"""The pages of the call centre: the search, the page of a member and the form for a note."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.access import CONTACT, WRITE_NOTE, StaffRequest, agents_only
from helpdesk.forms import CARD_NUMBER, NoteForm, SearchForm
from helpdesk.frame import ACCOUNT
from helpdesk.household import BRING_IN, TAKE_OUT
from helpdesk.looks import record_opening, record_refusal, record_search
from helpdesk.notes import MemberErased, write_note
from helpdesk.page import member_page, member_to_show
from helpdesk.person import person_of
from helpdesk.sealing import open_search, seal_search
from loyalty.adjustments.colleagues import APPROVE, ASK
from loyalty.selectors.statement import NEWEST, TOP, Place
from members.lookup import find_members
from members.models import Member

SEAL = "s"
LONGEST_NUMBER = 18
PLACES = 3


@require_http_methods(["GET", "HEAD", "POST"])
@agents_only
def search(request: StaffRequest) -> HttpResponse:
    """Show the search field and, once something was asked, who was found.

    The question is posted and comes back sealed in the address: going back and reloading work, and no log
    reads it.
    """
    if request.method == "POST":
        form = SearchForm(request.POST)
        if form.is_valid():
            seal = seal_search(form.cleaned_data["text"], user=request.user)
            return redirect(f"{reverse('helpdesk')}?{urlencode({SEAL: seal})}")
        is_card_number = form.has_error("text", CARD_NUMBER)
        if is_card_number:
            record_refusal(actor=request.user, at=timezone.now())
        # A card number is not even shown again.
        typed = "" if is_card_number else request.POST.get("text", "")
        return _search_page(request, typed, {"error": " ".join(map(str, form.errors["text"]))})
    text = open_search(request.GET.get(SEAL, ""), user=request.user)
    if text is None:
        return _search_page(request, "", {})
    findings = find_members(text)
    record_search(actor=request.user, kinds=findings.kinds, found=findings.found, at=timezone.now())
    is_masked = not request.user.has_perm(CONTACT)
    found = [(member, person_of(member, is_masked=is_masked)) for member in findings.members]
    return _search_page(request, text, {"findings": findings, "found": found})


def _search_page(request: StaffRequest, text: str, more: dict[str, Any]) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": _("Find a member"),
        "searched": text,
        "is_first": not more,
    }
    return TemplateResponse(request, "helpdesk/search.html", context | more)


@require_safe
@agents_only
def member(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Show all that is known of a member, and write down who looked."""
    shown = _member(public_id)
    if shown.merged_into is not None:
        messages.info(
            request,
            _("%(reference)s leads to this member: the two are one person.") % {"reference": shown.reference},
        )
        return redirect("helpdesk_member", shown.merged_into.public_id)
    record_opening(member=shown, actor=request.user, at=timezone.now())
    return _member_page(request, shown, NoteForm())


@require_POST
@agents_only
def add_note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Keep a note, then show the page again; a note that is refused stays in its field."""
    if not request.user.has_perm(WRITE_NOTE):
        raise PermissionDenied
    found = _member(public_id)
    shown = found.merged_into or found
    form = NoteForm(request.POST)
    if not form.is_valid():
        record_opening(member=shown, actor=request.user, at=timezone.now())
        return _member_page(request, shown, form)
    try:
        write_note(member=shown, author=request.user, text=form.cleaned_data["text"], at=timezone.now())
    except MemberErased:
        messages.error(request, _("This person was erased: nothing more is written about them."))
    else:
        messages.success(request, _("The note is kept."))
    return redirect(f"{reverse('helpdesk_member', args=[shown.public_id])}#notes")


def _member(public_id: UUID) -> Member:
    found = member_to_show(public_id)
    if found is None:
        raise Http404
    return found


def _member_page(request: StaffRequest, shown: Member, form: NoteForm) -> HttpResponse:
    may = request.user.has_perm
    page = member_page(
        shown,
        is_masked=not may(CONTACT),
        programme_code=request.GET.get(ACCOUNT, ""),
        place=_place(request.GET.get("place", "")),
        at=timezone.now(),
    )
    context = admin.site.each_context(request) | {
        "title": page.person.name or shown.reference,
        "page": page,
        "language": dict(settings.LANGUAGES).get(shown.language, shown.language),
        "form": form,
        "may_write_note": may(WRITE_NOTE) and shown.erased_at is None,
        "may_cancel_orders": may("rewards.change_order"),
        "may_move_points": may(ASK) and page.part is not None and page.part.account.left_on is None,
        "may_approve_points": may(APPROVE),
        "may_end_accounts": may("loyalty.change_pointaccount"),
        "may_bring_into_household": may(BRING_IN)
        and page.part is not None
        and page.part.account.left_on is None,
        "may_take_out_of_household": may(TAKE_OUT),
        "may_erase": may("members.delete_member") and shown.erased_at is None,
        "may_merge": may("members.add_membermerge") and shown.erased_at is None,
        "may_see_ledger": may("rewards.view_order") and may("loyalty.view_lot"),
        "may_see_member": may("members.view_member"),
    }
    return TemplateResponse(request, "helpdesk/member.html", context)


def _place(text: str) -> Place:
    """Read where a page of movements begins; an address that nobody gave out leads nowhere."""
    if not text:
        return TOP
    numbers = text.split("-")
    if len(numbers) != PLACES or not all(_is_number(number) for number in numbers if number):
        raise Http404
    return Place(*(int(number) if number else NEWEST for number in numbers))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
