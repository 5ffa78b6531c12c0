"""What a batch of movements does to its accounts, worked out without a database.

Debits take from the lot that expires first, then from the one available first. A return takes from its own
purchase's lot before any other, so that buying and returning never makes older points live longer; what is
not there becomes points owed, which the next credits repay. Nothing is clamped and nothing is dropped.

A lot whose last day is over serves no order and covers no debt, whether the expiry job has run or not. Only
the return of its own purchase may still take from it, and undoes its expiry as far as needed: the order in
which an expiry and a late return are posted does not change the balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Movement
from loyalty.models import EntryKind

CREDITS = frozenset({EntryKind.PURCHASE, EntryKind.VERIFIED_EMAIL})


@dataclass(slots=True)
class LotState:
    """A lot as the plan sees it. `lot_id` is None when the plan did not load it: it may exist or not.

    `last_expiry_id` is the latest entry that ended points of the lot; a lot is named when a credit of the
    plan names it. The changes are what the plan adds to each column.
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

    @property
    def is_changed(self) -> bool:
        """Whether the lot is to be written."""
        changes = (self.granted_change, self.spent_change, self.expired_change, self.taken_back_change)
        return self.is_named or any(changes)


@dataclass(slots=True)
class AccountState:
    """An account under its lock: what it owes and those of its lots that the batch can touch."""

    account_id: int
    owed: int
    lots: dict[LotDates, LotState] = field(default_factory=dict)


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
    uses: tuple[tuple[LotDates, int], ...] = ()


def plan_batch(
    movements: Sequence[Movement],
    accounts: dict[int, AccountState],
    *,
    today: date,
    zone: ZoneInfo,
    uses_of: dict[int, list[tuple[LotDates, int]]],
) -> list[PlannedEntry]:
    """Return the entries that the movements make, in order, and record the changes in the accounts' lots.

    `uses_of` holds, for each corrected entry, the points it took from each lot. Raises InsufficientPoints
    when an order is not covered by lots available today; the caller then writes nothing of the batch.
    """
    entries: list[PlannedEntry] = []
    for movement in movements:
        account = accounts[movement.account_id]
        if movement.kind in CREDITS:
            entries.append(_credit(account, movement, today))
        elif movement.kind is EntryKind.RETURN:
            entries.extend(_take_back(account, movement, today))
        elif movement.kind is EntryKind.ORDER:
            entries.append(_spend(account, movement, today))
        elif movement.kind is EntryKind.ORDER_CANCELLED:
            entries.append(_give_back(account, movement, uses_of, today))
            entries.extend(_expire(account, today, zone))
        elif movement.kind is EntryKind.EXPIRY:
            entries.extend(_expire(account, today, zone))
        elif movement.kind is EntryKind.GIVEN_UP:
            entries.extend(_expire(account, today, zone))
            entries.extend(_give_up(account, movement, today))
        else:
            message = f"A movement of kind {movement.kind} is never posted by itself."
            raise ValueError(message)
    return entries


def _credit(account: AccountState, movement: Movement, today: date) -> PlannedEntry:
    if movement.lot is None:
        message = "A credit names the lot that it grows."
        raise ValueError(message)
    # A purchase that waited until its points were over repays nothing, as if they had expired in time.
    repaid = min(account.owed, movement.points) if movement.lot.expires_on >= today else 0
    granted = movement.points - repaid
    account.owed -= repaid
    if movement.points:
        lot = account.lots.setdefault(movement.lot, LotState())
        lot.is_named = True
        lot.granted_change += granted
        lot.remaining += granted
    return PlannedEntry(
        account_id=movement.account_id,
        kind=movement.kind,
        points=movement.points,
        owed_change=-repaid,
        occurred_at=movement.occurred_at,
        lot=movement.lot if movement.points else None,
        purchase_id=movement.purchase_id,
    )


def _spend(account: AccountState, movement: Movement, today: date) -> PlannedEntry:
    spendable = [dates for dates in _live_lots(account, today) if dates.available_on <= today]
    available = sum(account.lots[dates].remaining for dates in spendable)
    needed = -movement.points
    if available < needed:
        raise InsufficientPoints(available_points=available, needed_points=needed)
    uses = _take(account, spendable, needed)
    for dates, points in uses:
        account.lots[dates].spent_change += points
    return PlannedEntry(
        account_id=movement.account_id,
        kind=movement.kind,
        points=movement.points,
        owed_change=0,
        occurred_at=movement.occurred_at,
        uses=tuple(uses),
    )


