"""What purchases handed over by a separation count, and in whose tallies they count since."""

from collections import defaultdict
from zoneinfo import ZoneInfo

from core.bulk import bulk_cursor
from loyalty.dates import local_date
from loyalty.earning.book import load_rules
from loyalty.earning.limits import Tally, TallyKey, key_of
from loyalty.models import EntryKind, PurchaseKind, PurchaseState, TransferReason
from members.models import MemberMerge

COUNTED_SINCE = """
SELECT (b->>'rule')::bigint, o.purchased_at,
       sum(CASE WHEN NOT b ? 'counted' THEN 0 WHEN p.kind = %(purchase)s THEN 1 ELSE -1 END)::int,
       least(sum((b->>'entitled')::bigint),
             min((b->>'points')::bigint) FILTER (WHERE p.kind = %(purchase)s AND b->>'limit' = 'budget'
                                                   AND NOT b ? 'counted'))::bigint,
       sum((b->>'points')::bigint)::bigint
FROM members_mergedcard c
JOIN loyalty_purchase o ON o.card_id = c.card_id
JOIN loyalty_entry e ON e.purchase_id = o.id AND e.kind = %(earned)s
JOIN loyalty_purchase p ON p.id = o.id OR p.original_id = o.id
CROSS JOIN LATERAL jsonb_array_elements(p.breakdown) b
WHERE c.merge_id = %(merge)s AND e.account_id = %(account)s AND e.id > %(last_entry)s
  AND o.breakdown IS NOT NULL AND p.state = %(accepted)s AND p.breakdown IS NOT NULL
GROUP BY o.id, 1
"""
"""By purchase and version what counted of what the cards that go back posted to an account, less what was
returned: purchases, points without the limit but no more than a budget let through, and points given."""

HANDED_TO = f"""
SELECT t.target_id, t.moved_at
FROM members_mergedcard k
JOIN members_membermerge m ON m.id = k.merge_id
JOIN loyalty_transfer t ON t.source_id = e.account_id AND t.moved_at = m.undone_at
                       AND t.reason = {int(TransferReason.SEPARATION)}
JOIN loyalty_pointaccount a ON a.id = t.target_id AND a.member_id = m.merged_id
JOIN loyalty_entry x ON x.transfer_id = t.id AND x.account_id = t.source_id
WHERE k.card_id = o.card_id AND e.id < x.id AND e.id > coalesce((
    SELECT min(w.last_entry_id) FROM loyalty_mergedpoints w JOIN loyalty_transfer f ON f.id = w.transfer_id
    WHERE w.merge_id = m.id AND f.source_id = t.target_id), 0)
LIMIT 1
"""  # noqa: S608 - a number of ours
"""To which account, and when, a separation handed over the purchase `o`, whose entry is `e`, if one did."""


def counted_since(
    merge: MemberMerge, account_id: int, last_entry_id: int, zone: ZoneInfo
) -> dict[TallyKey, Tally]:
    """Return what the tallies of an account hold of the purchases that the cards made after an entry."""
    with bulk_cursor() as cursor:
        cursor.execute(
            COUNTED_SINCE,
            {
                "merge": merge.pk,
                "account": account_id,
                "last_entry": last_entry_id,
                "purchase": PurchaseKind.PURCHASE,
                "earned": EntryKind.PURCHASE,
                "accepted": PurchaseState.ACCEPTED,
            },
        )
        rows = cursor.fetchall()
    rules = load_rules(row[0] for row in rows)
    counted: dict[TallyKey, Tally] = defaultdict(Tally)
    for rule_id, purchased_at, purchases, entitled, granted in rows:
        rule = rules[rule_id]
        if rule.is_tallied:
            key = key_of(rule, account_id, local_date(purchased_at, zone))
            counted[key].count(rule, purchases=purchases, entitled=entitled, granted=granted)
    return counted
