"""Points that end: those whose last day is over, or all of them when they are given up."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.plan.state import AccountState, PlannedEntry, live_lots, take
from loyalty.models import EntryKind


def expire(
    account: AccountState, today: date, zone: ZoneInfo, *, only: Collection[LotDates] | None = None
) -> list[PlannedEntry]:
    """End the points of each lot that is over, or of those among the lots given."""
    entries: list[PlannedEntry] = []
    over = [dates for dates, lot in account.lots.items() if dates.expires_on < today and lot.remaining]
    for dates in sorted(over):
        if only is not None and dates not in only:
            continue
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


def give_up(account: AccountState, movement: Movement, today: date) -> list[PlannedEntry]:
    """End all points that are left, as if their last day were over. Points owed stay owed."""
    sources = live_lots(account, today)
    given_up = sum(account.lots[dates].remaining for dates in sources)
    if not given_up:
        return []
    uses = take(account, sources, given_up)
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
