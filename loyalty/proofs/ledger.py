"""Proofs over the whole ledger: everything is recomputed from what never changes, and compared.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from django.utils import timezone

from core.proof import Violation, register_proof, rows_that_break
from loyalty.models import EntryKind, PurchaseState, TransferReason
from loyalty.models.programmes import (
    MOST_DAYS_UNTIL_AVAILABLE,
    MOST_EMAIL_POINTS,
    MOST_REINSTATEMENT_DAYS,
    MOST_VALIDITY_YEARS,
)
from loyalty.proofs.earning import EARNING_PROOFS
from loyalty.purchases.checks import CLOCK_DRIFT

# A purchase and a return have the same number as kind of line and as kind of entry.
KINDS: dict[str, int | str] = {kind.name.lower(): int(kind) for kind in EntryKind}
REASONS: dict[str, int | str] = {reason.name.lower(): int(reason) for reason in TransferReason}
ACCEPTED: dict[str, int | str] = {"accepted": int(PurchaseState.ACCEPTED)}
LIMITS: dict[str, int | str] = {
    "most_validity_years": MOST_VALIDITY_YEARS,
    "most_days_until_available": MOST_DAYS_UNTIL_AVAILABLE,
    "most_email_points": MOST_EMAIL_POINTS,
    "most_reinstatement_days": MOST_REINSTATEMENT_DAYS,
}
DRIFT: dict[str, int | str] = {"drift_seconds": int(CLOCK_DRIFT.total_seconds())}

BALANCES = """
SELECT 'account ' || a.id,
       format('balance %%s, entries %%s, lots %%s, owed %%s, owed by entries %%s', a.balance_points,
              coalesce(e.points, 0), coalesce(l.remaining, 0), a.owed_points, coalesce(e.owed, 0))
FROM loyalty_pointaccount a
LEFT JOIN (SELECT account_id, sum(points) AS points, sum(owed_change_points) AS owed
           FROM loyalty_entry GROUP BY account_id) e ON e.account_id = a.id
LEFT JOIN (SELECT account_id, sum(remaining_points) AS remaining
           FROM loyalty_lot GROUP BY account_id) l ON l.account_id = a.id
WHERE a.balance_points <> coalesce(e.points, 0)
   OR a.balance_points <> coalesce(l.remaining, 0) - a.owed_points
   OR a.owed_points <> coalesce(e.owed, 0)
"""

RUNNING_BALANCES = """
SELECT 'entry ' || id, format('balance after %%s, entries so far %%s', balance_after_points, so_far)
FROM (SELECT id, balance_after_points, sum(points) OVER (PARTITION BY account_id ORDER BY id) AS so_far
      FROM loyalty_entry) e
WHERE balance_after_points <> so_far
"""

ENTRIES = """
SELECT 'entry ' || e.id,
       format('kind %%s, points %%s, change in owed %%s, lot %%s, taken from lots %%s, lots of others %%s',
              e.kind, e.points, e.owed_change_points, e.lot_id, coalesce(u.points, 0),
              coalesce(u.strangers, 0) + (l.id IS NOT NULL)::int)
FROM loyalty_entry e
LEFT JOIN (SELECT u.entry_id, sum(u.points) AS points,
                  count(*) FILTER (WHERE l.account_id <> e.account_id) AS strangers
           FROM loyalty_lotuse u
           JOIN loyalty_lot l ON l.id = u.lot_id JOIN loyalty_entry e ON e.id = u.entry_id
           GROUP BY u.entry_id) u ON u.entry_id = e.id
LEFT JOIN loyalty_lot l ON l.id = e.lot_id AND l.account_id <> e.account_id
WHERE u.strangers > 0 OR l.id IS NOT NULL
   OR CASE WHEN e.kind IN (%(purchase)s, %(verified_email)s, %(goodwill)s, %(reinstated)s)
             OR (e.kind = %(adjustment)s AND e.points > 0)
      THEN e.points + e.owed_change_points < 0 OR e.owed_change_points > 0 OR u.points IS NOT NULL
           OR (e.lot_id IS NOT NULL) <> (e.points > 0)
      ELSE e.points <> -coalesce(u.points, 0) - e.owed_change_points OR e.lot_id IS NOT NULL END
