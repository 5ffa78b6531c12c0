"""The accounts and lots as a plan sees them, and the entries that it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from loyalty.ledger.movements import LotDates
from loyalty.models import EntryKind


@dataclass(slots=True)
class LotState:
    """A lot as the plan sees it. `lot_id` is None when the plan did not load it: it may exist or not.

    `last_expiry_id` is the latest entry that ended points of the lot; a lot is named when it is written even
    without a change, because an entry names it. The changes are what the plan adds to each column.
    """

    lot_id: int | None = None
    remaining: int = 0
    expired: int = 0
    last_expiry_id: int | None = None
    is_named: bool = False
    granted_change: int = 0
    spent_change: int = 0
    expired_change: int = 0
    taken_back_change: int = 0
    moved_change: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether the lot is to be written."""
        changes = (
            self.granted_change,
            self.spent_change,
            self.expired_change,
            self.taken_back_change,
            self.moved_change,
        )
        return self.is_named or any(changes)


@dataclass(slots=True)
class AccountState:
    """An account under its lock: what it owes and those of its lots that the batch can touch.

    `reinstated` tells into which lots expired points of a lot were reinstated, and how many of them are still
    to be found there, where a lot that is over is looked into.
    """

    account_id: int
    owed: int
    lots: dict[LotDates, LotState] = field(default_factory=dict)
    reinstated: dict[LotDates, dict[LotDates, int]] = field(default_factory=dict)


class PlannedEntry(NamedTuple):
    """An entry to write, with what it takes from lots (below zero: gives back)."""

    account_id: int
    kind: EntryKind
    points: int
    owed_change: int
    occurred_at: datetime
    lot: LotDates | None = None
    purchase_id: int | None = None
    corrects_id: int | None = None
    transfer_id: int | None = None
    uses: tuple[tuple[LotDates, int], ...] = ()


class Corrected(NamedTuple):
    """An entry of before that a movement undoes, with what it took from lots.

    `repaid_lots` are the lots of the credits that repaid points owed since then, the newest first: whoever
    takes back a debt that is repaid by now gives their points back to them.
    """

    entry_id: int
    points: int
    owed_change: int
    uses: Sequence[tuple[LotDates, int]]
    repaid_lots: Sequence[tuple[LotDates, int]] = ()


def live_lots(account: AccountState, today: date) -> list[LotDates]:
    """Return the lots with points that are not over, in the order in which debits take from them."""
    return sorted(dates for dates, lot in account.lots.items() if dates.expires_on >= today and lot.remaining)


def waiting_last(account: AccountState, today: date) -> list[LotDates]:
    """Return the live lots: those that can be spent before those that wait."""
    return sorted(live_lots(account, today), key=lambda dates: dates.available_on > today)


def waiting_first(account: AccountState, today: date) -> list[LotDates]:
    """Return the live lots: those that wait before those that can be spent."""
    return sorted(live_lots(account, today), key=lambda dates: dates.available_on <= today)


def take(account: AccountState, sources: Sequence[LotDates], wanted: int) -> list[tuple[LotDates, int]]:
    """Take `wanted` points, or all there are, from the lots in their order; return what came from each."""
    uses: list[tuple[LotDates, int]] = []
    for dates in sources:
        lot = account.lots[dates]
        taken = min(lot.remaining, wanted)
        if taken:
            lot.remaining -= taken
            wanted -= taken
            uses.append((dates, taken))
    return uses
