"""Where points live that had expired in lots which a batch looks into, read under the accounts' locks.

What was reinstated may expire and be reinstated again, so lots lead to lots. Returns that took points on such
a way leave less to be found on each of its steps, for returns of whatever lot. Accounts that lead to the one
that is asked for count as that one: what was reinstated there followed. Ways through transfers are not kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from core.bulk import bulk_cursor
from loyalty.ledger.movements import LotDates
from loyalty.models import EntryKind

Steps = dict[LotDates, dict[LotDates, int]]
"""From each lot, the lots in which its expired points were reinstated, and how many are still to be found."""

# Returns, and adjustments that undo a grant, have a lot of their own; what they took of others may be theirs.
_HISTORY = f"""
WITH asked AS (
    SELECT id AS account_id, id FROM unnest(%(accounts)b::bigint[]) w(id)
    UNION ALL
    SELECT merged_into_id, id FROM loyalty_pointaccount WHERE merged_into_id = ANY(%(accounts)b::bigint[])
), reinstated AS MATERIALIZED (
    SELECT a.account_id, r.id, r.points, r.lot_id, u.lot_id AS old_id
    FROM asked a
    JOIN loyalty_entry r ON r.account_id = a.id AND r.kind = {int(EntryKind.REINSTATED)}
    JOIN loyalty_lotuse u ON u.entry_id = r.corrects_id
), taken AS (
    SELECT a.account_id, e.id, -u.points AS points, u.lot_id, coalesce(g.lot_id, c.lot_id) AS old_id
    FROM asked a
    JOIN (SELECT account_id, min(id) AS id FROM reinstated GROUP BY account_id) s USING (account_id)
    JOIN loyalty_entry e ON e.account_id = a.id AND e.id > s.id
         AND e.kind IN ({int(EntryKind.RETURN)}, {int(EntryKind.ADJUSTMENT)})
    JOIN loyalty_lotuse u ON u.entry_id = e.id AND u.points > 0
    LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
    LEFT JOIN loyalty_entry g ON g.purchase_id = p.original_id AND g.kind = {int(EntryKind.PURCHASE)}
    LEFT JOIN loyalty_entry c ON c.id = e.corrects_id
)
SELECT h.account_id, o.expires_on, o.available_on, l.expires_on, l.available_on, h.points
FROM (SELECT * FROM reinstated UNION ALL SELECT * FROM taken) h
JOIN loyalty_lot o ON o.id = h.old_id JOIN loyalty_lot l ON l.id = h.lot_id
ORDER BY h.id, l.expires_on, l.available_on
"""  # noqa: S608 - numbers of ours


def reinstated_in(account_ids: Iterable[int]) -> Mapping[int, Steps]:
    """Return where points that expired in the accounts are since, by account. No query for no account.

    The history of reinstatements and returns is gone through in its order.
    """
    accounts = sorted(set(account_ids))
    found: dict[int, Steps] = defaultdict(lambda: defaultdict(dict))
    if not accounts:
        return found
    with bulk_cursor() as cursor:
        cursor.execute(_HISTORY, {"accounts": accounts})
        for account_id, *days, points in cursor.fetchall():
            old, lot = LotDates(*days[:2]), LotDates(*days[2:])
            steps = found[account_id]
            if points > 0:
                steps[old][lot] = steps[old].get(lot, 0) + points
            else:
                _leave_less(steps, old, lot, -points)
    return found


def _leave_less(steps: Steps, old: LotDates, lot: LotDates, points: int) -> int:
    """Let a return of one lot have taken points of another; return how many of them it found on this way."""
    gone = 0
    for later in sorted(steps.get(old, {})):
        most = min(points - gone, steps[old][later])
        went = most if later == lot else _leave_less(steps, later, lot, most)
        steps[old][later] -= went
        gone += went
    return gone
