"""The one way in: every movement of points that has to be planned passes `post_batch`.

What needs no plan, credits of purchases and expiries, is posted in sets by `credit` and `expire`, and a usual
purchase at the till by `loyalty.purchases.at_once`; their statements stand beside this one's in `statement`.
Nothing else in the program writes accounts' balances, lots, entries or uses of lots.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from core.bulk import bulk_cursor
from loyalty.ledger.load import load_before, load_lots
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import AnyMovement
from loyalty.ledger.plan.batch import plan_batch
from loyalty.ledger.plan.state import AccountState, PlannedEntry
from loyalty.ledger.statement import POST_STATEMENT


@transaction.atomic
def post_batch(movements: Sequence[AnyMovement], *, zone: ZoneInfo, at: datetime) -> list[int]:
    """Post the movements in the order given, all or none, and return the ids of the entries written.

    `at` is the instant of posting; its day in `zone` decides which lots are available and which are over. A
    repeat is refused by the ledger's unique constraints (one entry a purchase and kind, one cancellation an
    order, one undoing a transfer). Raises InsufficientPoints when an order or a move is not covered; then
    nothing is written.
    """
    if not movements:
        return []
    owed = lock_accounts(account_id for movement in movements for account_id in movement.account_ids)
    accounts = {account_id: AccountState(account_id, points) for account_id, points in owed.items()}
    before = load_before(movements)
    today = at.astimezone(zone).date()
    load_lots(movements, accounts, before, today=today)
    entries = plan_batch(
        movements,
        accounts,
        today=today,
        zone=zone,
        corrected=before.corrected,
        undone=before.undone,
    )
    return _write(entries, accounts, at)


def _write(entries: Sequence[PlannedEntry], accounts: dict[int, AccountState], at: datetime) -> list[int]:
    if not entries:
        return []
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('loyalty_entry', 'id')) FROM generate_series(1, %s)",
            [len(entries)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(POST_STATEMENT, _parameters(entries, accounts, ids, at))
        written = cursor.fetchone()
    if written != (len(entries), sum(len(entry.uses) for entry in entries)):
        message = f"The ledger wrote {written} rows instead of {len(entries)} entries and their uses."
        raise RuntimeError(message)
    return ids


def _parameters(
    entries: Sequence[PlannedEntry], accounts: dict[int, AccountState], ids: Sequence[int], at: datetime
) -> dict[str, Any]:
    """Return the columns of the statement's arrays; the rows of an array belong together by position."""
    changed = [
        (state.account_id, dates, lot)
        for state in accounts.values()
        for dates, lot in state.lots.items()
        if lot.is_changed
    ]
    known = [lot for _, _, lot in changed if lot.lot_id is not None]
    opened = [(account_id, dates, lot) for account_id, dates, lot in changed if lot.lot_id is None]
    uses = [
        (entry_id, entry.account_id, dates, points)
        for entry_id, entry in zip(ids, entries, strict=True)
        for dates, points in entry.uses
    ]
    return {
        "at": at,
        "known_id": [lot.lot_id for lot in known],
        "known_granted": [lot.granted_change for lot in known],
        "known_spent": [lot.spent_change for lot in known],
        "known_expired": [lot.expired_change for lot in known],
        "known_taken_back": [lot.taken_back_change for lot in known],
        "known_moved": [lot.moved_change for lot in known],
        "opened_account": [account_id for account_id, _, _ in opened],
        "opened_expires": [dates.expires_on for _, dates, _ in opened],
        "opened_available": [dates.available_on for _, dates, _ in opened],
        "opened_granted": [lot.granted_change for _, _, lot in opened],
        "opened_spent": [lot.spent_change for _, _, lot in opened],
        "opened_expired": [lot.expired_change for _, _, lot in opened],
        "opened_taken_back": [lot.taken_back_change for _, _, lot in opened],
        "opened_moved": [lot.moved_change for _, _, lot in opened],
        "entry_id": list(ids),
        "entry_account": [entry.account_id for entry in entries],
        "entry_kind": [int(entry.kind) for entry in entries],
        "entry_points": [entry.points for entry in entries],
        "entry_owed": [entry.owed_change for entry in entries],
        "entry_expires": [entry.lot.expires_on if entry.lot else None for entry in entries],
        "entry_available": [entry.lot.available_on if entry.lot else None for entry in entries],
        "entry_purchase": [entry.purchase_id for entry in entries],
        "entry_corrects": [entry.corrects_id for entry in entries],
        "entry_transfer": [entry.transfer_id for entry in entries],
        "entry_occurred": [entry.occurred_at for entry in entries],
        "use_entry": [entry_id for entry_id, _, _, _ in uses],
        "use_account": [account_id for _, account_id, _, _ in uses],
        "use_expires": [dates.expires_on for _, _, dates, _ in uses],
        "use_available": [dates.available_on for _, _, dates, _ in uses],
        "use_points": [points for _, _, _, points in uses],
    }
