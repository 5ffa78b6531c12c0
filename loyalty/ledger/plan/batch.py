"""Which operation makes the entries of each kind of movement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from loyalty.ledger.movements import AnyMovement, LotDates, Move, Movement
from loyalty.ledger.plan.credits import credit, give_back, reinstate
from loyalty.ledger.plan.debits import spend, take_back
from loyalty.ledger.plan.endings import expire, give_up
from loyalty.ledger.plan.moves import move
from loyalty.ledger.plan.returns import move_back
from loyalty.ledger.plan.state import AccountState, Corrected, PlannedEntry
from loyalty.models import EntryKind

CREDITS = frozenset({EntryKind.PURCHASE, EntryKind.VERIFIED_EMAIL, EntryKind.GOODWILL})
"""The kinds that only grow the lot they name: nothing of their account has to be loaded."""


def plan_batch(
    movements: Sequence[AnyMovement],
    accounts: dict[int, AccountState],
    *,
    today: date,
    zone: ZoneInfo,
    corrected: Mapping[int, Corrected],
    undone: Mapping[int, Mapping[int, Corrected]],
) -> list[PlannedEntry]:
    """Return the entries that the movements make, in order, and record the changes in the accounts' lots.

    `corrected` holds each entry that a movement names; `undone`, for each transfer to be undone, its entry in
    each account. What moves that are undone give back expires after all of them, where it is over. Raises
    InsufficientPoints when an order, or a move that must leave no debt, is not covered: the caller then
    writes nothing of the batch.
    """
    entries: list[PlannedEntry] = []
    returned: dict[int, set[LotDates]] = defaultdict(set)
    for movement in movements:
        account = accounts[movement.account_id]
        if isinstance(movement, Movement):
            if movement.kind in CREDITS:
                entries.append(credit(account, movement, today))
            else:
                entries += _plan_movement(account, movement, corrected, today, zone)
        elif isinstance(movement, Move):
            entries += move(account, accounts[movement.target_id], movement, today=today, zone=zone)
        else:
            back = move_back(account, accounts[movement.target_id], movement, undone, today=today)
            for entry in back:
                returned[entry.account_id] |= {dates for dates, _points in entry.uses}
            entries += back
    for account_id, lots in returned.items():
        entries += expire(accounts[account_id], today, zone, only=lots)
    return entries


def _plan_movement(
    account: AccountState,
    movement: Movement,
    corrected: Mapping[int, Corrected],
    today: date,
    zone: ZoneInfo,
) -> list[PlannedEntry]:
    match movement.kind:
        case EntryKind.RETURN:
            entries = take_back(account, movement, today)
        case EntryKind.ORDER:
            entries = [spend(account, movement, today)]
        case EntryKind.ORDER_CANCELLED:
            entries = [give_back(account, movement, corrected, today), *expire(account, today, zone)]
        case EntryKind.EXPIRY:
            entries = expire(account, today, zone)
        case EntryKind.GIVEN_UP:
            entries = [*expire(account, today, zone), *give_up(account, movement, today)]
        case EntryKind.ADJUSTMENT if movement.points:
            entries = _adjust(account, movement, corrected, today)
        case EntryKind.REINSTATED:
            entries = [reinstate(account, movement, corrected, today)]
        case _:
            message = f"Of kind {movement.kind}, {movement.points} points are never posted by themselves."
            raise ValueError(message)
    return entries


def _adjust(
    account: AccountState, movement: Movement, corrected: Mapping[int, Corrected], today: date
) -> list[PlannedEntry]:
    """Add or take points; an adjustment that undoes an entry takes exactly its points back."""
    undone = corrected[movement.corrects_id].points if movement.corrects_id else -movement.points
    if undone != -movement.points:
        message = f"An adjustment of {movement.points} points does not undo an entry of {undone}."
        raise ValueError(message)
    if movement.points > 0:
        return [credit(account, movement, today)]
    return take_back(account, movement, today)
