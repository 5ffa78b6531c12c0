"""What is read of the points that staff move: requests of an account, and what waits for a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery

from loyalty.adjustments.limits import allowance_of
from loyalty.dates import local_date
from loyalty.models import (
    AdjustmentKind,
    AdjustmentReason,
    AdjustmentRequest,
    AdjustmentState,
    Entry,
    EntryKind,
    PointAccount,
)
from loyalty.selectors.merged import accounts_behind
from members.models import User


@dataclass(frozen=True, slots=True)
class Possible:
    """What a colleague may do of one kind: what is left today, and up to how much alone on one account."""

    kind: AdjustmentKind
    left_points: int
    points_alone: int
    reasons: tuple[AdjustmentReason, ...]


def with_people(requests: QuerySet[AdjustmentRequest]) -> QuerySet[AdjustmentRequest]:
    """Add `requester_email` and `decider_email`, as they are today; None when the sign-in is gone."""
    sign_ins = get_user_model().objects
    return requests.annotate(
        requester_email=Subquery(sign_ins.filter(pk=OuterRef("requested_by_id")).values("email")[:1]),
        decider_email=Subquery(sign_ins.filter(pk=OuterRef("decided_by_id")).values("email")[:1]),
    )


def adjustments_of(account: PointAccount, *, limit: int) -> list[AdjustmentRequest]:
    """Return the newest requests for an account and those that lead to it. One query, people included."""
    requests = AdjustmentRequest.objects.filter(account__in=accounts_behind(account))
    return list(with_people(requests.select_related("reason")).order_by("-pk")[:limit])


def is_expiry_of(account: PointAccount, number: str) -> bool:
    """Say whether a number, as a browser sent it, names an expiry of the account or of one that leads to it.

    One query, unless it is no number.
    """
    if not (number.isascii() and number.isdecimal() and len(number) < len(str(2**63))):
        return False
    expiries = Entry.objects.filter(account__in=accounts_behind(account), kind=EntryKind.EXPIRY)
    return expiries.filter(pk=int(number)).exists()


def waiting_requests(*, at: datetime) -> QuerySet[AdjustmentRequest]:
    """Return the requests that a second person can decide on."""
    return AdjustmentRequest.objects.filter(state=AdjustmentState.REQUESTED, approve_before__gt=at)


def possible_for(
    user: User, account: PointAccount, kinds: Sequence[AdjustmentKind], *, at: datetime
) -> list[Possible]:
    """Return what the colleague may do today in the account's programme, kind by kind, with its reasons.

    A kind for which the colleague has no limit, or the programme no reason, is left out.
    """
    programme = account.programme
    today = local_date(at, programme.zone)
    offered = AdjustmentReason.objects.filter(programme=programme, kind__in=kinds, is_offered=True)
    reasons = list(offered.order_by("takes_points", "pk"))
    found = []
    for kind in kinds:
        allowance = allowance_of(user, programme, kind, on=today, at=at)
        of_kind = tuple(reason for reason in reasons if reason.kind == kind)
        if allowance is not None and of_kind:
            found.append(Possible(kind, allowance.left_points, allowance.points_alone, of_kind))
    return found
