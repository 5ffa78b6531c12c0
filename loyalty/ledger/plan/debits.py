"""Points that go: spent on an order, taken back by a return, or taken by staff."""

from datetime import date, datetime

from loyalty.errors import InsufficientPoints
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.plan.state import (
    AccountState,
    LotState,
    PlannedEntry,
    live_lots,
    take,
    waiting_first,
    waiting_last,
)
from loyalty.models import EntryKind


def spend(account: AccountState, movement: Movement, today: date) -> PlannedEntry:
    """Take the points of an order from what can be spent today, or raise InsufficientPoints."""
    spendable = [dates for dates in live_lots(account, today) if dates.available_on <= today]
    available = sum(account.lots[dates].remaining for dates in spendable)
    needed = -movement.points
    if available < needed:
        raise InsufficientPoints(available_points=available, needed_points=needed)
    uses = take(account, spendable, needed)
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


def take_back(account: AccountState, movement: Movement, today: date) -> list[PlannedEntry]:
    """Take points back: from the lot named first, then from the others; what is missing is owed.

    A return goes on with points that wait, an adjustment ends with them.
    """
    entries: list[PlannedEntry] = []
    uses: dict[LotDates, int] = {}
    wanted = -movement.points
    if movement.lot is not None:
        entries, uses = take_own(account, movement.lot, wanted, occurred_at=movement.occurred_at)
        # One undone expiry names the purchase; others stand before the same return.
        entries[:1] = [entry._replace(purchase_id=movement.purchase_id) for entry in entries[:1]]
    is_return = movement.kind is EntryKind.RETURN
    sources = waiting_first(account, today) if is_return else waiting_last(account, today)
    for dates, points in take(account, sources, wanted - sum(uses.values())):
        uses[dates] = uses.get(dates, 0) + points
    for dates, points in uses.items():
        account.lots[dates].taken_back_change += points
    missing = wanted - sum(uses.values())
    account.owed += missing
    entries.append(
        PlannedEntry(
            account_id=movement.account_id,
            kind=movement.kind,
            points=movement.points,
            owed_change=missing,
            occurred_at=movement.occurred_at,
            purchase_id=movement.purchase_id,
            corrects_id=movement.corrects_id,
            uses=tuple(uses.items()),
        )
    )
    return entries


def take_own(
    account: AccountState, dates: LotDates, wanted: int, *, occurred_at: datetime
) -> tuple[list[PlannedEntry], dict[LotDates, int]]:
    """Take points from their own lot, be they expired, then from those in which they were reinstated.

    Returns the expiries undone for it, and what came from each lot: perhaps less than is wanted.
    """
    entries = revive(account, dates, wanted=wanted, occurred_at=occurred_at)
    uses = dict(take(account, [dates] if dates in account.lots else [], wanted))
    reinstated = account.reinstated.get(dates, {})
    for later in sorted(reinstated):
        missing = min(wanted - sum(uses.values()), reinstated[later])
        undone, found = take_own(account, later, missing, occurred_at=occurred_at)
        entries += undone
        for lot, points in found.items():
            uses[lot] = uses.get(lot, 0) + points
            reinstated[later] -= points
    return entries, uses


def revive(
    account: AccountState,
    dates: LotDates,
    *,
    wanted: int,
    occurred_at: datetime,
) -> list[PlannedEntry]:
    """Undo the expiry of as many points of a lot as are wanted and no longer there, if it had so many."""
    own = account.lots.get(dates, _NONE)
    missing = min(own.expired, max(0, wanted - own.remaining))
    if not missing:
        return []
    if own.last_expiry_id is None:
        message = "Points that expire in this batch are taken back in the next."
        raise ValueError(message)
    own.expired -= missing
    own.expired_change -= missing
    own.remaining += missing
    return [
        PlannedEntry(
            account_id=account.account_id,
            kind=EntryKind.EXPIRY_REVERSED,
            points=missing,
            owed_change=0,
            occurred_at=occurred_at,
            corrects_id=own.last_expiry_id,
            uses=((dates, -missing),),
        )
    ]


_NONE = LotState()
"""A lot that is not there: nothing remains in it and nothing expired."""
