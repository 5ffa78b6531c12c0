"""Proofs over members who lead to others: somebody led them, and accounts and points went the same way.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from functools import partial

from core.proof import register_proof, rows_that_break
from loyalty.adjustments.deeds import MERGED, SEPARATED
from loyalty.models import EntryKind, TransferReason
from members.models import Member

PARAMETERS: dict[str, int | str] = {
    "merge": int(TransferReason.MERGE),
    "separation": int(TransferReason.SEPARATION),
    "purchase": int(EntryKind.PURCHASE),
    "return": int(EntryKind.RETURN),
    "expiry_reversed": int(EntryKind.EXPIRY_REVERSED),
    "merged": MERGED,
    "separated": SEPARATED,
    "member": Member._meta.label_lower,
}

# Whoever merges or separates is written down in the same transaction, with both members and the instant.
# Sign-ins may be gone since, but their numbers are given in order: one that is still to come is nobody's.
DEEDS = """
SELECT coalesce('merge ' || m.id, 'action ' || d.id),
       format('%%s of member %%s and member %%s at %%s: %%s such merges, %%s such actions of staff, by %%s',
              action, merged, survivor_id, at, coalesce(m.times, 0), coalesce(d.times, 0),
              coalesce(d.actors, 'nobody'))
FROM (SELECT min(m.id) AS id, count(*) AS times, m.survivor_id, m.merged_id::text AS merged, x.action, x.at
      FROM members_membermerge m
      CROSS JOIN LATERAL (VALUES (%(merged)s, m.merged_at), (%(separated)s, m.undone_at)) x(action, at)
      WHERE x.at IS NOT NULL
      GROUP BY m.survivor_id, m.merged_id, x.action, x.at) m
FULL JOIN (
      SELECT min(s.id) AS id, count(*) AS times, s.subject_id AS survivor_id,
             s.details ->> 'merged' AS merged, s.action, s.at,
             string_agg(s.actor_id::text, ', ' ORDER BY s.id) AS actors,
             coalesce(max(s.actor_id), 0) > (SELECT last_value FROM members_user_id_seq) AS by_nobody
      FROM core_staffaction s
      WHERE s.action IN (%(merged)s, %(separated)s) AND s.subject_type = %(member)s
      GROUP BY s.subject_id, s.details ->> 'merged', s.action, s.at) d USING (survivor_id, merged, action, at)
WHERE m.times IS DISTINCT FROM d.times OR d.by_nobody
"""

MEMBERS = """
SELECT 'member ' || m.id,
       format('leads to member %%s, by a merge to member %%s', m.merged_into_id, l.survivor_id)
FROM members_member m
LEFT JOIN members_membermerge l ON l.merged_id = m.id AND l.undone_at IS NULL
WHERE (m.merged_into_id IS NOT NULL OR l.id IS NOT NULL) AND m.merged_into_id IS DISTINCT FROM l.survivor_id
UNION ALL
SELECT 'member ' || m.id, format('leads to member %%s, who leads to member %%s', s.id, s.merged_into_id)
FROM members_member m JOIN members_member s ON s.id = m.merged_into_id WHERE s.merged_into_id IS NOT NULL
"""

ACCOUNTS = """
SELECT 'account ' || a.id,
       format('leads to account %%s of member %%s, its member to member %%s', t.id, t.member_id,
              m.merged_into_id)
FROM loyalty_pointaccount a JOIN members_member m ON m.id = a.member_id
LEFT JOIN loyalty_pointaccount t ON t.id = a.merged_into_id
WHERE (a.merged_into_id IS NOT NULL OR m.merged_into_id IS NOT NULL)
  AND (t.member_id IS DISTINCT FROM m.merged_into_id OR t.programme_id IS DISTINCT FROM a.programme_id)
"""

# Counted are purchases and returns: expiries that a transfer undid itself may stand between.
TRANSFERS = """
SELECT 'transfer ' || t.id,
       format('from member %%s to member %%s, by a merge of member %%s into member %%s; counted from'
              ' movement %%s on', s.member_id, a.member_id, m.merged_id, m.survivor_id, p.last_entry_id)
FROM loyalty_mergedpoints p
JOIN members_membermerge m ON m.id = p.merge_id JOIN loyalty_transfer t ON t.id = p.transfer_id
JOIN loyalty_pointaccount s ON s.id = t.source_id JOIN loyalty_pointaccount a ON a.id = t.target_id
LEFT JOIN loyalty_transfer u ON u.undoes_id = t.id
LEFT JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
WHERE (s.member_id, a.member_id) <> (m.merged_id, m.survivor_id) OR t.reason <> %(merge)s
   OR t.undoes_id IS NOT NULL OR (u.id IS NULL) <> (m.undone_at IS NULL)
   OR e.id IS NOT NULL AND NOT EXISTS (
       SELECT FROM (
           SELECT max(x.id) AS id, max(x.id) FILTER (WHERE x.kind <> %(expiry_reversed)s) AS counted_id
           FROM loyalty_entry x WHERE x.account_id = t.target_id AND x.id < e.id) x
       WHERE p.last_entry_id BETWEEN coalesce(x.counted_id, 0) AND coalesce(x.id, 0))
