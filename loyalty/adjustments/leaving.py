"""A colleague lets a member leave who asked for it, and no points are lost but those they may take alone.

Members who leave on the site are free to lose whatever they have.
"""

from datetime import datetime

from django.db import transaction

from core.audit import record_action
from loyalty.adjustments.colleagues import Actor, bound_colleague, lock_day_of
from loyalty.adjustments.deeds import LEFT
from loyalty.adjustments.limits import count_in_day, limit_of, points_on_account
from loyalty.dates import local_date
from loyalty.enrolment import leave_programme
from loyalty.errors import ApproverNeeded
from loyalty.models import AdjustmentKind, PointAccount
from members.models import User


@transaction.atomic
def let_leave(
    *, account: PointAccount, actor: Actor, reason: str, at: datetime, told: str | None = None
) -> int:
    """Record that the member leaves the programme today; return how many points that costs them.

    Raises ApproverNeeded when it costs more than the colleague may take alone, with what they moved on the
    account today, or more than is left of their day; then nothing has happened. Who may approve adjustments
    lets anybody leave. Raises LeavingPolicyChanged when the programme says by now something else than the
    policy that the colleague was `told`, and LeadsToAnother when the account was merged meanwhile; nothing
    has happened either. Leaving again costs nothing.
    """
    lock_day_of(actor)
    lost = leave_programme(account=account, at=at, told=told)
    colleague = bound_colleague(actor)
    details = {} if colleague is None else _taken_alone(lost, colleague, account, at)
    record_action(actor=actor, action=LEFT, subject=account, reason=reason, details=details, at=at)
    return lost


def _taken_alone(points: int, colleague: User, account: PointAccount, at: datetime) -> dict[str, object]:
    programme, kind = account.programme, AdjustmentKind.ADJUSTMENT
    limit = limit_of(colleague, programme, kind)
    moved = points_on_account(colleague.pk, account, on=local_date(at, programme.zone), at=at)
    if points and points + moved > (limit.points_alone if limit else 0):
        raise ApproverNeeded
    return count_in_day(colleague, kind, {programme: points}, at=at)
