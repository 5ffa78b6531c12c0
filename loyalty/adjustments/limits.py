"""How much a colleague may move: in a day, and on one account in a day without a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Abs

from loyalty.adjustments.deeds import LIMITS, POINTS, points_by_deeds
from loyalty.dates import local_date
from loyalty.errors import ApproverNeeded
from loyalty.models import (
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentRequest,
    AdjustmentState,
    PointAccount,
    Programme,
)
from loyalty.selectors.merged import accounts_behind
from members.models import User


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one colleague may move of one kind on a day, and what of it is used, on all accounts."""

    role: str
    points_a_day: int
    points_alone: int
    used_points: int

    @property
    def left_points(self) -> int:
        """What is left of the day."""
        return max(0, self.points_a_day - self.used_points)


def limit_of(user: User, programme: Programme, kind: AdjustmentKind) -> AdjustmentLimit | None:
    """Return the widest limit among those of the colleague's groups; none means that they move nothing."""
    groups = user.groups.values("name")
    limits = AdjustmentLimit.objects.filter(programme=programme, kind=kind, role__in=groups)
    return limits.order_by("-points_a_day", "-points_alone", "pk").first()


def allowance_of(
    user: User, programme: Programme, kind: AdjustmentKind, *, on: date, at: datetime
) -> Allowance | None:
    """Return the colleague's allowance for a day of the programme; none when they may move nothing.

    What they did without a request counts as well: see `deeds`.
    """
    limit = limit_of(user, programme, kind)
    if limit is None:
        return None
    used = points_of_day(user.pk, programme, kind, on=on, at=at)
    used += points_by_deeds(user.pk, programme, kind, on=on)
    return Allowance(limit.role, limit.points_a_day, limit.points_alone, used)


def count_in_day(
    user: User, kind: AdjustmentKind, points: Mapping[Programme, int], *, at: datetime
) -> dict[str, object]:
    """Return what is written down with a deed by which the colleague moves so many points in each programme.

    Raises ApproverNeeded where that is more than is left of their day.
    """
    counted: dict[str, int] = {}
    limits: dict[str, int] = {}
    for programme, number in points.items():
        if not number:
            continue
        allowance = allowance_of(user, programme, kind, on=local_date(at, programme.zone), at=at)
        if allowance is None or number > allowance.left_points:
            raise ApproverNeeded
        counted[programme.code], limits[programme.code] = number, allowance.points_a_day
    return {POINTS: counted, LIMITS: limits} if counted else {}


def points_of_day(
    user_id: int,
    programme: Programme,
    kind: AdjustmentKind,
    *,
    on: date,
    at: datetime,
) -> int:
    """Return the points of a kind that the colleague's requests of a day moved or may still move.

    Their sign does not matter. What was declined, withdrawn or not decided in time does not count.
    """
    return _points(_made_on(on, at, requested_by_id=user_id, programme=programme, kind=kind))


def points_on_account(user_id: int, account: PointAccount, *, on: date, at: datetime) -> int:
    """Return the same for an account and those that lead to it, all kinds together."""
    return _points(_made_on(on, at, requested_by_id=user_id, account__in=accounts_behind(account)))


def _made_on(day: date, at: datetime, **of_whom: object) -> QuerySet[AdjustmentRequest]:
    return AdjustmentRequest.objects.filter(still_counting(at), requested_on=day, **of_whom)


def posted_points_of_day(request: AdjustmentRequest) -> int:
    """Return what the same colleague moved that day: posted requests like this one, and deeds of its kind."""
    posted = AdjustmentRequest.objects.filter(
        state=AdjustmentState.POSTED,
        requested_by_id=request.requested_by_id,
        programme=request.programme_id,
        kind=request.kind,
        requested_on=request.requested_on,
    )
    kind, on = AdjustmentKind(request.kind), request.requested_on
    return _points(posted) + points_by_deeds(request.requested_by_id, request.programme, kind, on=on)


def still_counting(at: datetime) -> Q:
    """Return the condition that a request moved its points or may still do so."""
    return Q(state=AdjustmentState.POSTED) | Q(state=AdjustmentState.REQUESTED, approve_before__gt=at)


def _points(requests: QuerySet[AdjustmentRequest]) -> int:
    return int(requests.aggregate(points=Sum(Abs("points")))["points"] or 0)