UNION ALL
SELECT 'transfer ' || t.id, 'moves the points of a merged member, and no merge made it'
FROM loyalty_transfer t LEFT JOIN loyalty_mergedpoints p ON p.transfer_id = t.id
WHERE t.reason = %(merge)s AND t.undoes_id IS NULL AND p.id IS NULL
"""

# What a separation hands over is what the cards that go back did in the survivor's account since the merge.
SEPARATIONS = """
SELECT 'transfer ' || t.id,
       format('hands over %%s points, which no merge that ended then had brought', e.points)
FROM loyalty_transfer t
JOIN loyalty_pointaccount s ON s.id = t.source_id JOIN loyalty_pointaccount a ON a.id = t.target_id
LEFT JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
WHERE t.reason = %(separation)s AND (t.undoes_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM members_membermerge m
    WHERE m.survivor_id = s.member_id AND m.merged_id = a.member_id AND m.undone_at = t.moved_at
      AND e.points = (
        SELECT coalesce(sum(x.points), 0)
        FROM members_mergedcard c
        JOIN loyalty_purchase p ON p.card_id = c.card_id
        JOIN loyalty_entry x ON x.purchase_id = p.id AND x.kind IN (%(purchase)s, %(return)s)
        WHERE c.merge_id = m.id AND x.account_id = t.source_id AND x.id < e.id AND x.id > coalesce((
            SELECT min(w.last_entry_id)
            FROM loyalty_mergedpoints w JOIN loyalty_transfer f ON f.id = w.transfer_id
            WHERE w.merge_id = m.id AND f.source_id = t.target_id), 0))))
"""

# The entries of an account are numbered under its lock: those after the last one of a separation came later.
PURCHASES = """
SELECT 'purchase ' || p.id,
       format('counts in account %%s of member %%s, from whom its card had gone back to member %%s', s.id,
              m.survivor_id, m.merged_id)
FROM members_membermerge m
JOIN loyalty_pointaccount s ON s.member_id = m.survivor_id
CROSS JOIN LATERAL (
    SELECT max(e.id) AS last_entry_id
    FROM loyalty_transfer t
    JOIN loyalty_pointaccount a ON a.id = t.target_id AND a.member_id = m.merged_id
    JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = s.id
    WHERE t.source_id = s.id AND t.moved_at = m.undone_at
      AND (t.reason = %(separation)s OR t.reason = %(merge)s AND t.undoes_id IS NOT NULL)) l
JOIN members_mergedcard c ON c.merge_id = m.id
JOIN members_card k ON k.id = c.card_id AND k.member_id <> m.survivor_id
JOIN loyalty_purchase p ON p.card_id = c.card_id
JOIN loyalty_entry x ON x.purchase_id = p.id AND x.kind IN (%(purchase)s, %(return)s)
                    AND x.account_id = s.id AND x.id > l.last_entry_id
WHERE m.undone_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM members_mergedcard d JOIN members_membermerge n ON n.id = d.merge_id
    WHERE d.card_id = c.card_id AND n.survivor_id = m.survivor_id AND n.id > m.id)
"""

CARRIED = """
SELECT 'tally ' || t.id, format('carries a use of limits of merge %%s, which is none of its account', c.key)
FROM loyalty_ruletally t
CROSS JOIN LATERAL jsonb_each(t.carried) c
JOIN loyalty_pointaccount a ON a.id = t.account_id
LEFT JOIN members_membermerge m ON m.id = c.key::bigint
      AND (m.survivor_id = a.member_id OR m.merged_id = a.member_id AND m.undone_at IS NOT NULL)
WHERE m.id IS NULL OR (c.value->>0)::bigint < 0 OR (c.value->>1)::bigint < 0 OR (c.value->>2)::bigint >= 0
   OR m.undone_at IS NOT NULL AND (c.value->>0)::bigint > 0
   OR m.undone_at IS NULL AND c.value->>2 IS NOT NULL
"""

PROOFS = {
    "deed of a merge": DEEDS,
    "merged member": MEMBERS,
    "merged account": ACCOUNTS,
    "transfer of a merge": TRANSFERS,
    "transfer of a separation": SEPARATIONS,
    "purchase after a separation": PURCHASES,
    "carried limit": CARRIED,
}
"""The rules of merges, each with the query that finds the rows that break it."""


def register_merging_proofs() -> None:
    """Add the proofs of merges to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(rows_that_break, rule, query, PARAMETERS))
