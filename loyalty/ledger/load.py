"""What the plan of a batch needs to see of its accounts, read under their locks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

import psycopg

from core.bulk import bulk_cursor
from loyalty.ledger.movements import AnyMovement, LotDates, MoveBack, Movement
from loyalty.ledger.plan.batch import CREDITS
from loyalty.ledger.plan.state import AccountState, Corrected, LotState
from loyalty.ledger.reinstated import Steps, reinstated_in
from loyalty.models import EntryKind

REPAID_SINCE = """
WITH repaying AS (
    SELECT id, kind, lot_id, corrects_id, -owed_change_points AS points
    FROM loyalty_entry WHERE account_id = %s AND id > %s AND owed_change_points < 0)
SELECT l.expires_on, l.available_on, r.points
FROM (SELECT id, lot_id, points FROM repaying WHERE lot_id IS NOT NULL
      UNION ALL
      SELECT c.id, u.lot_id, sum(u.points)::bigint
      FROM repaying c JOIN loyalty_lotuse u ON u.entry_id IN (c.id, c.corrects_id)
      WHERE c.kind = %s GROUP BY c.id, u.lot_id HAVING sum(u.points) > 0) r
JOIN loyalty_lot l ON l.id = r.lot_id
ORDER BY r.id DESC, l.expires_on DESC, l.available_on DESC
"""


class Before(NamedTuple):
    """The earlier entries that a batch undoes: those that movements name, and those of transfers."""

    corrected: dict[int, Corrected]
    undone: dict[int, dict[int, Corrected]]


def load_before(movements: Sequence[AnyMovement]) -> Before:
    """Return the entries that the movements undo. No query when they undo none."""
    named = {m.corrects_id for m in movements if isinstance(m, Movement) and m.corrects_id}
    transfers = {undoes_id for m in movements if isinstance(m, MoveBack) for _id, undoes_id in m.undoing}
    before = Before({}, defaultdict(dict))
    if not named and not transfers:
        return before
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, e.account_id, e.transfer_id, e.points, e.owed_change_points, l.expires_on,
                   l.available_on, u.points
            FROM loyalty_entry e
            LEFT JOIN loyalty_lotuse u ON u.entry_id = e.id LEFT JOIN loyalty_lot l ON l.id = u.lot_id
            WHERE e.id = ANY(%b) OR e.transfer_id = ANY(%b)
            """,
            [sorted(named), sorted(transfers)],
        )
        uses: dict[int, list[tuple[LotDates, int]]] = defaultdict(list)
        entries: dict[int, tuple[int, int | None, int, int]] = {}
        for entry_id, account_id, transfer_id, points, owed, expires_on, available_on, used in cursor:
            entries[entry_id] = account_id, transfer_id, points, owed
            if used is not None:
                uses[entry_id].append((LotDates(expires_on, available_on), used))
        for entry_id, (account_id, transfer_id, points, owed) in entries.items():
            entry = Corrected(entry_id, points, owed, uses[entry_id])
            if entry_id in named:
                before.corrected[entry_id] = entry
            if transfer_id in transfers:
                repaid = _repaid_since(cursor, account_id, entry_id) if owed > 0 else ()
                before.undone[transfer_id][account_id] = entry._replace(repaid_lots=repaid)
    return before


def _repaid_since(
    cursor: psycopg.Cursor[tuple[Any, ...]], account_id: int, entry_id: int
) -> list[tuple[LotDates, int]]:
    """Return the lots of the credits that repaid points owed after an entry, the newest credit first.

    A cancelled order names no lot: what it kept of those that the order had used repaid the points.
    """
    cursor.execute(REPAID_SINCE, [account_id, entry_id, EntryKind.ORDER_CANCELLED])
    return [(LotDates(expires_on, available_on), points) for expires_on, available_on, points in cursor]


def load_lots(
    movements: Sequence[AnyMovement], accounts: Mapping[int, AccountState], before: Before, *, today: date
) -> None:
    """Load what debits can take from; an account that only receives credits needs none of its lots.

    What lots that are named and over had lost by expiry is looked for in those into which it was reinstated.
    """
    debited = sorted({account for m in movements if m.kind not in CREDITS for account in m.account_ids})
    if not debited:
        return
    named = _named_lots(movements, before)
    over = [(account_id, dates) for account_id, dates in named if dates.expires_on < today]
    for account_id, steps in reinstated_in(account_id for account_id, _dates in over).items():
        accounts[account_id].reinstated = steps
        named += [(account_id, later) for later in _lots_in(steps)]
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT l.account_id, l.expires_on, l.available_on, l.id, l.remaining_points, l.expired_points,
                   CASE WHEN l.expired_points > 0 THEN (
                       SELECT max(u.entry_id) FROM loyalty_lotuse u JOIN loyalty_entry e ON e.id = u.entry_id
                       WHERE u.lot_id = l.id AND e.kind IN (%s, %s)) END
            FROM loyalty_lot l
            WHERE l.account_id = ANY(%b) AND (
                l.remaining_points > 0
                OR (l.account_id, l.expires_on, l.available_on) IN (
                    SELECT * FROM unnest(%b::bigint[], %b::date[], %b::date[])))
            """,
            [
                EntryKind.EXPIRY,
                EntryKind.GIVEN_UP,
                debited,
                [account_id for account_id, _ in named],
                [dates.expires_on for _, dates in named],
                [dates.available_on for _, dates in named],
            ],
        )
        for account_id, expires_on, available_on, lot_id, remaining, expired, expiry_id in cursor.fetchall():
            accounts[account_id].lots[LotDates(expires_on, available_on)] = LotState(
                lot_id=lot_id, remaining=remaining, expired=expired, last_expiry_id=expiry_id
            )


def _lots_in(steps: Steps) -> set[LotDates]:
    return {lot for later in steps.values() for lot in later}


def _named_lots(movements: Sequence[AnyMovement], before: Before) -> list[tuple[int, LotDates]]:
    """Return the lots, by account, that must be seen even when they are empty."""
    named: set[tuple[int, LotDates]] = set()
    for movement in movements:
        if isinstance(movement, Movement):
            if movement.lot and movement.points < 0:
                named.add((movement.account_id, movement.lot))
            if movement.corrects_id:
                uses = before.corrected[movement.corrects_id].uses
                named |= {(movement.account_id, dates) for dates, _points in uses}
        elif isinstance(movement, MoveBack):
            named |= _named_by_going_back(movement, before)
        else:
            named |= {(movement.account_id, part.leaves) for part in movement.parts or ()}
            named |= {(movement.target_id, dates) for dates, _points in movement.paid_from}
    return sorted(named)


def _named_by_going_back(movement: MoveBack, before: Before) -> set[tuple[int, LotDates]]:
    named = {
        (account_id, dates)
        for _transfer_id, undoes_id in movement.undoing
        for account_id, entry in before.undone[undoes_id].items()
        for dates, _points in entry.uses
    }
    handover = movement.handover
    if handover is not None:
        named |= {
            (account_id, dates)
            for account_id in movement.account_ids
            for dates, _points in chain(handover.earned, handover.returned, handover.uses)
        }
    return named