"""

# Reinstated points left the lot in which they had expired: it has moved them and they are not expired there.
LOTS = """
SELECT 'lot ' || l.id,
       format('granted %%s for %%s, spent %%s for %%s, expired %%s for %%s, taken back %%s for %%s,'
              ' moved %%s for %%s, left %%s',
              l.granted_points, coalesce(g.granted, 0), l.spent_points, coalesce(u.spent, 0),
              l.expired_points, coalesce(u.expired, 0) - coalesce(r.points, 0),
              l.taken_back_points, coalesce(u.taken_back, 0),
              l.moved_points, coalesce(u.moved, 0) + coalesce(r.points, 0), l.remaining_points)
FROM loyalty_lot l
LEFT JOIN (SELECT lot_id, sum(points + owed_change_points) AS granted
           FROM loyalty_entry WHERE lot_id IS NOT NULL GROUP BY lot_id) g ON g.lot_id = l.id
LEFT JOIN (SELECT u.lot_id,
                  sum(u.points) FILTER (WHERE e.kind IN (%(order)s, %(order_cancelled)s)) AS spent,
                  sum(u.points) FILTER (WHERE e.kind IN (%(expiry)s, %(expiry_reversed)s, %(given_up)s))
                      AS expired,
                  sum(u.points) FILTER (WHERE e.kind IN (%(return)s, %(adjustment)s)) AS taken_back,
                  sum(u.points) FILTER (WHERE e.transfer_id IS NOT NULL) AS moved
           FROM loyalty_lotuse u JOIN loyalty_entry e ON e.id = u.entry_id
           GROUP BY u.lot_id) u ON u.lot_id = l.id
LEFT JOIN (SELECT u.lot_id, sum(e.points) AS points
           FROM loyalty_entry e JOIN loyalty_lotuse u ON u.entry_id = e.corrects_id
           WHERE e.kind = %(reinstated)s GROUP BY u.lot_id) r ON r.lot_id = l.id
WHERE l.granted_points <> coalesce(g.granted, 0) OR l.spent_points <> coalesce(u.spent, 0)
   OR l.expired_points <> coalesce(u.expired, 0) - coalesce(r.points, 0)
   OR l.taken_back_points <> coalesce(u.taken_back, 0)
   OR l.moved_points <> coalesce(u.moved, 0) + coalesce(r.points, 0)
   OR l.remaining_points <> l.granted_points - l.spent_points - l.expired_points - l.taken_back_points
                            - l.moved_points
   OR least(l.granted_points, l.spent_points, l.expired_points, l.taken_back_points, l.remaining_points) < 0
"""

OWED = """
SELECT 'account ' || a.id, format('owed %%s beside %%s points that can still be spent', a.owed_points, l.live)
FROM loyalty_pointaccount a JOIN loyalty_programme p ON p.id = a.programme_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(remaining_points), 0) AS live FROM loyalty_lot
    WHERE account_id = a.id AND expires_on >= (%(now)s::timestamptz AT TIME ZONE p.time_zone)::date) l
WHERE a.owed_points <> 0 AND (a.owed_points < 0 OR l.live > 0)
"""

# Nothing is posted ahead of the clock, as far as the clocks of servers agree. A movement may be posted before
# its own instant: an import that goes on as of an earlier day settles what waited since.
INSTANTS = """
SELECT 'entry ' || id,
       format('kind %%s of %%s posted at %%s, at %%s', kind, occurred_at, posted_at, %(now)s::timestamptz)
