"""Moves that are undone: whoever gave gets back what they gave, whoever got gives back what they got.

What is gone meanwhile is paid from other lots, and owed at last. Everything goes back before anything
expires, so that points which are over find what they belong to.
"""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from loyalty.ledger.movements import Handover, LotDates, MoveBack
from loyalty.ledger.plan.endings import expire
from loyalty.ledger.plan.sides import Side
from loyalty.ledger.plan.state import AccountState, Corrected, PlannedEntry
from loyalty.models import EntryKind


def move_back(
    payer: AccountState,
    owner: AccountState,
    movement: MoveBack,
    undone: Mapping[int, Mapping[int, Corrected]],
    *,
    today: date,
    zone: ZoneInfo,
) -> list[PlannedEntry]:
    """Return the entries that undo moves: `undone` holds the entry of each in each account, if it had any."""
    entries: list[PlannedEntry] = []
    sides: list[Side] = []

    def side_of(account: AccountState) -> Side:
        sides.append(Side(account, today=today, occurred_at=movement.occurred_at))
        return sides[-1]

    handover = movement.handover
    giving = side_of(payer)
    if handover is not None:
        _forget_returns(giving, handover, movement.lot)
    for transfer_id, undoes_id in movement.undoing:
        for account, kind in ((payer, EntryKind.MOVE_UNDONE_OUT), (owner, EntryKind.MOVE_UNDONE_IN)):
            entry = undone.get(undoes_id, {}).get(account.account_id)
            if entry is not None:
                side = side_of(account)
                _reverse(side, entry, movement.lot)
                entries += side.before
                entries.append(side.entry(kind, transfer_id=transfer_id, corrects_id=entry.entry_id))
    if handover is not None:
        getting = side_of(owner)
        _hand_over(giving, getting, handover)
        entries += [*giving.before, *getting.before]
        entries.append(giving.entry(EntryKind.MOVED_OUT, transfer_id=handover.transfer_id))
        entries.append(getting.entry(EntryKind.MOVED_IN, transfer_id=handover.transfer_id))
    for account in (payer, owner):
        touched = {dates for side in sides if side.account is account for dates in side.lots}
        entries += expire(account, today, zone, only=touched)
    return entries


def _forget_returns(giving: Side, handover: Handover, other_lot: LotDates) -> None:
    """Give back what the returns took, so that the lots are as if they had never been posted here."""
    for dates, points in sorted(handover.uses):
        giving.get(dates, points)
    giving.get(other_lot, giving.be_relieved(handover.owed))


def _hand_over(giving: Side, getting: Side, handover: Handover) -> None:
    """Let what purchases earned go, and the other account do what their returns did."""
    giving.owe(sum(giving.give(dates, points) for dates, points in sorted(handover.earned)))
    for dates, points in sorted(handover.earned):
        getting.get(dates, points)
    getting.owe(sum(getting.give(dates, points) for dates, points in sorted(handover.returned)))


def _reverse(side: Side, entry: Corrected, other_lot: LotDates) -> None:
    """Do the opposite of an entry: take what it gave, give what it took, and the same with points owed."""
    owing = max(0, -entry.owed_change)
    for dates, points in sorted(entry.uses):
        if points < 0:
            owing += side.give(dates, -points)
    _give_back_what_was_repaid(side, side.be_relieved(max(0, entry.owed_change)), entry, other_lot)
    for dates, points in sorted(entry.uses):
        if points > 0:
            side.get(dates, points)
    side.owe(owing)


def _give_back_what_was_repaid(side: Side, points: int, entry: Corrected, other_lot: LotDates) -> None:
    """Give points back to the lots whose credits repaid a debt that is no longer one, the newest first."""
    for dates, repaid in entry.repaid_lots:
        given = min(points, repaid)
        if given:
            side.get(dates, given)
            points -= given
    side.get(other_lot, points)
