"""The pages of a household: who is in it and who may spend whose points, joining and leaving."""

from collections.abc import Callable

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from loyalty.access import members_only
from loyalty.households.errors import (
    HouseholdFull,
    HouseholdRefused,
    InHouseholdAlready,
    InvitationNotFound,
    NoMemberAnyMore,
    NotInHousehold,
)
from loyalty.households.forms import JoinForm, PersonForm
from loyalty.households.invitations import invite, join_household, open_invitation
from loyalty.households.membership import found_household, leave_household, stay_of
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.requests import MemberRequest
from loyalty.selectors.households import OtherMember, has_founded, household_of, name_of
from members.access import is_recently_proved, kept_fields, lead_to_proof, recently_proved
from members.views import too_many_tries

EDITABLE = ("GET", "HEAD", "POST")
REFUSALS: dict[str, str | Promise] = {
    InHouseholdAlready.code: gettext_lazy("You are in a household already. Leave it first."),
    NotInHousehold.code: gettext_lazy("This person is not in your household any more."),
    NoMemberAnyMore.code: gettext_lazy("You have left the programme."),
    InvitationNotFound.code: gettext_lazy(
        "This code opens no household: it was used, is too old or was replaced by another. Ask for a new one."
    ),
    HouseholdFull.code: gettext_lazy("This household has as many people as it may have."),
}


@require_http_methods(EDITABLE)
@members_only
def household(request: MemberRequest) -> HttpResponse:
    """Show the household, and do what a button on the page asks for."""
    _refuse_without_households(request)
    if request.method != "POST":
        return _page(request)
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        messages.error(request, _("Nothing was changed. Please try again."))
        return redirect("household")
    if action in PROVED and not is_recently_proved(request):
        return lead_to_proof(request)
    try:
        return ACTIONS[action](request)
    except HouseholdRefused as refusal:
        messages.error(request, str(REFUSALS[refusal.code]))
        return redirect("household")


@require_http_methods(EDITABLE)
@members_only
@recently_proved(on=["POST"], keep=["code"])
def join(request: MemberRequest) -> HttpResponse:
    """Ask for the code, then say who invites and what joining means, and join with the member's consent."""
    _refuse_without_households(request)
    if stay_of(request.account.pk) is not None:
        return redirect("household")
    if request.method != "POST":
        return _join_page(request, JoinForm(initial={"code": kept_fields(request).get("code", "")}))
    if not consume(request, action="household_join", user=request.user):
        return too_many_tries(request)
    form = JoinForm(request.POST)
    try:
        return _join(request, form) if form.is_valid() else _join_page(request, form)
    except HouseholdRefused as refusal:
        form.add_error("code", str(REFUSALS[refusal.code]))
        return _join_page(request, form)


@require_http_methods(EDITABLE)
@members_only
def leave(request: MemberRequest) -> HttpResponse:
    """Say what leaving the household means, and leave it."""
    _refuse_without_households(request)
    if request.method == "POST":
        if leave_household(account=request.account, at=timezone.now()):
            messages.success(request, _("You have left the household. All your points stay yours."))
        return redirect("household")
    shown = household_of(request.account, at=timezone.now())
    if shown is None:
        return redirect("household")
    return render(request, "loyalty/household/leave.html", {"household": shown})


def _join(request: MemberRequest, form: JoinForm) -> HttpResponse:
    """Join once the member has agreed; before, say who invites and what it means."""
    code, at = form.cleaned_data["code"], timezone.now()
    if not form.cleaned_data["agreed"]:
        invitation = open_invitation(account=request.account, code=code, at=at)
        return _join_page(request, form, inviting=name_of(invitation.invited_by.account.member))
    join_household(account=request.account, code=code, at=at)
    messages.success(request, _("You have joined the household."))
    return redirect("household")


def _found(request: MemberRequest) -> HttpResponse:
    """Found a household; whoever sends it twice, or from another page, has founded theirs already."""
    try:
        found_household(account=request.account, at=timezone.now())
    except InHouseholdAlready:
        if not has_founded(request.account):
            raise
    messages.success(request, _("Your household is there. Now invite somebody."))
    return redirect("household")


def _invite(request: MemberRequest) -> HttpResponse:
    """Show the code at once: it is kept nowhere, so a look at the page later does not show it again."""
    if not consume(request, action="household_invite", user=request.user):
        return too_many_tries(request)
    return _page(request, code=invite(account=request.account, at=timezone.now()))


def _allow(request: MemberRequest) -> HttpResponse:
    person = _person(request)
    allow_spending(giver=request.account, spender_id=person.account_id, at=timezone.now())
    messages.success(request, _("%(name)s may spend your points from now on.") % {"name": person.name})
    return redirect("household")


def _end(request: MemberRequest) -> HttpResponse:
    person = _person(request)
    end_spending(giver=request.account, spender_id=person.account_id, at=timezone.now())
    messages.success(request, _("%(name)s can no longer spend your points.") % {"name": person.name})
    return redirect("household")


ACTIONS: dict[str, Callable[[MemberRequest], HttpResponse]] = {
    "found": _found,
    "invite": _invite,
    "allow": _allow,
    "end": _end,
}
PROVED = ("invite", "allow")
"""What opens something to others asks for fresh proof; what closes it does not."""


def _refuse_without_households(request: MemberRequest) -> None:
    if not request.programme.household_size:
        raise Http404


def _person(request: MemberRequest) -> OtherMember:
    """Return the other member whom the button is about, as long as they are in the household."""
    form = PersonForm(request.POST)
    shown = household_of(request.account, at=timezone.now())
    if shown is not None and form.is_valid():
        for other in shown.others:
            if other.public_id == form.cleaned_data["person"]:
                return other
    raise NotInHousehold


def _page(request: MemberRequest, *, code: str = "") -> HttpResponse:
    shown = household_of(request.account, at=timezone.now())
    context = {"account": request.account, "household": shown, "code": code, "form": JoinForm()}
    return render(request, "loyalty/household/household.html", context)


def _join_page(request: MemberRequest, form: JoinForm, *, inviting: str = "") -> HttpResponse:
    return render(request, "loyalty/household/join.html", {"form": form, "inviting": inviting})