FROM loyalty_entry
WHERE posted_at > %(now)s::timestamptz + make_interval(secs => %(drift_seconds)s)
"""

# What is earned, or given for an address or by staff, has the days that the programme's terms of then gave
# it. These may have changed since, as may its time zone: only days that no terms ever give are found. The day
# is worked out once a row (OFFSET), and calendars are asked only near the bounds. What staff give counts from
# its posting; when it can be spent, and for how short a time, is left to them.
LOT_DAYS = """
SELECT 'entry ' || e.id,
       format('kind %%s posted on %%s for points that can be spent from %%s to %%s',
              e.kind, d.posted_on, l.available_on, l.expires_on)
FROM loyalty_lotuse u JOIN loyalty_entry e ON e.id = u.entry_id JOIN loyalty_lot l ON l.id = u.lot_id
JOIN loyalty_pointaccount a ON a.id = e.account_id JOIN loyalty_programme p ON p.id = a.programme_id
CROSS JOIN LATERAL (SELECT (e.posted_at AT TIME ZONE p.time_zone)::date AS posted_on) d
WHERE (e.kind = %(order)s AND d.posted_on NOT BETWEEN l.available_on AND l.expires_on)
   OR (e.kind = %(expiry)s AND d.posted_on <= l.expires_on)
UNION ALL
SELECT 'entry ' || e.id,
       format('kind %%s of %%s for points that can be spent from %%s to %%s',
              e.kind, e.earned_on, l.available_on, l.expires_on)
FROM (SELECT id, kind, lot_id, kind IN (%(purchase)s, %(verified_email)s) AS is_earned,
             (CASE WHEN kind IN (%(purchase)s, %(verified_email)s) THEN occurred_at ELSE posted_at END
              AT TIME ZONE 'UTC')::date AS earned_on
      FROM loyalty_entry
      WHERE kind IN (%(purchase)s, %(verified_email)s, %(goodwill)s, %(adjustment)s, %(reinstated)s)
        AND points > 0 OFFSET 0) e
JOIN loyalty_lot l ON l.id = e.lot_id
WHERE e.is_earned
      AND (l.available_on NOT BETWEEN e.earned_on - 1 AND e.earned_on + 1 + %(most_days_until_available)s
           OR l.expires_on < e.earned_on + 366 AND l.expires_on < (e.earned_on - 1) + interval '1 year')
   OR e.kind = %(reinstated)s AND l.expires_on > e.earned_on + 1 + %(most_reinstatement_days)s
   OR l.expires_on > e.earned_on + 365 * %(most_validity_years)s
      AND l.expires_on > make_date(extract(year FROM e.earned_on + 1)::int + %(most_validity_years)s, 12, 31)
"""

PURCHASES = """
SELECT 'purchase ' || p.id,
       format('made at %%s, accepted for %%s points with %%s entries for %%s of %%s',
              p.purchased_at, p.points, e.entries, e.points, e.occurred_at)
FROM loyalty_purchase p
LEFT JOIN (SELECT purchase_id, kind, count(*) AS entries, sum(points) AS points,
                  max(occurred_at) AS occurred_at
           FROM loyalty_entry
           WHERE kind IN (%(purchase)s, %(return)s) GROUP BY purchase_id, kind) e
       ON e.purchase_id = p.id AND e.kind = p.kind
WHERE p.state = %(accepted)s
  AND (e.entries IS DISTINCT FROM 1 OR e.points <> p.points OR e.occurred_at <> p.purchased_at)
UNION ALL
SELECT 'entry ' || e.id, format('purchase %%s is of kind %%s in state %%s', p.id, p.kind, p.state)
FROM loyalty_entry e LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
WHERE e.kind IN (%(purchase)s, %(return)s) AND (p.kind <> e.kind OR p.state <> %(accepted)s OR p.id IS NULL)
UNION ALL
SELECT 'entry ' || e.id, format('posted to account %%s, the card is of member %%s', e.account_id, c.member_id)
FROM loyalty_entry e JOIN loyalty_purchase p ON p.id = e.purchase_id JOIN members_card c ON c.id = p.card_id
JOIN loyalty_pointaccount a ON a.id = e.account_id
WHERE a.programme_id <> p.programme_id OR (a.member_id <> c.member_id AND NOT EXISTS (
    SELECT 1 FROM members_mergedcard mc JOIN members_membermerge m ON m.id = mc.merge_id
    WHERE mc.card_id = c.id AND a.member_id IN (m.survivor_id, m.merged_id)))
