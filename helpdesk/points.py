"""The page on which an agent gives or takes points, and the button that withdraws a request.

What may be done and what then happens, the services of the points decide.
"""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from core.formatting import points, signed_points
from helpdesk.access import StaffRequest, agents_only
from helpdesk.forms import PointsForm, ReinstatementForm
from helpdesk.frame import ACCOUNT, frame, page_of_member
from helpdesk.page import account_to_show, member_to_show
from loyalty.adjustments.colleagues import ASK
from loyalty.adjustments.decisions import withdraw_adjustment
from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.requests import request_adjustment, request_reinstatement
from loyalty.adjustments.words import refusal_sentence
from loyalty.models import AdjustmentKind, AdjustmentRequest, AdjustmentState, PointAccount
from loyalty.selectors.adjustments import possible_for
from loyalty.selectors.merged import accounts_behind

GIVEN_BY_HAND = (AdjustmentKind.GOODWILL, AdjustmentKind.ADJUSTMENT)
PART = "adjustments"
"""Of the member's page, where all that was given and taken by hand stands."""


@require_http_methods(["GET", "HEAD", "POST"])
@agents_only
def give_points(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask for reason and points; they move at once, or wait for a second person."""
    account = _account(request, public_id)
    at = timezone.now()
    possible = possible_for(request.user, account, GIVEN_BY_HAND, at=at)
    form = PointsForm(request.POST if request.method == "POST" else None, possible=possible)
    if request.method == "POST" and form.is_valid():
        try:
            made = request_adjustment(
                account=account,
                reason=form.chosen_reason,
                points=form.cleaned_data["points"],
                comment=form.cleaned_data["comment"],
                actor=request.user,
                request_key=str(form.cleaned_data["request_key"]),
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal_sentence(refusal))
        else:
            _tell(request, made)
            return redirect(page_of_member(account, part=PART))
    context = frame(request, account, part=PART) | {"form": form, "possible": possible}
    return TemplateResponse(request, "helpdesk/points.html", context | {"title": _("Give or take points")})


@require_http_methods(["GET", "HEAD", "POST"])
@agents_only
def bring_back(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask which expired points live again, and why; they do at once, or wait for a second person."""
    account = _account(request, public_id)
    at = timezone.now()
    possible = possible_for(request.user, account, (AdjustmentKind.REINSTATEMENT,), at=at)
    expiries = reinstatable_expiries(account, at=at)
    answers = request.POST if request.method == "POST" else None
    form = ReinstatementForm(answers, account=account, possible=possible, expiries=expiries)
    if request.method == "POST" and form.is_valid():
        try:
            made = request_reinstatement(
                account=account,
                reason=form.chosen_reason,
                expiry_ids=form.chosen_expiries,
                comment=form.cleaned_data["comment"],
                actor=request.user,
                request_key=str(form.cleaned_data["request_key"]),
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal_sentence(refusal))
        else:
            _tell(request, made)
            return redirect(page_of_member(account, part=PART))
    context = frame(request, account, part=PART) | {"form": form, "possible": possible, "expiries": expiries}
    title = {"title": _("Bring back expired points")}
    return TemplateResponse(request, "helpdesk/bring_back.html", context | title)


@require_POST
@agents_only
def withdraw(request: StaffRequest, public_id: UUID, number: int) -> HttpResponse:
    """Take one's own request back."""
    account = _account(request, public_id)
    asked = AdjustmentRequest.objects.filter(account__in=accounts_behind(account), pk=number).first()
    if asked is None:
        raise Http404
    try:
        withdraw_adjustment(request=asked, actor=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, refusal_sentence(refusal))
    else:
        messages.success(request, _("Your request is withdrawn."))
    return redirect(page_of_member(account, part=PART))


def _account(request: StaffRequest, public_id: UUID) -> PointAccount:
    """Return the account to which the address leads, for whoever may move points."""
    if not request.user.has_perm(ASK):
        raise PermissionDenied
    member = member_to_show(public_id)
    if member is None:
        raise Http404
    account = account_to_show(member.merged_into or member, programme_code=request.GET.get(ACCOUNT, ""))
    if account is None:
        raise Http404
    return account


def _tell(request: StaffRequest, made: AdjustmentRequest) -> None:
    if made.state == AdjustmentState.POSTED:
        said = _("Done: %(points)s.") % {"points": signed_points(made.points)}
        messages.success(request, said)
        return
    messages.warning(
        request,
        _("Sent to a second person, who must approve it: %(points)s. Nothing has moved yet.")
        % {"points": points(abs(made.points))},
    )
