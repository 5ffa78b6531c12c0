"""Taking part in a programme: owning a card is enough, nobody signs up. Leaving keeps the ledger."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum

from loyalty.dates import local_date
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, PointAccount, Programme
from members.models import Member


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
def leave_programme(*, account: PointAccount, at: datetime) -> None:
    """Record that the member leaves the programme today; purchases made until tonight still count.

    Points and ledger stay as they are. Leaving again keeps the first day.
    """
    left_on = local_date(at, account.programme.zone)
    PointAccount.objects.filter(pk=account.pk, left_on__isnull=True).update(left_on=left_on)


@transaction.atomic
def give_up_points(*, account: PointAccount, at: datetime) -> int:
    """Let the member leave the programme and end all points they have; return how many that were.

    The ledger keeps every movement, and points owed stay owed. A repeat finds nothing left.
    """
    leave_programme(account=account, at=at)
    movement = Movement(account_id=account.pk, kind=EntryKind.GIVEN_UP, points=0, occurred_at=at)
    entries = post_batch([movement], zone=account.programme.zone, at=at)
    given_up = Entry.objects.filter(pk__in=entries, kind=EntryKind.GIVEN_UP).aggregate(points=Sum("points"))
    return -int(given_up["points"] or 0)