UNION ALL
SELECT 'purchase ' || id, format('not accepted, yet %%s points', points)
FROM loyalty_purchase WHERE state <> %(accepted)s AND points <> 0
"""

CORRECTIONS = """
SELECT 'entry ' || c.id,
       format('kind %%s for %%s points corrects entry %%s of kind %%s for %%s points',
              c.kind, c.points, e.id, e.kind, e.points)
FROM loyalty_entry c LEFT JOIN loyalty_entry e ON e.id = c.corrects_id
WHERE CASE c.kind
      WHEN %(order_cancelled)s THEN e.kind IS DISTINCT FROM %(order)s OR e.points <> -c.points
      WHEN %(expiry_reversed)s THEN coalesce(e.kind, 0) NOT IN (%(expiry)s, %(given_up)s)
      WHEN %(reinstated)s THEN e.kind IS DISTINCT FROM %(expiry)s OR c.points > -e.points
      WHEN %(adjustment)s THEN c.corrects_id IS NOT NULL AND (
          e.points <> -c.points OR e.kind NOT IN (%(adjustment)s, %(goodwill)s, %(reinstated)s))
      WHEN %(move_undone_in)s THEN e.kind IS DISTINCT FROM %(moved_out)s OR e.points <> -c.points
      WHEN %(move_undone_out)s THEN e.kind IS DISTINCT FROM %(moved_in)s OR e.points <> -c.points
      ELSE c.corrects_id IS NOT NULL END
   OR e.account_id <> c.account_id OR e.id >= c.id
"""

# A cancelled order gives back to a lot no more than it had taken from it: what comes back keeps its days.
GIVEN_BACK = """
SELECT 'entry ' || c.id,
       format('gives %%s points back to lot %%s, from which entry %%s had taken %%s', -u.points, u.lot_id,
              c.corrects_id, coalesce(w.points, 0))
FROM loyalty_entry c
JOIN loyalty_lotuse u ON u.entry_id = c.id
LEFT JOIN loyalty_lotuse w ON w.entry_id = c.corrects_id AND w.lot_id = u.lot_id
WHERE c.kind = %(order_cancelled)s AND (u.points > 0 OR coalesce(w.points, 0) < -u.points)
"""

# An expiry is undone for whatever takes the points next, in the same batch: a return or an adjustment from
# that lot (one that finds points in several lots names its purchase once); a transfer, whose one entry may
# give the lot as much as it takes from it.
EXPIRIES_UNDONE = """
SELECT 'entry ' || c.id,
       format('undoes entry %%s for %%s points of lot %%s, which nothing took then', c.corrects_id, c.points,
              u.lot_id)
FROM loyalty_entry c
LEFT JOIN loyalty_lotuse u ON u.entry_id = c.id
LEFT JOIN loyalty_lotuse o ON o.entry_id = c.corrects_id AND o.lot_id = u.lot_id
LEFT JOIN loyalty_entry r ON r.purchase_id = c.purchase_id AND r.kind = %(return)s
LEFT JOIN loyalty_lotuse w ON w.entry_id = r.id AND w.lot_id = u.lot_id
WHERE c.kind = %(expiry_reversed)s AND (
      c.corrects_id IS NOT NULL AND o.id IS NULL OR CASE WHEN c.purchase_id IS NOT NULL
      THEN coalesce(w.points, 0) < c.points OR r.id < c.id
           OR (r.account_id, r.posted_at) <> (c.account_id, c.posted_at)
      ELSE NOT EXISTS (
           SELECT FROM loyalty_entry x LEFT JOIN loyalty_lotuse y ON y.entry_id = x.id AND y.lot_id = u.lot_id
           WHERE x.account_id = c.account_id AND x.posted_at = c.posted_at AND x.id > c.id
             AND (x.transfer_id IS NOT NULL
                  OR x.kind IN (%(adjustment)s, %(return)s) AND y.points >= c.points)) END)
