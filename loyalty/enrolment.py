"""Taking part in a programme: owning a card is enough, nobody signs up. Leaving keeps the ledger."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Sum

from core.jobs import register_sweeper
from core.outbox import publish
from loyalty.dates import local_date
from loyalty.errors import LeadsToAnother, LeavingPolicyChanged
from loyalty.households.membership import leave_household
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, LeavingPolicy, PointAccount, Programme
from loyalty.selectors.balance import balance_of
from members.models import Member

MEMBER_LEFT = "loyalty.member_left"


def enrol_members(*, member_ids: Sequence[int], programme: Programme, at: datetime) -> int:
    """Open a point account for each member that has none; return how many. A repeat changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO loyalty_pointaccount
                   (programme_id, member_id, balance_points, owed_points, enrolled_at)
            SELECT %s, member_id, 0, 0, %s FROM unnest(%s::bigint[]) AS m(member_id) ORDER BY member_id
            ON CONFLICT (member_id, programme_id) DO NOTHING
            """,
            [programme.pk, at, sorted(set(member_ids))],
        )
        return int(cursor.rowcount)


def enrol_member(*, member: Member, programme: Programme, at: datetime) -> PointAccount:
    """Open the member's point account in the programme, or return the one there is."""
    enrol_members(member_ids=[member.pk], programme=programme, at=at)
    return PointAccount.objects.get(member=member, programme=programme)


@transaction.atomic
def leave_programme(*, account: PointAccount, at: datetime, told: str | None = None) -> int:
    """Record that the member leaves the programme today; return how many points that costs them.

    Raises LeavingPolicyChanged when the programme says by now something else than the policy that the member
    was `told`, and LeadsToAnother when the account was merged meanwhile; then nothing has happened.

    The programme says whether points are lost at once or can still be spent; what it says today holds for
    this member for ever, and a letter confirms it. The ledger keeps every movement. Their household goes on
    without them. Leaving again keeps the first day, and costs none.
    """
    current = _as_it_stands(account)
    if current.merged_into_id is not None:
        raise LeadsToAnother
    return _leave(current, at=at, told=told)


def _as_it_stands(account: PointAccount) -> PointAccount:
    """Return the account as it is under its lock."""
    lock_accounts([account.pk])
    return PointAccount.objects.select_related("programme").get(pk=account.pk)


def _leave(current: PointAccount, *, at: datetime, told: str | None = None) -> int:
    if current.left_on is not None:
        return 0
    policy = current.programme.leaving_policy
    if told not in (None, policy):
        raise LeavingPolicyChanged
    leave_household(account=current, at=at)
    left_on = local_date(at, current.programme.zone)
    PointAccount.objects.filter(pk=current.pk).update(left_on=left_on, leaving_policy=policy)
    lost = _end_points(current, at) if policy == LeavingPolicy.LOST else 0
    kept = balance_of(current, at=at)
    publish(
        topic=MEMBER_LEFT,
        payload={
            "account_id": current.pk,
            "left_on": left_on.isoformat(),
            "lost_points": lost,
            "kept_points": kept.available_points + kept.waiting_points,
            "owed_points": kept.owed_points,
        },
        at=at,
    )
    return lost


@transaction.atomic
def give_up_points(*, account: PointAccount, at: datetime) -> int:
    """Let the member leave the programme and end all points they have; return how many that were.

    The ledger keeps every movement, and points owed stay owed. Who leads to another leaves as well: nobody
    is to be separated from who is gone. A repeat finds nothing left.
    """
    lost = _leave(_as_it_stands(account), at=at)
    PointAccount.objects.filter(pk=account.pk).update(leaving_policy=LeavingPolicy.LOST)
    return lost + _end_points(account, at)


def end_points_of_leavers(at: datetime, *, limit: int = 200) -> int:
    """End points that came to members who had lost theirs by leaving; return of how many accounts.

    A purchase made before they left may be reported later: it ends as if it had come in time.
    """
    accounts = PointAccount.objects.filter(
        leaving_policy=LeavingPolicy.LOST, balance_points__gt=-F("owed_points")
    ).select_related("programme")
    ended = list(accounts.order_by("pk")[:limit])
    for account in ended:
        _end_points(account, at)
    return len(ended)


def register_leavers_sweeper() -> None:
    """Look every ten minutes: few lines come so late."""
    register_sweeper("points of leavers", end_points_of_leavers, every_minutes=10)


def _end_points(account: PointAccount, at: datetime) -> int:
    movement = Movement(account_id=account.pk, kind=EntryKind.GIVEN_UP, points=0, occurred_at=at)
    entries = post_batch([movement], zone=account.programme.zone, at=at)
    given_up = Entry.objects.filter(pk__in=entries, kind=EntryKind.GIVEN_UP).aggregate(points=Sum("points"))
    return -int(given_up["points"] or 0)
