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
from loyalty.letters import reported_later, still_owed
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
    keeps = account.programme.leaving_policy == LeavingPolicy.SPENDABLE
    balance = balance_of(account, at=at)
    sentences = [
        _held(balance.available_points + balance.waiting_points, keeps=keeps),
        *still_owed(balance.owed_points),
        _("Purchases made after today no longer earn."),
        _late(keeps=keeps, owes=balance.owed_points > 0),
        *([_("If they are in a household, they leave it.")] if account.programme.household_size else []),
        _("Gift cards ordered before stay valid, and the movements are kept."),
        _("The member cannot take part again later. Tell them first."),
    ]
    return " ".join(sentences)


def _held(held: int, *, keeps: bool) -> str:
    if not held:
        return _("The member has no points: none are lost.")
    if keeps:
        said = _("The member keeps %(points)s and can spend them until they expire.")
    else:
        said = _("The member loses %(points)s at once.")
    return said % {"points": points(held)}


def _late(*, keeps: bool, owes: bool) -> str:
    """Say to staff what `reported_later` says to members."""
    if owes and keeps:
        return _(
            "Those made before and reported later repay the points owed first; the member keeps the rest."
        )
    if owes:
        return _("Those made before and reported later repay the points owed first; the rest is lost.")
    if keeps:
        return _("The points of those made before and reported later are kept as well.")
    return _("The points of those made before and reported later are lost as well.")


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
        "still_owed": still_owed(balance.owed_points),
        "reported_later": reported_later(keeps=not is_lost, owes=balance.owed_points > 0),
    }
    return render(request, "loyalty/leave.html", context)
