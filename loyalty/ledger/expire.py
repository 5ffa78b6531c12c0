"""The expiry of all that is over, posted in sets: what ends is what the lots hold, so nothing is planned."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.bulk import bulk_cursor
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.statement import EXPIRE_STATEMENT


class Ended(NamedTuple):
    """How many accounts had points that were over, in how many lots, and how many points."""

    accounts: int
    lots: int
    points: int


def post_expiries(account_ids: Iterable[int], *, today: date, zone: ZoneInfo, at: datetime) -> Ended:
    """Lock the accounts and end the points of each of their lots whose last day is before `today`.

    It writes what `post_batch` would for an EXPIRY of each account. A repeat finds nothing to end.
    """
    locked = lock_accounts(account_ids)
    if not locked:
        return Ended(0, 0, 0)
    with bulk_cursor(keeps_plans=True) as cursor:
        cursor.execute(
            EXPIRE_STATEMENT, {"accounts": list(locked), "today": today, "zone": zone.key, "at": at}
        )
        ((accounts, lots, points, entries, uses),) = cursor.fetchall()
    if (entries, uses) != (lots, lots):
        message = f"The ledger wrote {entries} entries and {uses} uses for {lots} lots that were over."
        raise RuntimeError(message)
    return Ended(accounts, lots, points)