"""

# Points for an address are given to whoever opens a sign-in. A merge may hand that to the other member, and
# an erasure forgets it.
VERIFIED_EMAILS = """
SELECT 'entry ' || e.id,
       format('%%s points for the verified address of member %%s, who never had a sign-in', e.points, m.id)
FROM loyalty_entry e JOIN loyalty_pointaccount a ON a.id = e.account_id
JOIN members_member m ON m.id = a.member_id
WHERE e.kind = %(verified_email)s AND (
      e.points NOT BETWEEN 1 AND %(most_email_points)s
   OR m.activated_at IS NULL AND m.user_id IS NULL AND m.erased_at IS NULL AND NOT EXISTS (
      SELECT FROM members_membermerge g WHERE m.id IN (g.merged_id, g.survivor_id)))
"""

# Between two programmes, points are counted differently: the proof of the succession compares them.
TRANSFERS = """
SELECT 'transfer ' || t.id,
       format('%%s entries of %%s points; %%s of the source and %%s of the target fit, it undoes %%s',
              e.entries, e.points, e.leaving, e.arriving, t.undoes_id)
FROM loyalty_transfer t
JOIN loyalty_pointaccount s ON s.id = t.source_id JOIN loyalty_pointaccount a ON a.id = t.target_id
LEFT JOIN loyalty_transfer o ON o.id = t.undoes_id
CROSS JOIN LATERAL (
    SELECT count(*) AS entries, coalesce(sum(e.points), 0) AS points,
           count(*) FILTER (WHERE e.account_id = t.source_id AND e.kind =
               CASE WHEN t.undoes_id IS NULL THEN %(moved_out)s ELSE %(move_undone_out)s END) AS leaving,
           count(*) FILTER (WHERE e.account_id = t.target_id AND e.kind =
               CASE WHEN t.undoes_id IS NULL THEN %(moved_in)s ELSE %(move_undone_in)s END) AS arriving,
           coalesce(bool_or(c.transfer_id IS DISTINCT FROM t.undoes_id), FALSE) AS strays
    FROM loyalty_entry e LEFT JOIN loyalty_entry c ON c.id = e.corrects_id
    WHERE e.transfer_id = t.id) e
WHERE (e.entries, e.leaving, e.arriving) NOT IN ((0, 0, 0), (2, 1, 1)) OR e.strays
   OR (s.programme_id = a.programme_id AND e.points <> 0)
   OR (s.programme_id <> a.programme_id AND t.reason <> %(succession)s)
   OR t.reason NOT IN (%(merge)s, %(household)s, %(succession)s, %(separation)s)
   OR (t.undoes_id IS NOT NULL AND (
       (o.source_id, o.target_id, o.reason) <> (t.target_id, t.source_id, t.reason)
       OR o.undoes_id IS NOT NULL OR o.id >= t.id
       OR e.entries <> (SELECT count(*) FROM loyalty_entry WHERE transfer_id = o.id)))
"""

# Points keep their days: they arrive in lots of the days that they left, and an undone move gives back to a
# lot no more than left it, but for points reinstated meanwhile, which go back with the days they got then.
# Points that are owed, or repay such, have none; a succession has its own proof.
MOVED_DAYS = """
SELECT 'transfer ' || t.id,
       format('%%s points arrived for %%s to %%s, %%s of these days left', -u.points, l.available_on,
              l.expires_on, g.points)
