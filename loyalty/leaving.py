"""Leaving a programme on the site: what it costs is said in numbers before it is confirmed."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core.audit import record_action
from core.formatting import points
from core.reasons import ReasonForm
from loyalty.access import members_only
from loyalty.adjustments.deeds import LEFT
from loyalty.enrolment import leave_programme
from loyalty.errors import LeadsToAnother, LeavingPolicyChanged
from loyalty.letters import reported_later
from loyalty.models import LeavingPolicy, PointAccount
from loyalty.requests import MemberRequest
from loyalty.selectors.balance import balance_of
from members.access import recently_proved

CHANGED_MEANWHILE = gettext_lazy(
    "What happens to your points has changed meanwhile. Nothing was done: please read it again."
)


class LeavingForm(forms.Form):
    """The member says that they have understood what they were told: what the page said then still holds."""

    told = forms.CharField(required=False)
    understood = forms.BooleanField(
        label=gettext_lazy("I have understood what happens to my points."),
        error_messages={"required": gettext_lazy("Tick the box if you really want to leave the programme.")},
    )


class LettingLeaveForm(ReasonForm):
    """A colleague says why the member leaves: what the page said it means then still holds."""

    told = forms.CharField(required=False, widget=forms.HiddenInput)


def leaving_sentence(account: PointAccount, *, at: datetime) -> str:
    """Return, for staff, what leaving means for this account today."""
    balance = balance_of(account, at=at)
    held = balance.available_points + balance.waiting_points
    if account.programme.leaving_policy == LeavingPolicy.SPENDABLE:
        return _(
            "The member keeps %(points)s and can spend them until they expire. Purchases made after today no"
            " longer earn. The movements are kept. Tell the member first."
        ) % {"points": points(held)}
    return _(
        "The member loses %(points)s at once. Purchases no longer earn. The movements are kept. Tell the"
        " member first."
    ) % {"points": points(held)}


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@recently_proved()
def leave(request: MemberRequest) -> HttpResponse:
    """Say what leaving costs, and leave when the member has understood."""
    account, at = request.account, timezone.now()
    if account.left_on is not None:
        return redirect("home")
    answers = request.POST if request.method == "POST" else None
    form = LeavingForm(answers)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                leave_programme(account=account, at=at, told=form.cleaned_data["told"])
                record_action(actor=request.user, action=LEFT, subject=account, at=at)
        except LeadsToAnother:
            # From now on the page is about the account that is kept.
            messages.error(request, str(CHANGED_MEANWHILE))
            return redirect("leave")
        except LeavingPolicyChanged:
            account.programme.refresh_from_db()
            form.add_error(None, str(CHANGED_MEANWHILE))
        else:
            messages.success(request, _("You have left the programme."))
            return redirect("home")
    balance = balance_of(account, at=at)
    is_lost = account.programme.leaving_policy == LeavingPolicy.LOST
    context = {
        "form": form,
        "account": account,
        "held_points": balance.available_points + balance.waiting_points,
        "is_lost": is_lost,
        "reported_later": reported_later(keeps=not is_lost),
    }
    return render(request, "loyalty/leave.html", context)
