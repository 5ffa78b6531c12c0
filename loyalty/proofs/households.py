"""Proofs over households: who is in one may be, and who may spend somebody's points shares theirs.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from functools import partial

from core.proof import register_proof, rows_that_break

STAYS = """
SELECT 'stay ' || s.id,
       format('account %%s of programme %%s in a household of programme %%s; it left on %%s, leads to %%s',
              a.id, a.programme_id, h.programme_id, a.left_on, a.merged_into_id)
FROM loyalty_householdstay s
JOIN loyalty_household h ON h.id = s.household_id JOIN loyalty_pointaccount a ON a.id = s.account_id
WHERE a.programme_id <> h.programme_id
   OR (s.left_at IS NULL AND (a.left_on IS NOT NULL OR a.merged_into_id IS NOT NULL))
"""

PERMISSIONS = """
SELECT 'permission ' || p.id,
       format('from household %%s to household %%s; the stays ended %%s and %%s, the permission %%s',
              g.household_id, s.household_id, g.left_at, s.left_at, p.ended_at)
FROM loyalty_spendingpermission p
JOIN loyalty_householdstay g ON g.id = p.giver_id JOIN loyalty_householdstay s ON s.id = p.spender_id
WHERE g.household_id <> s.household_id
   OR (p.ended_at IS NULL AND (g.left_at IS NOT NULL OR s.left_at IS NOT NULL))
"""

PROOFS = {
    "stay in a household": STAYS,
    "permission to spend points": PERMISSIONS,
}
"""The rules of households, each with the query that finds the rows that break it."""


def register_household_proofs() -> None:
    """Add the proofs of households to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(rows_that_break, rule, query, {}))
