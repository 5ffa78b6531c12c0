"""Proofs over accounts in which no points stay: of whoever lost theirs by leaving, or leads to another.

What still comes to them, such as a purchase reported late, ends or moves on within minutes, by a sweeper that
takes all there is. It has two hours: what an account held then and has not given away since was forgotten.
"""

from collections.abc import Iterator
from functools import partial

from django.utils import timezone

from core.proof import Violation, register_proof, rows_that_break
from loyalty.models import LeavingPolicy

PARAMETERS: dict[str, int | str] = {"lost": LeavingPolicy.LOST.value}

# Whatever left since, by any movement, is taken to be of what was there then: points that expired or were
# returned within these hours were not forgotten, and what came since has two hours of its own.
_TWO_HOURS_AGO = """
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.held) FILTER (WHERE NOT e.is_since OR e.held < 0), 0) AS held_points,
           coalesce(sum(e.owed) FILTER (WHERE NOT e.is_since OR e.owed < 0), 0) AS owed_points
    FROM (SELECT points + owed_change_points AS held, owed_change_points AS owed,
                 posted_at > %(now)s::timestamptz - interval '2 hours' AS is_since
          FROM loyalty_entry WHERE account_id = a.id) e
) forgotten
"""

LEAVERS = f"""
SELECT 'account ' || a.id,
       format('holds %%s points, %%s of two hours ago; its member lost all by leaving on %%s',
              a.balance_points + a.owed_points, forgotten.held_points, a.left_on)
FROM loyalty_pointaccount a
{_TWO_HOURS_AGO}
WHERE a.leaving_policy = %(lost)s AND a.balance_points > -a.owed_points AND forgotten.held_points > 0
"""  # noqa: S608 - the text put in stands above

MERGED = f"""
SELECT 'account ' || a.id,
       format('holds %%s points and owes %%s, %%s and %%s of two hours ago; it leads to account %%s',
              a.balance_points + a.owed_points, a.owed_points, forgotten.held_points, forgotten.owed_points,
              a.merged_into_id)
FROM loyalty_pointaccount a
{_TWO_HOURS_AGO}
WHERE a.merged_into_id IS NOT NULL AND (a.balance_points <> 0 OR a.owed_points <> 0)
  AND (forgotten.held_points > 0 OR forgotten.owed_points > 0)
"""  # noqa: S608 - the text put in stands above

PROOFS = {"points of a leaver": LEAVERS, "points of a merged account": MERGED}
"""The rules, each with the query that finds the accounts that break it."""


def register_emptied_proofs() -> None:
    """Add these proofs to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(_prove, rule, query))


def _prove(rule: str, query: str) -> Iterator[Violation]:
    return rows_that_break(rule, query, {**PARAMETERS, "now": timezone.now().isoformat()})