def _take_back(account: AccountState, movement: Movement, today: date) -> list[PlannedEntry]:
    entries: list[PlannedEntry] = []
    wanted = -movement.points
    sources = _live_lots(account, today)
    own = account.lots.get(movement.lot) if movement.lot else None
    if own is not None and movement.lot is not None:
        sources = [movement.lot, *(dates for dates in sources if dates != movement.lot)]
        missing = min(own.expired, max(0, wanted - own.remaining))
        if missing:
            entries.append(_revive(own, movement.lot, missing, movement))
    covered = min(wanted, sum(account.lots[dates].remaining for dates in sources))
    uses = _take(account, sources, covered)
    for dates, points in uses:
        account.lots[dates].taken_back_change += points
    account.owed += wanted - covered
    entries.append(
        PlannedEntry(
            account_id=movement.account_id,
            kind=movement.kind,
            points=movement.points,
            owed_change=wanted - covered,
            occurred_at=movement.occurred_at,
            purchase_id=movement.purchase_id,
            uses=tuple(uses),
        )
    )
    return entries


def _revive(own: LotState, dates: LotDates, points: int, movement: Movement) -> PlannedEntry:
    """Undo the expiry of so many points of the lot, for the return that takes them back."""
    if own.last_expiry_id is None:
        message = "Points that expire in this batch are taken back in the next."
        raise ValueError(message)
    own.expired -= points
    own.expired_change -= points
    own.remaining += points
    return PlannedEntry(
        account_id=movement.account_id,
        kind=EntryKind.EXPIRY_REVERSED,
        points=points,
        owed_change=0,
        occurred_at=movement.occurred_at,
        purchase_id=movement.purchase_id,
        corrects_id=own.last_expiry_id,
        uses=((dates, -points),),
    )


def _give_back(
    account: AccountState, movement: Movement, uses_of: dict[int, list[tuple[LotDates, int]]], today: date
) -> PlannedEntry:
    if movement.corrects_id is None:
        message = "A cancellation names the entry that it corrects."
        raise ValueError(message)
    given_back: list[tuple[LotDates, int]] = []
    repaid = 0
    for dates, points in sorted(uses_of[movement.corrects_id]):
        withheld = min(account.owed, points) if dates.expires_on >= today else 0
        account.owed -= withheld
        repaid += withheld
        if points > withheld:
            lot = account.lots[dates]
            lot.spent_change -= points - withheld
            lot.remaining += points - withheld
            given_back.append((dates, withheld - points))
    return PlannedEntry(
        account_id=movement.account_id,
        kind=movement.kind,
        points=movement.points,
        owed_change=-repaid,
        occurred_at=movement.occurred_at,
        corrects_id=movement.corrects_id,
        uses=tuple(given_back),
    )


def _expire(account: AccountState, today: date, zone: ZoneInfo) -> list[PlannedEntry]:
    entries: list[PlannedEntry] = []
    over = [dates for dates, lot in account.lots.items() if dates.expires_on < today and lot.remaining]
    for dates in sorted(over):
        lot = account.lots[dates]
        expired = lot.remaining
        lot.expired_change += expired
        lot.expired += expired
        lot.remaining = 0
        entries.append(
            PlannedEntry(
                account_id=account.account_id,
                kind=EntryKind.EXPIRY,
                points=-expired,
                owed_change=0,
                occurred_at=datetime.combine(dates.expires_on + timedelta(days=1), time.min, zone),
                uses=((dates, expired),),
            )
        )
    return entries


def _give_up(account: AccountState, movement: Movement, today: date) -> list[PlannedEntry]:
    """End all points that are left, as if their last day were over. Points owed stay owed."""
    sources = _live_lots(account, today)
    given_up = sum(account.lots[dates].remaining for dates in sources)
    if not given_up:
        return []
    uses = _take(account, sources, given_up)
    for dates, points in uses:
        account.lots[dates].expired_change += points
        account.lots[dates].expired += points
    return [
        PlannedEntry(
            account_id=movement.account_id,
            kind=EntryKind.GIVEN_UP,
            points=-given_up,
            owed_change=0,
            occurred_at=movement.occurred_at,
            uses=tuple(uses),
        )
    ]


def _live_lots(account: AccountState, today: date) -> list[LotDates]:
    return sorted(dates for dates, lot in account.lots.items() if dates.expires_on >= today and lot.remaining)


def _take(account: AccountState, sources: Sequence[LotDates], wanted: int) -> list[tuple[LotDates, int]]:
    """Take exactly `wanted` points from the lots in the order given; they hold at least that many."""
    uses: list[tuple[LotDates, int]] = []
    for dates in sources:
        lot = account.lots[dates]
        taken = min(lot.remaining, wanted)
        if taken:
            lot.remaining -= taken
            wanted -= taken
            uses.append((dates, taken))
    return uses
