"""Where points live that had expired in lots which a batch looks into, read under the accounts' locks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from core.bulk import bulk_cursor
from loyalty.ledger.movements import LotDates
from loyalty.models import EntryKind

Reinstated = Mapping[tuple[int, LotDates], dict[LotDates, int]]
"""By account and lot, the lots in which its expired points were reinstated, and how many are to be found."""

# Points of accounts that lead to one of these were reinstated there, and followed. What expired again may
# have been reinstated once more. What returns of the lot's own purchases took since from where its points
# live is not found there again.
_REINSTATED = f"""
WITH RECURSIVE found AS (
    SELECT account_id, expires_on, available_on, NULL::date AS old_expires_on, NULL::date AS old_available_on,
           NULL::bigint AS entry_id, NULL::bigint AS points
    FROM unnest(%(accounts)b::bigint[], %(expires)b::date[], %(available)b::date[])
         AS w(account_id, expires_on, available_on)
    UNION
    SELECT f.account_id, y.expires_on, y.available_on, f.expires_on, f.available_on, r.id, r.points
    FROM found f
    CROSS JOIN LATERAL (
        SELECT f.account_id AS id
        UNION ALL SELECT a.id FROM loyalty_pointaccount a WHERE a.merged_into_id = f.account_id) a
    JOIN loyalty_lot l ON l.account_id = a.id
         AND (l.expires_on, l.available_on) = (f.expires_on, f.available_on)
    JOIN loyalty_lotuse u ON u.lot_id = l.id
    JOIN loyalty_entry r ON r.corrects_id = u.entry_id AND r.kind = {int(EntryKind.REINSTATED)}
    JOIN loyalty_lot y ON y.id = r.lot_id
)
SELECT f.account_id, f.old_expires_on, f.old_available_on, f.expires_on, f.available_on,
       greatest(0, sum(f.points) - coalesce((
           SELECT sum(v.points)
           FROM loyalty_lot o
           JOIN loyalty_lotuse v ON v.lot_id = o.id
           JOIN loyalty_entry t ON t.id = v.entry_id AND t.kind = {int(EntryKind.RETURN)}
                AND t.id > min(f.entry_id)
           JOIN loyalty_purchase p ON p.id = t.purchase_id
           JOIN loyalty_entry g ON g.purchase_id = p.original_id AND g.kind = {int(EntryKind.PURCHASE)}
           JOIN loyalty_lot own ON own.id = g.lot_id
                AND (own.expires_on, own.available_on) = (f.old_expires_on, f.old_available_on)
           WHERE o.account_id = f.account_id
             AND (o.expires_on, o.available_on) = (f.expires_on, f.available_on)), 0))::bigint
FROM found f WHERE f.entry_id IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - numbers of ours


def reinstated_since(lots: Iterable[tuple[int, LotDates]]) -> Reinstated:
    """Return where points that expired in these lots of accounts are since. No query for no lots."""
    looked_for = sorted(lots)
    found: dict[tuple[int, LotDates], dict[LotDates, int]] = defaultdict(dict)
    if not looked_for:
        return found
    with bulk_cursor() as cursor:
        cursor.execute(
            _REINSTATED,
            {
                "accounts": [account_id for account_id, _dates in looked_for],
                "expires": [dates.expires_on for _account_id, dates in looked_for],
                "available": [dates.available_on for _account_id, dates in looked_for],
            },
        )
        for account_id, expires_on, available_on, *later, points in cursor.fetchall():
            found[account_id, LotDates(expires_on, available_on)][LotDates(*later)] = points
    return found
