"""The lock under which points move.

Every movement holds the row locks of its accounts, taken in id order so that two batches never wait for each
other in a circle. FOR NO KEY UPDATE suffices: it excludes every other movement and lets rows that only name
the account be written beside it.
"""

from collections.abc import Iterable

from django.db import transaction

from core.bulk import bulk_cursor

LOCK_STATEMENT = (
    "SELECT id, owed_points FROM loyalty_pointaccount WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE"
)


def lock_accounts(account_ids: Iterable[int]) -> dict[int, int]:
    """Lock the accounts until the transaction ends; return the points each one owes, by account id."""
    if not transaction.get_connection().in_atomic_block:
        message = "Accounts are locked in the transaction that moves their points."
        raise RuntimeError(message)
    wanted = sorted(set(account_ids))
    with bulk_cursor(keeps_plans=True) as cursor:
        cursor.execute(LOCK_STATEMENT, [wanted])
        owed = dict(cursor.fetchall())
    if len(owed) != len(wanted):
        message = f"{len(wanted) - len(owed)} of the accounts do not exist."
        raise LookupError(message)
    return owed
