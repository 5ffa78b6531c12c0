"""Which colleague may merge or separate whom: never themselves, and a lot of points only who may approve.

A merge puts the points of one account within reach of somebody else, just as giving them would. What points
were turned into and can still be spent counts like the points it took: an app above says how many. All that a
colleague merges in a day, whatever the members, counts in their day like goodwill.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, time

from django.db.models import Q, QuerySet, Sum

from loyalty.adjustments.colleagues import Actor, are_own, bound_colleague
from loyalty.adjustments.limits import count_in_day, limit_of
from loyalty.dates import local_date
from loyalty.errors import ApproverNeeded
from loyalty.households.pool import permissions_to_spend
from loyalty.models import AdjustmentKind, Entry, EntryKind, PointAccount, Programme, Transfer, TransferReason
from loyalty.selectors.balance import balance_of
from loyalty.selectors.merged import accounts_behind
from members.errors import OwnMerge
from members.models import Member, MemberMerge, User

TurnedInto = Callable[[QuerySet[PointAccount], datetime], int]
_turned_into: dict[str, TurnedInto] = {}


def count_what_points_became(name: str, count: TurnedInto) -> None:
    """Let a function say how many points stand in what some accounts bought and can still spend."""
    _turned_into[name] = count


def refuse_own(actor: Actor, *members: Member) -> None:
    """Raise OwnMerge when the colleague is one of the members or close to one. Nobody is no colleague."""
    if actor is not None and are_own(_rows(*members), User.objects.get(pk=actor.pk or 0)):
        raise OwnMerge


def refuse_merge_by(actor: Actor, *, survivor: Member, merged: Member, at: datetime) -> dict[str, object]:
    """Raise OwnMerge or ApproverNeeded where that is so; return what is written down with the merge.

    Who may approve merges whatever there is. Anybody else merges as long as no account whose points another
    person could then spend holds more, or owes more, than the colleague may give alone, with what points were
    turned into and can still be spent: that of the member who leads to another, with what merges brought the
    survivor that day; and that of the survivor, unless only the survivor's own sign-in opens it, with the
    points of others in their household that it may spend. All of them together must be left of the
    colleague's day in the programme, where they count from then on.
    """
    refuse_own(actor, survivor, merged)
    colleague = bound_colleague(actor)
    if colleague is None:
        return {}
    counting: dict[Programme, int] = defaultdict(int)
    opens_it_alone = survivor.user_id is not None and merged.user_id is None
    reached = [merged] if opens_it_alone else [merged, survivor]
    for account in PointAccount.objects.filter(member__in=reached).select_related("programme").order_by("pk"):
        points = _weight(account, at)
        if account.member_id == survivor.pk:
            points += _of_household(account, at)
        counting[account.programme] += points
        if account.member_id == merged.pk:
            points += _merged_today(survivor, account, at)
        if points > _alone(colleague, account.programme):
            raise ApproverNeeded
    return count_in_day(colleague, AdjustmentKind.GOODWILL, counting, at=at)


def refuse_separation_by(actor: Actor, merge: MemberMerge, *, at: datetime) -> dict[str, object]:
    """Raise ApproverNeeded when more is left owing than they may give; return what is written down with it.

    What the survivor had spent is theirs to pay and the other one's to spend once more, as if it were given.
    Points have moved by now. What other separations of either of them left owing that day counts as well, and
    what this one does must be left of the colleague's day. Who may approve separates whatever is owed.
    """
    colleague = bound_colleague(actor)
    if colleague is None:
        return {}
    counting: dict[Programme, int] = {}
    of_survivor = PointAccount.objects.filter(member=merge.survivor_id)
    for account in of_survivor.select_related("programme").order_by("pk"):
        today = _separations_of_today(merge, account.programme, at)
        if _left_owing(today) > _alone(colleague, account.programme):
            raise ApproverNeeded
        now = Q(undoes__merged_points__merge=merge) | Q(reason=TransferReason.SEPARATION, moved_at=at)
        counting[account.programme] = _left_owing(today.filter(now))
    return count_in_day(colleague, AdjustmentKind.GOODWILL, counting, at=at)


def _alone(colleague: User, programme: Programme) -> int:
    limit = limit_of(colleague, programme, AdjustmentKind.GOODWILL)
    return limit.points_alone if limit else 0


def _rows(*members: Member) -> QuerySet[Member]:
    return Member.objects.filter(pk__in=[member.pk for member in members])


def _weight(account: PointAccount, at: datetime) -> int:
    held = balance_of(account, at=at)
    points = held.available_points + held.waiting_points + held.owed_points
    return points + _points_became(accounts_behind(account), at)


def _of_household(account: PointAccount, at: datetime) -> int:
    """Return the points of others that the account may spend, with those that they still wait for."""
    givers = PointAccount.objects.filter(pk__in=permissions_to_spend(account)).select_related("programme")
    held = [balance_of(giver, at=at) for giver in givers]
    return sum(one.available_points + one.waiting_points for one in held)


def _points_became(accounts: QuerySet[PointAccount], at: datetime) -> int:
    return sum(count(accounts, at) for count in _turned_into.values())


def _merged_today(survivor: Member, account: PointAccount, at: datetime) -> int:
    """Return the points that merges brought the survivor on the day in the account's programme."""
    today = _today(account.programme, at)
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


def _separations_of_today(merge: MemberMerge, programme: Programme, at: datetime) -> QuerySet[Transfer]:
    """Return the transfers of the day from or to one of the two by merges and separations."""
    members = [merge.survivor_id, merge.merged_id]
    accounts = list(PointAccount.objects.filter(programme=programme, member__in=members))
    return Transfer.objects.filter(
        Q(source__in=accounts) | Q(target__in=accounts),
        reason__in=[TransferReason.MERGE, TransferReason.SEPARATION],
        moved_at__gte=_today(programme, at),
    )


def _left_owing(transfers: QuerySet[Transfer]) -> int:
    """Return the points that separations among the transfers left owing."""
    owing = Entry.objects.filter(
        transfer__in=transfers,
        kind__in=[EntryKind.MOVE_UNDONE_OUT, EntryKind.MOVED_OUT],
        owed_change_points__gt=0,
    )
    return int(owing.aggregate(points=Sum("owed_change_points"))["points"] or 0)


def _today(programme: Programme, at: datetime) -> datetime:
    """Return when the day began in the programme."""
    return datetime.combine(local_date(at, programme.zone), time.min, tzinfo=programme.zone)
