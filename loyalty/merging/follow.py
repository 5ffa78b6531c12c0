"""Points that come to an account which leads to another follow there.

A cancelled order gives its points back to the account that had ordered. A purchase that was being recorded
while its card moved still reaches the account of before. Neither is lost: it moves on, at once or in minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.jobs import register_sweeper
from loyalty.dates import local_date
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, part_of
from loyalty.ledger.reinstated import Steps, reinstated_in
from loyalty.merging.merge import move_to_survivor
from loyalty.models import Lot, PointAccount
from members.models import MemberMerge

AT_ONCE = 200

PaidFrom = Mapping[int, Sequence[tuple[LotDates, int]]]
"""By account, the lots whose points it owes and how many of each."""


def with_survivors(account_ids: Iterable[int]) -> list[int]:
    """Return the accounts and those to which they lead, to be locked together. One query."""
    leads = PointAccount.objects.filter(pk__in=account_ids, merged_into__isnull=False)
    return [*account_ids, *leads.values_list("merged_into_id", flat=True)]


def accounts_together(account_id: int) -> list[int]:
    """Return an account, those that lead to it and the one it leads to, to be locked together."""
    behind = PointAccount.objects.filter(Q(pk=account_id) | Q(merged_into=account_id))
    return with_survivors(list(behind.values_list("pk", flat=True)))


@transaction.atomic
def follow(account_ids: Iterable[int], *, at: datetime, paid_from: PaidFrom | None = None) -> int:
    """Move what there is in accounts that lead to others; return in how many there was something.

    The accounts and their survivors are locked by now, in the order of their ids. A repeat finds nothing.
    What an account owes is paid where it leads to from the lots `paid_from` first, even from what expired.
    """
    leading = PointAccount.objects.filter(pk__in=account_ids).select_related("programme", "merged_into")
    moved = 0
    for account in leading.order_by("pk"):
        if account.merged_into is None or not _holds_something(account):
            continue
        merge = MemberMerge.objects.get(merged=account.member_id, undone_at__isnull=True)
        lots = (paid_from or {}).get(account.pk, ())
        move_to_survivor(merge, source=account, target=account.merged_into, at=at, paid_from=lots)
        moved += 1
    return moved


def _holds_something(account: PointAccount) -> bool:
    return account.owed_points > 0 or Lot.objects.filter(account=account, remaining_points__gt=0).exists()


def bring_expired_along(*, source_id: int, target_id: int, lot: LotDates, points: int, at: datetime) -> None:
    """Move points that expired in an account of before to where a return takes so many from their lot.

    Only as many as the lot in the account it leads to does not hold: the return undoes their expiry there, as
    it would have done here, and leaves what else expired there to returns of its own. What was reinstated and
    expired once more comes along as well. Both are locked.
    """
    for source in _leading_to(target_id).filter(pk=source_id):
        _bring_along(source, target_id, [(lot, points)], at)


def bring_all_expired_along(*, target_id: int, lots: Iterable[tuple[LotDates, int]], at: datetime) -> None:
    """Do the same for each of the lots, from every account that leads to the target. All are locked."""
    wanted = list(lots)
    for source in _leading_to(target_id):
        _bring_along(source, target_id, wanted, at)


def _leading_to(account_id: int) -> QuerySet[PointAccount]:
    leading = PointAccount.objects.filter(merged_into=account_id)
    return leading.select_related("programme").order_by("pk")


def _bring_along(
    source: PointAccount, target_id: int, lots: Sequence[tuple[LotDates, int]], at: datetime
) -> None:
    today = local_date(at, source.programme.zone)
    are_over = any(lot.expires_on < today for lot, _points in lots)
    steps = reinstated_in([target_id])[target_id] if are_over else {}
    for lot, points in lots:
        found = _expired_there(source.pk, target_id, lot, points, steps)
        parts = [part_of(dates, wanted) for dates, wanted in found.items()]
        if parts:
            merge = MemberMerge.objects.get(merged=source.member_id, undone_at__isnull=True)
            target = PointAccount.objects.get(pk=target_id)
            move_to_survivor(merge, source=source, target=target, at=at, parts=parts)


def _expired_there(
    source_id: int, target_id: int, lot: LotDates, points: int, steps: Steps
) -> dict[LotDates, int]:
    """Return how many expired points to bring, by lot: of this, and of those in which it was reinstated."""
    there = Lot.objects.filter(account=target_id, expires_on=lot.expires_on, available_on=lot.available_on)
    here = Lot.objects.filter(account=source_id, expires_on=lot.expires_on, available_on=lot.available_on)
    missing = max(0, points - sum(one.remaining_points for one in there))
    wanted = min(missing, sum(one.expired_points for one in here))
    found = {lot: wanted} if wanted else {}
    missing -= wanted
    for later, left in sorted(steps.get(lot, {}).items()):
        some = min(missing, left)
        if some and later not in found:
            found |= _expired_there(source_id, target_id, later, some, steps)
        missing -= some
    return found


def follow_all(at: datetime) -> int:
    """Move what there is in any account that leads to another, each in a transaction of its own."""
    held = Lot.objects.filter(account=OuterRef("pk"), remaining_points__gt=0)
    leading = PointAccount.objects.filter(Q(owed_points__gt=0) | Exists(held), merged_into__isnull=False)
    moved = 0
    for account_id in leading.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            lock_accounts(with_survivors([account_id]))
            moved += follow([account_id], at=at)
    return moved


def register_following_sweeper() -> None:
    """Look every ten minutes: there seldom is anything."""
    register_sweeper("points of merged members", follow_all, every_minutes=10)
