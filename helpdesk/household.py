"""The page on which an agent brings a member into a household or takes them out, at their own request."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from helpdesk.access import StaffRequest, agents_only
from helpdesk.forms import BringInForm, HouseholdDeed, TakeOutForm
from helpdesk.frame import ACCOUNT, frame, page_of_member
from helpdesk.page import account_to_show, member_to_show
from loyalty.households.errors import (
    HouseholdFull,
    HouseholdRefused,
    InHouseholdAlready,
    NoHouseholds,
    NoMemberAnyMore,
    NotInHousehold,
    OwnHousehold,
)
from loyalty.households.membership import put_together, remove_from_household, stay_of
from loyalty.models import PointAccount
from loyalty.selectors.households import HouseholdShown, household_of

PART = "household"
"""Of the member's page, where their household stands."""
BRING_IN, TAKE_OUT = "loyalty.add_householdstay", "loyalty.change_householdstay"
PERMISSIONS: dict[str, str] = {HouseholdDeed.BRING_IN: BRING_IN, HouseholdDeed.TAKE_OUT: TAKE_OUT}
TITLES: dict[str, str | Promise] = {
    HouseholdDeed.BRING_IN: gettext_lazy("Bring into a household"),
    HouseholdDeed.TAKE_OUT: gettext_lazy("Take out of the household"),
}
REFUSALS: dict[str, str | Promise] = {
    NoHouseholds.code: gettext_lazy("This programme has no households."),
    InHouseholdAlready.code: gettext_lazy("The member is in a household already."),
    NotInHousehold.code: gettext_lazy("The member is not in a household with this other member."),
    NoMemberAnyMore.code: gettext_lazy("One of the two has left the programme, or leads to another member."),
    OwnHousehold.code: gettext_lazy(
        "One of the two is you, or lives in your household: a colleague must do it. Nothing was changed."
    ),
    HouseholdFull.code: gettext_lazy("The household has as many people as it may have."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@agents_only
def household(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask why the member leaves the household they are in, or whose household they join.

    The form says which of the two it means, and out of which household: sent twice, or after the member has
    moved on, it does nothing that the agent did not read.
    """
    account = _account(request, public_id)
    answers = request.POST if request.method == "POST" else None
    current = household_of(account, at=timezone.now())
    deed = _possible_deed(current) if answers is None else request.POST.get("deed", "")
    if deed not in PERMISSIONS:
        return _again(request)
    if not request.user.has_perm(PERMISSIONS[deed]):
        raise PermissionDenied
    is_out = deed == HouseholdDeed.TAKE_OUT
    shown = {"household": current.household_id} if current else {}
    form = TakeOutForm(answers, initial=shown) if is_out else BringInForm(answers, account=account)
    if answers is not None and "household" in form.errors:
        return _again(request)
    if answers is not None and form.is_valid() and _carry_out(request, account, form):
        return redirect(page_of_member(account, part=PART))
    asked = {"title": TITLES[deed], "form": form, "is_out": is_out, "household": current}
    return TemplateResponse(request, "helpdesk/household.html", frame(request, account, part=PART) | asked)


def _again(request: StaffRequest) -> HttpResponse:
    messages.error(request, _("Nothing was changed. Please try again."))
    return redirect(request.get_full_path())


def _possible_deed(current: HouseholdShown | None) -> HouseholdDeed:
    return HouseholdDeed.BRING_IN if current is None else HouseholdDeed.TAKE_OUT


def _carry_out(request: StaffRequest, account: PointAccount, form: BringInForm | TakeOutForm) -> bool:
    """Do what the form asks for, be it done already; or say on the form why not, and return False."""
    try:
        _do(request, account, form)
    except HouseholdRefused as refusal:
        over = _no_more_to_do(refusal, account, form)
        if not over:
            form.add_error(None, str(REFUSALS[refusal.code]))
            return False
        messages.info(request, over)
    return True


def _do(request: StaffRequest, account: PointAccount, form: BringInForm | TakeOutForm) -> None:
    reason, at = form.cleaned_data["reason"], timezone.now()
    if isinstance(form, BringInForm):
        put_together(account=form.host, joining=account, actor=request.user, reason=reason, at=at)
        messages.success(request, _("The member is in the household. Nobody may spend their points yet."))
    else:
        read = form.cleaned_data["household"]
        remove_from_household(household_id=read, account=account, actor=request.user, reason=reason, at=at)
        messages.success(request, _("The member has left the household with all their points."))


def _no_more_to_do(refusal: HouseholdRefused, account: PointAccount, form: BringInForm | TakeOutForm) -> str:
    """Return what to say when what was asked for is so already, as after a second click."""
    if isinstance(form, BringInForm):
        own, theirs = stay_of(account.pk), stay_of(form.host.pk)
        if own is not None and theirs is not None and own.household_id == theirs.household_id:
            return _("The member is in this household already. Nothing more was changed.")
    elif isinstance(refusal, NotInHousehold):
        if stay_of(account.pk) is not None:
            return _("The member has left that household and is in another one by now. Nothing was changed.")
        return _("The member is in no household any more. Nothing more was changed.")
    return ""


def _account(request: StaffRequest, public_id: UUID) -> PointAccount:
    """Return the account that the address names, in a programme that has households."""
    member = member_to_show(public_id)
    account = account_to_show(member, programme_code=request.GET.get(ACCOUNT, "")) if member else None
    if account is None or not account.programme.household_size:
        raise Http404
    return account
