"""Colleagues who move points, and what tests ask of them."""

from datetime import datetime
from itertools import count

from django.conf import settings
from django.contrib.auth.models import Group

from core.models import StaffAction
from loyalty.adjustments.requests import POSTED, request_adjustment
from loyalty.dates import local_date
from loyalty.models import (
    AdjustmentEntry,
    AdjustmentReason,
    AdjustmentRequest,
    AdjustmentState,
    Entry,
    EntryKind,
    PointAccount,
    Programme,
    ReinstatedExpiry,
)
from members.models import User
from members.services.staff import sync_staff_groups
from tests.factories import NOW, make_user

AGENT, MANAGER = "Call centre", "Programme manager"
SAID = "Told us so on the phone"
_keys = count(1)


def make_groups() -> None:
    """Make the groups of all roles, unless they are there: a test may have changed what one may do."""
    if Group.objects.count() < len(settings.STAFF_GROUPS):
        sync_staff_groups(settings.STAFF_GROUPS)


def make_agent(name: str = "karim", role: str = AGENT) -> User:
    """Make a colleague of the role."""
    make_groups()
    user = make_user(f"{name}@staff.example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def make_manager(name: str = "paul") -> User:
    """Make a programme manager."""
    return make_agent(name, MANAGER)


def reason_of(programme: Programme, code: str) -> AdjustmentReason:
    """Return one of the programme's reasons."""
    return AdjustmentReason.objects.get(programme=programme, code=code)


def ask(
    account: PointAccount,
    actor: User,
    *,
    code: str = "thanks",
    points: int = 100,
    key: str = "",
    at: datetime = NOW,
) -> AdjustmentRequest:
    """Ask for points, by default goodwill."""
    return request_adjustment(
        account=account,
        reason=reason_of(account.programme, code),
        points=points,
        comment=SAID,
        actor=actor,
        request_key=key or f"K{next(_keys)}",
        at=at,
    )


def nothing_moved() -> bool:
    """Say whether no staff has moved a point, nor asked for it."""
    return not (AdjustmentRequest.objects.exists() or Entry.objects.filter(kind__in=[9, 10, 11]).exists())


def vouch_for(entry_id: int) -> None:
    """Add the request that a movement of staff would have, had it not been posted past the requests."""
    entry = Entry.objects.select_related("account__programme").get(pk=entry_id)
    points, programme = entry.points, entry.account.programme
    code = {9: "counted-twice" if points < 0 else "missing-offer", 10: "thanks", 11: "our-mistake"}
    request = AdjustmentRequest.objects.create(
        programme=programme,
        account=entry.account,
        kind=entry.kind,
        points=points,
        reason=reason_of(programme, code[entry.kind]),
        comment=SAID,
        requested_by_id=entry_id,
        role=AGENT,
        requested_at=entry.posted_at,
        requested_on=local_date(entry.posted_at, programme.zone),
        limit_points=abs(points),
        alone_points=abs(points),
        together_points=abs(points),
        state=AdjustmentState.POSTED,
        decided_at=entry.posted_at,
    )
    AdjustmentEntry.objects.create(request=request, entry=entry)
    StaffAction.objects.create(
        actor_id=entry_id,
        action=POSTED,
        subject_type=request._meta.label_lower,
        subject_id=request.pk,
        at=request.requested_at,
    )
    if entry.corrects is not None and entry.kind == EntryKind.REINSTATED:
        ReinstatedExpiry.objects.create(
            request=request, expiry=entry.corrects, points=points, window_days=30_000
        )
