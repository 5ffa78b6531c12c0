"""What colleagues read of requests: where one stands, and why something was refused."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.errors import DomainError, RequestKeyReused
from core.formatting import points, points_or_debt
from loyalty.adjustments.errors import (
    AlreadyDecided,
    ApprovalLapsed,
    CommentRefused,
    LimitReached,
    MayNotAdjust,
    MayNotApprove,
    NotReinstatable,
    OthersRequest,
    OwnPoints,
    OwnRequest,
    PointsNotPlausible,
    ReasonNotOffered,
    RequesterMayNoLonger,
)
from loyalty.errors import MemberLeft
from loyalty.models import AdjustmentRequest, AdjustmentState, PointAccount
from loyalty.selectors.balance import balance_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Standing(TextChoices):
    """Where a request stands at an instant. Nothing stores it."""

    WAITING = "waiting", gettext_lazy("waits for a second person")
    LAPSED = "lapsed", gettext_lazy("nobody decided in time")
    ALONE = "alone", gettext_lazy("posted at once")
    APPROVED = "approved", gettext_lazy("approved and posted")
    DECLINED = "declined", pgettext_lazy("adjustment", "declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("adjustment", "withdrawn")


REFUSALS: "dict[type[DomainError], str | StrPromise]" = {
    MayNotAdjust: gettext_lazy("Your role may not do this in this programme. Nothing was changed."),
    MayNotApprove: gettext_lazy("Your role may not decide on requests of colleagues. Nothing was changed."),
    OwnPoints: gettext_lazy(
        "This is your own account, or that of somebody in your household: a colleague must do it. Nothing was"
        " changed."
    ),
    OwnRequest: gettext_lazy(
        "You made this request yourself: somebody else must decide. Nothing was changed."
    ),
    OthersRequest: gettext_lazy(
        "Only the colleague who made this request withdraws it. Nothing was changed."
    ),
    ReasonNotOffered: gettext_lazy(
        "This reason is no longer offered. Nothing was changed. Choose another one."
    ),
    NotReinstatable: gettext_lazy(
        "These points cannot be brought back, or no longer. Nothing was changed. Look at what expired again."
    ),
    PointsNotPlausible: gettext_lazy(
        "Write a number of points between 1 and 1,000,000. Nothing was changed."
    ),
    CommentRefused: gettext_lazy("The comment cannot be kept as it is. Nothing was changed."),
    AlreadyDecided: gettext_lazy("Somebody decided on this request before you. Nothing more was changed."),
    ApprovalLapsed: gettext_lazy("Nobody decided on this request in time: it has to be made again."),
    RequesterMayNoLonger: gettext_lazy(
        "The colleague who made this request may not move these points any more. Nothing was changed; you"
        " can decline it."
    ),
    MemberLeft: gettext_lazy("The member has left the programme. Nothing was changed."),
    LimitReached: gettext_lazy(
        "This goes beyond the colleague’s limit of that day, as it stood when they asked. Nothing was"
        " changed; they can ask again."
    ),
    RequestKeyReused: gettext_lazy(
        "This page was used for another request before. Nothing more was changed."
    ),
}
"""A sentence for each refusal."""


def standing_of(request: AdjustmentRequest, *, at: datetime) -> Standing:
    """Return where a request stands at an instant."""
    if request.state == AdjustmentState.REQUESTED:
        is_over = request.approve_before is not None and request.approve_before <= at
        return Standing.LAPSED if is_over else Standing.WAITING
    if request.state == AdjustmentState.POSTED:
        return Standing.ALONE if request.approve_before is None else Standing.APPROVED
    return Standing.DECLINED if request.state == AdjustmentState.DECLINED else Standing.WITHDRAWN


def refusal_sentence(refusal: DomainError) -> str:
    """Return why nothing was done, with what is still possible today."""
    if isinstance(refusal, LimitReached):
        return _("This is more than you may still move today: %(points)s. Nothing was changed.") % {
            "points": points(refusal.left_points)
        }
    return str(REFUSALS[type(refusal)])


def balance_sentence(account: PointAccount, *, change: int, at: datetime) -> str:
    """Say what the account has, and what a change of so many points would make of it.

    Points that still wait count, since they are taken as well; what goes beyond all of them is owed.
    """
    balance = balance_of(account, at=at)
    now = balance.available_points + balance.waiting_points - balance.owed_points
    return _("Balance today: %(before)s; afterwards: %(after)s.") % {
        "before": points_or_debt(now),
        "after": points_or_debt(now + change),
    }
