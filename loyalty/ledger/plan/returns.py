"""Moves that are undone: whoever gave gets back what they gave, whoever got gives back what they got.

What is gone meanwhile is paid from other lots, and owed at last. Everything goes back before anything
expires, also what others of the batch give back, so that points which are over find what they belong to, and
what the owner owes again comes last.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from loyalty.ledger.movements import Handover, LotDates, MoveBack
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
) -> list[PlannedEntry]:
    """Return the entries that undo moves: `undone` holds the entry of each in each account, if it had any.

    What came back and is over has not expired yet: others may give back to the same account.
    """
    entries: list[PlannedEntry] = []
    sides: list[Side] = []
    paid_by: dict[int, tuple[Side, Corrected]] = {}

    def side_of(account: AccountState) -> Side:
        sides.append(Side(account, today=today, occurred_at=movement.occurred_at))
        return sides[-1]

    handover = movement.handover
    giving = side_of(payer)
    if handover is not None:
        _forget_returns(giving, handover, movement.lot)
    for transfer_id, before, account, kind in _in_turn(payer, owner, movement, undone):
        entry = before[account.account_id]
        first: Sequence[tuple[LotDates, int]] = ()
        if account is payer or entry.owed_change < 0:
            paid = before[payer.account_id].uses if account is owner else ()
            first = _came_back([side for side in sides if side.account is account], paid, today)
        side = side_of(account)
        _reverse(side, entry, movement.lot, first, paid_by.get(transfer_id))
        if account is payer:
            paid_by[transfer_id] = side, entry
        entries += side.before
        entries.append(side.entry(kind, transfer_id=transfer_id, corrects_id=entry.entry_id))
    if handover is not None:
        getting = side_of(owner)
        _hand_over(giving, getting, handover)
        entries += [*giving.before, *getting.before]
        entries.append(giving.entry(EntryKind.MOVED_OUT, transfer_id=handover.transfer_id))
        entries.append(getting.entry(EntryKind.MOVED_IN, transfer_id=handover.transfer_id))
    return entries


def _in_turn(
    payer: AccountState,
    owner: AccountState,
    movement: MoveBack,
    undone: Mapping[int, Mapping[int, Corrected]],
) -> list[tuple[int, Mapping[int, Corrected], AccountState, EntryKind]]:
    """Return what is undone, in its order, but what the owner owes again last: then points came to pay it."""
    steps = [
        (transfer_id, undone[undoes_id], account, kind)
        for transfer_id, undoes_id in movement.undoing
        for account, kind in ((payer, EntryKind.MOVE_UNDONE_OUT), (owner, EntryKind.MOVE_UNDONE_IN))
        if account.account_id in undone.get(undoes_id, {})
    ]
    return sorted(steps, key=lambda step: step[2] is owner and step[1][step[2].account_id].owed_change < 0)


def _came_back(
    sides: Sequence[Side], paid: Sequence[tuple[LotDates, int]], today: date
) -> list[tuple[LotDates, int]]:
    """Return what came back and pays first: lots the other paid from, then those over by now.

    While they were away, they could have paid. What is undone just before is not lost for what follows.
    """
    points: dict[LotDates, int] = defaultdict(int)
    for side in sides:
        for dates, used in side.uses.items():
            points[dates] -= used
    had_paid = {dates for dates, _points in paid}
    back = [
        dates for dates in points if points[dates] > 0 and (dates in had_paid or dates.expires_on < today)
    ]
    return [
        (dates, points[dates]) for dates in sorted(back, key=lambda dates: (dates not in had_paid, dates))
    ]


def _forget_returns(giving: Side, handover: Handover, other_lot: LotDates) -> None:
    """Give back what the returns took, so that the lots are as if they had never been posted here."""
    for dates, points in sorted(handover.uses):
        giving.get(dates, points)
    giving.get(other_lot, giving.be_relieved(handover.owed))


def _hand_over(giving: Side, getting: Side, handover: Handover) -> None:
    """Let what purchases earned go, and the other account do what their returns did."""
    giving.owe(sum(giving.give(dates, points) for dates, points in sorted(handover.earned)))
    for dates, points in sorted(handover.earned):
        for days, some in giving.gave(dates, points, given=1, arriving=1):
            getting.get(days, some)
    missing = sum(getting.give(dates, points) for dates, points in sorted(handover.returned))
    getting.owe(missing + handover.returned_of_no_lot)


def _reverse(
    side: Side,
    entry: Corrected,
    other_lot: LotDates,
    first: Sequence[tuple[LotDates, int]] = (),
    paid_by: tuple[Side, Corrected] | None = None,
) -> None:
    """Do the opposite of an entry: take what it gave, give what it took, and the same with points owed.

    What is owed again is paid from the lots that come `first`, then from others. What whoever pays found
    reinstated arrives so.
    """
    owing = max(0, -entry.owed_change)
    for dates, points in sorted(entry.uses):
        if points < 0:
            owing += side.give(dates, -points)
    _give_back_what_was_repaid(side, side.be_relieved(max(0, entry.owed_change)), entry, other_lot)
    for dates, points in sorted(entry.uses):
        if points > 0:
            for days, some in _arriving(dates, points, entry, paid_by):
                side.get(days, some)
    side.owe(side.pay(owing, first))


def _arriving(
    dates: LotDates, points: int, entry: Corrected, paid_by: tuple[Side, Corrected] | None
) -> Iterable[tuple[LotDates, int]]:
    if paid_by is None or paid_by[1].points <= 0:
        return [(dates, points)]
    return paid_by[0].gave(dates, points, given=paid_by[1].points, arriving=-entry.points)


def _give_back_what_was_repaid(side: Side, points: int, entry: Corrected, other_lot: LotDates) -> None:
    """Give points back to the lots whose credits repaid a debt that is no longer one, the newest first."""
    for dates, repaid in entry.repaid_lots:
        given = min(points, repaid)
        if given:
            side.get(dates, given)
            points -= given
    side.get(other_lot, points)