FROM loyalty_transfer t
JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
JOIN loyalty_lotuse u ON u.entry_id = e.id AND u.points < 0 JOIN loyalty_lot l ON l.id = u.lot_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(w.points), 0) AS points
    FROM loyalty_entry o JOIN loyalty_lotuse w ON w.entry_id = o.id JOIN loyalty_lot k ON k.id = w.lot_id
    WHERE o.transfer_id = t.id AND o.account_id = t.source_id
      AND (k.expires_on, k.available_on) = (l.expires_on, l.available_on)) g
WHERE t.undoes_id IS NULL AND t.reason IN (%(merge)s, %(household)s) AND g.points < -u.points
UNION ALL
SELECT 'transfer ' || e.transfer_id,
       format('lot %%s gets back %%s points, of which %%s had left it', u.lot_id, -u.points,
              coalesce(w.points, 0))
FROM loyalty_entry e JOIN loyalty_entry o ON o.id = e.corrects_id
JOIN loyalty_lotuse u ON u.entry_id = e.id AND u.points < 0 JOIN loyalty_lot l ON l.id = u.lot_id
LEFT JOIN loyalty_lotuse w ON w.entry_id = o.id AND w.lot_id = u.lot_id
WHERE e.kind IN (%(move_undone_in)s, %(move_undone_out)s) AND o.owed_change_points <= 0
  AND coalesce(w.points, 0) < -u.points
  AND NOT EXISTS (
      SELECT FROM loyalty_entry f
      JOIN loyalty_lotuse g ON g.entry_id = f.id JOIN loyalty_lot k ON k.id = g.lot_id
      JOIN loyalty_pointaccount a ON a.id = f.account_id JOIN loyalty_pointaccount b ON b.id = e.account_id
      JOIN loyalty_lot y ON (y.expires_on, y.available_on) = (k.expires_on, k.available_on)
           AND (y.account_id = f.account_id OR y.account_id IN (
               SELECT source_id FROM loyalty_transfer WHERE target_id = f.account_id AND reason = %(merge)s))
      JOIN loyalty_entry r ON r.account_id = y.account_id AND r.lot_id = y.id AND r.kind = %(reinstated)s
      WHERE f.transfer_id = e.transfer_id AND f.account_id <> e.account_id
        AND (k.expires_on, k.available_on) = (l.expires_on, l.available_on) AND g.points > 0
        AND (g.points >= -u.points - coalesce(w.points, 0) OR a.programme_id <> b.programme_id))
"""

PROOFS: dict[str, tuple[str, Mapping[str, int | str]]] = {
    "balance": (BALANCES, {}),
    "running balance": (RUNNING_BALANCES, {}),
    "entry": (ENTRIES, KINDS),
    "lot": (LOTS, KINDS),
    "owed": (OWED, {}),
    "instant of a movement": (INSTANTS, DRIFT),
    "lot day": (LOT_DAYS, KINDS | LIMITS),
    "purchase": (PURCHASES, KINDS | ACCEPTED),
    "correction": (CORRECTIONS, KINDS),
    "order given back": (GIVEN_BACK, KINDS),
    "expiry undone": (EXPIRIES_UNDONE, KINDS),
    "verified e-mail": (VERIFIED_EMAILS, KINDS | LIMITS),
    "transfer": (TRANSFERS, KINDS | REASONS),
    "days of moved points": (MOVED_DAYS, KINDS | REASONS),
    **EARNING_PROOFS,
}
"""The rules of the ledger, each with the query that finds the rows that break it."""


def register_ledger_proofs() -> None:
    """Add the ledger's proofs to those that `verify_ledger` runs."""
    for rule, (query, parameters) in PROOFS.items():
        register_proof(rule, partial(_prove, rule, query, parameters))


def _prove(rule: str, query: str, parameters: Mapping[str, int | str]) -> Iterator[Violation]:
    """Run a proof as of now: what an entry claims about its own instant does not move the day."""
    return rows_that_break(rule, query, {**parameters, "now": timezone.now().isoformat()})
