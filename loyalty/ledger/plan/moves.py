"""Points that move from one account to another with the days of their lots, and moves that are undone.

What is undone restores both sides: whoever had given gets back what they gave, in their own lots, and whoever
had got gives back what they got. What is gone meanwhile they pay from other lots, and owe at last.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Move, MoveBack, Part, part_of
from loyalty.ledger.plan.debits import revive
from loyalty.ledger.plan.endings import expire
from loyalty.ledger.plan.state import (
    AccountState,
    Corrected,
    LotState,
    PlannedEntry,
    live_lots,
    take,
    waiting_last,
)
from loyalty.models import EntryKind


class _Side:
    """One account of a transfer: what its entry takes from lots, and by how much the points owed change."""

    def __init__(self, account: AccountState, *, today: date, occurred_at: datetime) -> None:
        self.account = account
        self.today = today
        self.occurred_at = occurred_at
        self.owed_change = 0
        self.before: list[PlannedEntry] = []
        self._uses: dict[LotDates, int] = {}

    def give(self, dates: LotDates, points: int) -> int:
        """Take points from their own lot, be they expired; return how many are missing."""
        self.before += revive(self.account, dates, wanted=points, occurred_at=self.occurred_at)
        sources = [dates] if dates in self.account.lots else []
        return points - self._use(take(self.account, sources, points))

    def get(self, dates: LotDates, points: int) -> None:
        """Put points into a lot; those that are not over repay points owed first."""
        if dates.expires_on >= self.today:
            points = self.be_relieved(points)
        if points:
            self.account.lots.setdefault(dates, LotState()).remaining += points
            self._use([(dates, -points)])

    def owe(self, points: int) -> None:
        """Pay points from all lots that are not over, those that wait last; what is missing is owed."""
        missing = points - self._use(take(self.account, waiting_last(self.account, self.today), points))
        self.account.owed += missing
        self.owed_change += missing

    def be_relieved(self, points: int) -> int:
        """Owe so many points less; return how many more that is than are owed."""
        relieved = min(self.account.owed, points)
        self.account.owed -= relieved
        self.owed_change -= relieved
        return points - relieved

    def entry(self, kind: EntryKind, *, transfer_id: int, corrects_id: int | None = None) -> PlannedEntry:
        """Return the entry of all this."""
        uses = tuple((dates, points) for dates, points in self._uses.items() if points)
        return PlannedEntry(
            account_id=self.account.account_id,
            kind=kind,
            points=-sum(points for _dates, points in uses) - self.owed_change,
            owed_change=self.owed_change,
            occurred_at=self.occurred_at,
            corrects_id=corrects_id,
            transfer_id=transfer_id,
            uses=uses,
        )

    def _use(self, uses: Sequence[tuple[LotDates, int]]) -> int:
        for dates, points in uses:
            self._uses[dates] = self._uses.get(dates, 0) + points
            lot = self.account.lots[dates]
            lot.moved_change += points
            lot.is_named = True
        return sum(points for _dates, points in uses)


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
    giving = _Side(source, today=today, occurred_at=movement.occurred_at)
    _let_leave(giving, parts, may_owe=movement.may_owe)
    giving.be_relieved(leaving_owed)
    getting = _Side(target, today=today, occurred_at=movement.occurred_at)
    for part in sorted(parts, key=lambda part: part.arrives):
        getting.get(part.arrives, part.arriving_points)
    getting.owe(arriving_owed)
    entries += giving.before
    entries.append(giving.entry(EntryKind.MOVED_OUT, transfer_id=movement.transfer_id))
    entries.append(getting.entry(EntryKind.MOVED_IN, transfer_id=movement.transfer_id))
    return entries + expire(target, today, zone, only={part.arrives for part in parts})


def _let_leave(giving: _Side, parts: Sequence[Part], *, may_owe: bool) -> None:
    missing = 0
    for part in parts:
        held = giving.account.lots.get(part.leaves, LotState()).remaining
        if held < part.leaving_points and not may_owe:
            raise InsufficientPoints(available_points=held, needed_points=part.leaving_points)
        missing += giving.give(part.leaves, part.leaving_points)
    giving.owe(missing)


def move_back(
    payer: AccountState,
    owner: AccountState,
    movement: MoveBack,
    undone: Mapping[int, Corrected],
    *,
    today: date,
    zone: ZoneInfo,
) -> list[PlannedEntry]:
    """Return the entries that undo a move: `undone` holds its entry in each account, if it had any."""
    entries: list[PlannedEntry] = []
    for account, kind in ((payer, EntryKind.MOVE_UNDONE_OUT), (owner, EntryKind.MOVE_UNDONE_IN)):
        entry = undone.get(account.account_id)
        if entry is None:
            continue
        side = _Side(account, today=today, occurred_at=movement.occurred_at)
        _reverse(side, entry, movement.lot)
        entries += side.before
        entries.append(side.entry(kind, transfer_id=movement.transfer_id, corrects_id=entry.entry_id))
        entries += expire(account, today, zone, only={dates for dates, _points in entry.uses})
    return entries


def _reverse(side: _Side, entry: Corrected, other_lot: LotDates) -> None:
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


def _give_back_what_was_repaid(side: _Side, points: int, entry: Corrected, other_lot: LotDates) -> None:
    """Give points back to the lots whose credits repaid a debt that is no longer one, the newest first."""
    for dates, repaid in entry.repaid_lots:
        given = min(points, repaid)
        if given:
            side.get(dates, given)
            points -= given
    side.get(other_lot, points)
