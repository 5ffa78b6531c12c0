"""Proofs over the days on which members and their cards took part: no purchase outside of them earned.

What is known today may be more than what was known when a purchase was recorded: a file may say late from
which day on a card was blocked. Accused is only what contradicts what had been written down by then.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from functools import partial

from core.proof import register_proof, rows_that_break
from loyalty.adjustments.deeds import LEFT
from loyalty.models import EntryKind, LeavingPolicy, PointAccount, PurchaseKind, PurchaseState
from loyalty.purchases.checks import CLOCK_DRIFT
from members.models import CardStatus

PARAMETERS: dict[str, int | str] = {
    "left": LEFT,
    "account": PointAccount._meta.label_lower,
    "earned": int(EntryKind.PURCHASE),
    "given_up": int(EntryKind.GIVEN_UP),
    "spendable": LeavingPolicy.SPENDABLE.value,
    "purchase": int(PurchaseKind.PURCHASE),
    "accepted": int(PurchaseState.ACCEPTED),
    "active": CardStatus.ACTIVE.value,
    "drift_seconds": int(CLOCK_DRIFT.total_seconds()),
}

# Leaving is for good, and leaving again keeps the first day.
LEAVINGS = """
SELECT 'account ' || a.id,
       format('left on %%s, by the actions of staff and members on %%s', coalesce(a.left_on::text, 'no day'),
              d.left_on)
FROM (SELECT b.id, min((s.at AT TIME ZONE m.time_zone)::date) AS left_on
      FROM core_staffaction s
      JOIN loyalty_pointaccount b ON b.id = s.subject_id JOIN loyalty_programme m ON m.id = b.programme_id
      WHERE s.action = %(left)s AND s.subject_type = %(account)s
      GROUP BY b.id) d
JOIN loyalty_pointaccount a ON a.id = d.id
WHERE a.left_on IS NULL OR a.left_on > d.left_on
"""

# Only whoever leaves gives points up, then or later, and so does whoever is erased. Those who keep theirs
# give up none, but for what came late before a succession was reversed: that let them spend what came back.
# The programme's time zone may have changed since.
GIVEN_UP = """
SELECT 'entry ' || e.id,
       format('gave up %%s points at %%s in account %%s, whose member left on %%s, by then %%s', -e.points,
              e.posted_at, a.id, coalesce(a.left_on::text, 'no day'), a.leaving_policy)
FROM loyalty_entry e
JOIN loyalty_pointaccount a ON a.id = e.account_id
JOIN loyalty_programme m ON m.id = a.programme_id
JOIN members_member w ON w.id = a.member_id
WHERE e.kind = %(given_up)s AND (
      a.left_on IS NULL AND w.erased_at IS NULL
   OR a.left_on - 1 > (e.posted_at AT TIME ZONE m.time_zone)::date
   OR a.leaving_policy = %(spendable)s AND NOT EXISTS (
      SELECT FROM loyalty_transfer t JOIN loyalty_conversion c ON c.transfer_id = t.id
      WHERE a.id IN (t.source_id, t.target_id) AND c.account_id = a.id
        AND t.moved_at >= e.posted_at - make_interval(secs => %(drift_seconds)s)))
"""

# The day asked is that of the account in which the purchase was posted, which whoever recorded it had looked
# up: neither a merge nor a separation changes that. Before the member left, a till whose clock ran ahead may
# have reported a purchase of the next day.
AFTER_LEAVING = """
SELECT 'purchase ' || p.id,
       format('made at %%s, recorded at %%s and posted at %%s to account %%s, whose member had left on %%s',
              p.purchased_at, p.received_at, e.posted_at, a.id, a.left_on)
FROM loyalty_pointaccount a
JOIN loyalty_programme m ON m.id = a.programme_id
JOIN loyalty_entry e ON e.account_id = a.id AND e.kind = %(earned)s
JOIN loyalty_purchase p ON p.id = e.purchase_id
WHERE a.left_on IS NOT NULL AND (e.occurred_at AT TIME ZONE m.time_zone)::date > a.left_on
  AND ((greatest(e.posted_at, p.received_at) AT TIME ZONE m.time_zone)::date > a.left_on
       OR p.purchased_at > p.received_at + make_interval(secs => %(drift_seconds)s))
"""

# A card is stopped from the first of several such news on until the next that lets it live. Both days count
# for the member. News are known once the step of their import has committed, minutes later.
STOPPED = """
SELECT 'purchase ' || p.id,
       format('made at %%s, recorded at %%s and posted at %%s with card %%s, %%s since %%s,'
              ' as was known at %%s',
              p.purchased_at, p.received_at, e.posted_at, p.card_id, c.status, c.since_on, c.known_at)
FROM (SELECT card_id, status, since_on,
             greatest(recorded_at, written_at) + interval '10 minutes' AS known_at,
             lag(status) OVER in_order AS former,
             min(since_on) FILTER (WHERE status = %(active)s) OVER (
                 in_order ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS lives_on
      FROM members_cardstatuschange
      WINDOW in_order AS (PARTITION BY card_id ORDER BY since_on, id)) c
JOIN loyalty_purchase p ON p.card_id = c.card_id AND p.kind = %(purchase)s AND p.state = %(accepted)s
JOIN loyalty_programme m ON m.id = p.programme_id
CROSS JOIN LATERAL (SELECT (p.purchased_at AT TIME ZONE m.time_zone)::date AS bought_on) d
JOIN loyalty_entry e ON e.purchase_id = p.id AND e.kind = %(earned)s
WHERE c.status <> %(active)s AND coalesce(c.former, %(active)s) = %(active)s
  AND d.bought_on > c.since_on AND d.bought_on < coalesce(c.lives_on, 'infinity')
  AND (greatest(e.posted_at, p.received_at) > c.known_at
       OR p.purchased_at > p.received_at + make_interval(secs => %(drift_seconds)s))
"""

STATUSES = """
SELECT 'card ' || c.id, format('is %%s, by its history %%s', c.status, h.status)
FROM (SELECT DISTINCT ON (card_id) card_id, status FROM members_cardstatuschange
      ORDER BY card_id, since_on DESC, id DESC) h
JOIN members_card c ON c.id = h.card_id
WHERE c.status <> h.status
UNION ALL
SELECT 'card ' || c.id, format('is %%s, and nothing says since when', c.status)
FROM members_card c
WHERE c.status <> %(active)s AND NOT EXISTS (SELECT FROM members_cardstatuschange h WHERE h.card_id = c.id)
"""

PROOFS = {
    "day of leaving": LEAVINGS,
    "points given up": GIVEN_UP,
    "purchase after leaving": AFTER_LEAVING,
    "purchase with a stopped card": STOPPED,
    "status of a card": STATUSES,
}
"""The rules of taking part, each with the query that finds the rows that break it."""


def register_taking_part_proofs() -> None:
    """Add these proofs to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(rows_that_break, rule, query, PARAMETERS))
