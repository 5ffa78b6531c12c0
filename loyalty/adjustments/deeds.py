"""Points that colleagues move by other deeds than requests: merges, separations, letting members leave.

How many a deed put within reach of somebody, or ended, stands with the deed among the actions of staff, by
programme, beside the limit of the colleague's day. They count in that day like points of requests of the
kind, and never change.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from core.models import StaffAction
from loyalty.models import AdjustmentKind, Programme

MERGED, SEPARATED, LEFT = "member.merged", "member.separated", "pointaccount.left"
COUNTING: Mapping[AdjustmentKind, tuple[str, ...]] = {
    AdjustmentKind.GOODWILL: (MERGED, SEPARATED),
    AdjustmentKind.ADJUSTMENT: (LEFT,),
    AdjustmentKind.REINSTATEMENT: (),
}
"""The deeds that count in the day of each kind."""

POINTS, LIMITS = "points", "points_a_day"
"""Under which names the points, and the limits that applied, stand with a deed: each by programme."""


def points_by_deeds(user_id: int, programme: Programme, kind: AdjustmentKind, *, on: date) -> int:
    """Return the points that a colleague's deeds of a day count in a programme as of the kind."""
    begins, ends = (
        datetime.combine(day, time.min, tzinfo=programme.zone) for day in (on, on + timedelta(days=1))
    )
    deeds = StaffAction.objects.filter(
        actor_id=user_id, action__in=COUNTING[kind], at__gte=begins, at__lt=ends, details__has_key=POINTS
    )
    return sum(details[POINTS].get(programme.code, 0) for details in deeds.values_list("details", flat=True))
