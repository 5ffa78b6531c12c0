"""Which colleague may merge or separate whom: never themselves, and a lot of points only who may approve.

A merge puts the points of one account within reach of somebody else, just as giving them would. What points
were turned into and can still be spent counts like the points it took: an app above says how many.
"""

from collections.abc import Callable
from datetime import datetime, time

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum

from loyalty.adjustments.colleagues import are_own, may_approve
from loyalty.adjustments.limits import limit_of
from loyalty.dates import local_date
from loyalty.errors import ApproverNeeded
from loyalty.models import AdjustmentKind, Entry, EntryKind, PointAccount, TransferReason
from loyalty.selectors.balance import balance_of
from loyalty.selectors.merged import accounts_behind
from members.errors import OwnMerge
from members.models import Member, MemberMerge, User

Actor = AbstractBaseUser | AnonymousUser | None
TurnedInto = Callable[[QuerySet[PointAccount], datetime], int]
_turned_into: dict[str, TurnedInto] = {}


def count_what_points_became(name: str, count: TurnedInto) -> None:
    """Let a function say how many points stand in what some accounts bought and can still spend."""
    _turned_into[name] = count


def refuse_own(actor: Actor, *members: Member) -> None:
    """Raise OwnMerge when the colleague is one of the members or close to one. Nobody is no colleague."""
    if actor is not None and are_own(_rows(*members), User.objects.get(pk=actor.pk or 0)):
        raise OwnMerge


def refuse_merge_by(actor: Actor, *, survivor: Member, merged: Member, at: datetime) -> None:
    """Raise what keeps the colleague from merging the two: OwnMerge or ApproverNeeded.

    Who may approve merges whatever there is. Anybody else merges as long as no account whose points another
    person could then spend holds more, or owes more, than the colleague may give alone, with what points were
    turned into and can still be spent: that of the member who leads to another, with what merges brought the
    survivor that day; and that of the survivor, unless only the survivor's own sign-in opens it.
    """
    refuse_own(actor, survivor, merged)
    if actor is None:
        return
    colleague = User.objects.get(pk=actor.pk or 0)
    if may_approve(colleague):
        return
    opens_it_alone = survivor.user_id is not None and merged.user_id is None
    reached = [merged] if opens_it_alone else [merged, survivor]
    for account in PointAccount.objects.filter(member__in=reached).select_related("programme").order_by("pk"):
        limit = limit_of(colleague, account.programme, AdjustmentKind.GOODWILL)
        points = _weight(account, at)
        if account.member_id == merged.pk:
            points += _merged_today(survivor, account, at)
        if points > (limit.points_alone if limit else 0):
            raise ApproverNeeded


def _rows(*members: Member) -> QuerySet[Member]:
    return Member.objects.filter(pk__in=[member.pk for member in members])


def _weight(account: PointAccount, at: datetime) -> int:
    held = balance_of(account, at=at)
    points = held.available_points + held.waiting_points + held.owed_points
    return points + _points_became(accounts_behind(account), at)


def _points_became(accounts: QuerySet[PointAccount], at: datetime) -> int:
    return sum(count(accounts, at) for count in _turned_into.values())


def _merged_today(survivor: Member, account: PointAccount, at: datetime) -> int:
    """Return the points that merges brought the survivor on the day in the account's programme."""
    zone = account.programme.zone
    today = datetime.combine(local_date(at, zone), time.min, tzinfo=zone)
    brought = Entry.objects.filter(
        account__member=survivor,
        account__programme=account.programme_id,
        kind=EntryKind.MOVED_IN,
        transfer__reason=TransferReason.MERGE,
        posted_at__gte=today,
    )
    merges = MemberMerge.objects.filter(survivor=survivor, undone_at__isnull=True, merged_at__gte=today)
    came = PointAccount.objects.filter(programme=account.programme_id, member__in=merges.values("merged"))
    points: int = brought.aggregate(points=Sum("points"))["points"] or 0
    return points + _points_became(came, at)
