"""Points that move from one account to another with the days of their lots."""

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Move, Part, part_of
from loyalty.ledger.plan.endings import expire
from loyalty.ledger.plan.sides import Side
from loyalty.ledger.plan.state import AccountState, LotState, PlannedEntry, live_lots
from loyalty.models import EntryKind


def move(
    source: AccountState, target: AccountState, movement: Move, *, today: date, zone: ZoneInfo
) -> list[PlannedEntry]:
    """Return the entries of a move, none when there is nothing to move.

    Raises InsufficientPoints when a lot does not hold what is to leave it and the source must not owe.
    """
    entries = expire(source, today, zone) if movement.parts is None else []
    if movement.parts is None:
        parts = [part_of(dates, source.lots[dates].remaining) for dates in live_lots(source, today)]
        leaving_owed = arriving_owed = source.owed
    else:
        parts = list(movement.parts)
        leaving_owed, arriving_owed = movement.leaving_owed, movement.arriving_owed
    if not parts and not leaving_owed:
        return entries
    if leaving_owed > source.owed:
        message = f"{leaving_owed} points owed do not leave an account that owes {source.owed}."
        raise ValueError(message)
    giving = Side(source, today=today, occurred_at=movement.occurred_at)
    _let_leave(giving, parts, may_owe=movement.may_owe)
    giving.be_relieved(leaving_owed)
    getting = Side(target, today=today, occurred_at=movement.occurred_at)
    arrived = sorted(pair for part in parts for pair in _arriving(giving, part))
    for dates, points in arrived:
        getting.get(dates, points)
    getting.owe(getting.pay(arriving_owed, movement.paid_from))
    entries += [*giving.before, *getting.before]
    entries.append(giving.entry(EntryKind.MOVED_OUT, transfer_id=movement.transfer_id))
    entries.append(getting.entry(EntryKind.MOVED_IN, transfer_id=movement.transfer_id))
    return entries + expire(target, today, zone, only={dates for dates, _points in arrived})


def _arriving(giving: Side, part: Part) -> Iterator[tuple[LotDates, int]]:
    if part.leaves != part.arrives:
        return iter([(part.arrives, part.arriving_points)])
    return giving.gave(
        part.leaves, part.arriving_points, given=part.leaving_points, arriving=part.arriving_points
    )


def _let_leave(giving: Side, parts: Sequence[Part], *, may_owe: bool) -> None:
    missing = 0
    for part in parts:
        held = giving.account.lots.get(part.leaves, LotState()).remaining
        if held < part.leaving_points and not may_owe:
            raise InsufficientPoints(available_points=held, needed_points=part.leaving_points)
        missing += giving.give(part.leaves, part.leaving_points)
    giving.owe(missing)
