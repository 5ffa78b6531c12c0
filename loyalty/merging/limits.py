"""One person has one limit: what a member's account had under rules counts where it leads to.

A merge writes beside the survivor's tallies what they carry; the tallies of the account that leads there stay
as they are, since only returns of its purchases touch them still. A separation takes that away again.
"""

from datetime import date

from loyalty.earning.book import rule_of
from loyalty.earning.limits import Tally, carried_over, kept_tally, may_stop_carrying
from loyalty.models import PointAccount, RuleTally
from members.models import MemberMerge

Key = tuple[int, str, date]


def carry_limits(merge: MemberMerge, *, source: PointAccount, target: PointAccount) -> None:
    """Let an account's use of limits count where it leads to. Both accounts are locked."""
    there = {_key(row): row for row in RuleTally.objects.filter(account=target).order_by("pk")}
    for row in RuleTally.objects.filter(account=source).select_related("family").order_by("pk"):
        staying = there.get(_key(row)) or RuleTally(
            account=target,
            family=row.family,
            period=row.period,
            period_starts_on=row.period_starts_on,
        )
        carried = carried_over(rule_of(row.family), gone=_tally(row), staying=_tally(staying))
        if any(carried):
            staying.carried[str(merge.pk)] = list(carried)
            staying.save()


def stop_carrying_limits(merge: MemberMerge) -> None:
    """Let what a merge carried count no more. The accounts are locked.

    Purchases that decided about a bonus meanwhile stay counted: what was given for them stays right.
    """
    rows = RuleTally.objects.filter(account__member=merge.survivor_id, carried__has_key=str(merge.pk))
    for row in rows.select_related("family").order_by("pk"):
        _, purchases = row.carried.pop(str(merge.pk))
        tally = _tally(row)
        tally.carried_purchases += purchases
        if not may_stop_carrying(rule_of(row.family), tally, purchases):
            row.carried[str(merge.pk)] = [0, purchases]
        if row.carried or row.by_version:
            row.save(update_fields=["carried"])
        else:
            row.delete()


def _key(row: RuleTally) -> Key:
    return row.family_id, row.period, row.period_starts_on


def _tally(row: RuleTally) -> Tally:
    return kept_tally(row.purchases, row.granted_points, row.by_version, row.carried)
