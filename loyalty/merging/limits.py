"""One person has one limit: what a member's account had under rules counts where it leads to.

A merge writes beside the survivor's tallies what they carry; the tallies of the account that leads there stay
as they are, since only returns of its purchases touch them still. A separation takes that away again, and
hands over what the purchases that go back with their cards counted: each tally is that of its own purchases.
"""

from collections.abc import Mapping

from loyalty.earning.book import rule_of
from loyalty.earning.limits import (
    Tally,
    TallyKey,
    carried_over,
    kept_tally,
    purchases_still_carried,
)
from loyalty.models import LimitPeriod, PointAccount, RuleTally
from members.models import MemberMerge


def carry_limits(merge: MemberMerge, *, source: PointAccount, target: PointAccount) -> None:
    """Let an account's use of limits count where it leads to. Both accounts are locked."""
    there = _rows(target)
    for row in _rows(source).values():
        key = _key(row)._replace(account_id=target.pk)
        staying = there.get(key) or _new_row(key)
        carried = carried_over(rule_of(row.family), gone=_tally(row), staying=_tally(staying))
        if any(carried):
            staying.carried[str(merge.pk)] = list(carried)
            staying.save()


def divide_limits(
    merge: MemberMerge,
    counted: Mapping[TallyKey, Tally],
    *,
    account: PointAccount,
    of_survivor: PointAccount,
) -> None:
    """Let what a merge carried count no more, and what was `counted` with the cards that go back with them.

    Both accounts are locked. What was given stays given, and what was held back stays so; afterwards each
    tally is the sum of its account's purchases. Bonuses stay counted, see `purchases_still_carried`.
    """
    of_other = _rows(account)
    for key, row in _rows(of_survivor).items():
        part = counted.get(key)
        had = row.carried.pop(str(merge.pk), None)
        tally = _tally(row)
        if part is not None:
            key_of_other = key._replace(account_id=account.pk)
            other_row = of_other.get(key_of_other) or _new_row(key_of_other)
            other = _tally(other_row)
            tally.hand_over(part, other)
            _settle(merge, other_row, other, 0)
        if part is not None or had is not None:
            _settle(merge, row, tally, had[1] if had else 0)


def _settle(merge: MemberMerge, row: RuleTally, tally: Tally, carried: int) -> None:
    """Write the tally of one of the two after their separation.

    A return may have taken from the one what the other had got: beside the tally it says so, so that nobody
    gets that once more.
    """
    still = purchases_still_carried(rule_of(row.family), tally, carried)
    missing = min(0, tally.granted_points)
    if still or missing:
        row.carried[str(merge.pk)] = [0, still, missing] if missing else [0, still]
    row.purchases = tally.purchases
    row.entitled_points = tally.entitled_points
    row.granted_points = tally.granted_points - missing
    row.by_version = {
        str(version): [under.limit_points, under.entitled_points] for version, under in tally.under.items()
    }
    if row.carried or row.by_version:
        row.save()
    else:
        row.delete()


def _rows(account: PointAccount) -> dict[TallyKey, RuleTally]:
    rows = RuleTally.objects.filter(account=account).select_related("family").order_by("pk")
    return {_key(row): row for row in rows}


def _key(row: RuleTally) -> TallyKey:
    return TallyKey(row.account_id, row.family_id, LimitPeriod(row.period), row.period_starts_on)


def _new_row(key: TallyKey) -> RuleTally:
    account_id, family_id, period, starts_on = key
    return RuleTally(account_id=account_id, family_id=family_id, period=period, period_starts_on=starts_on)


def _tally(row: RuleTally) -> Tally:
    return kept_tally(row.purchases, row.granted_points, row.by_version, row.carried)
