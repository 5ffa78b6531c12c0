"""Proofs over orders and gift cards: their points stand in the ledger, their value in their movements.

What an order cost, and what it bought, is what the catalogue said then: its changes in the admin are written
down from old to new, and those rows never change.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from functools import partial

from core.proof import register_proof, rows_that_break
from loyalty.models import EntryKind, TransferReason
from rewards.models import GiftCardMovementKind, GiftCardProduct, GiftCardState, OrderState

PARAMETERS: dict[str, int | str] = {
    "order": int(EntryKind.ORDER),
    "order_cancelled": int(EntryKind.ORDER_CANCELLED),
    "issue": int(GiftCardMovementKind.ISSUE),
    "redemption": int(GiftCardMovementKind.REDEMPTION),
    "cancellation": int(GiftCardMovementKind.CANCELLATION),
    "card_cancelled": GiftCardState.CANCELLED.value,
    "cancelled": OrderState.CANCELLED.value,
    "household": int(TransferReason.HOUSEHOLD),
    "product": GiftCardProduct._meta.label_lower,
    "added": f"{GiftCardProduct._meta.model_name}.added",
    "changed": f"{GiftCardProduct._meta.model_name}.changed",
}

GIFT_CARDS = """
SELECT 'gift card ' || g.id,
       format('%%s of %%s cents remain, %%s by its movements; issued %%s times for %%s,'
              ' cancelled %%s times for %%s, state %%s',
              g.balance_cents, g.face_value_cents, m.cents, m.issues, m.issued, m.cancellations,
              m.cancelled, g.state)
FROM rewards_giftcard g
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_cents), 0) AS cents,
           count(*) FILTER (WHERE kind = %(issue)s) AS issues,
           coalesce(sum(amount_cents) FILTER (WHERE kind = %(issue)s), 0) AS issued,
           count(*) FILTER (WHERE kind = %(cancellation)s) AS cancellations,
           coalesce(sum(amount_cents) FILTER (WHERE kind = %(cancellation)s), 0) AS cancelled,
           coalesce(bool_or(amount_cents >= 0) FILTER (WHERE kind = %(redemption)s), FALSE) AS upside_down
    FROM rewards_giftcardmovement WHERE gift_card_id = g.id) m
WHERE g.balance_cents <> m.cents OR g.balance_cents < 0 OR g.balance_cents > g.face_value_cents
   OR m.issues <> 1 OR m.issued <> g.face_value_cents OR m.upside_down
   OR CASE WHEN g.state = %(card_cancelled)s THEN m.cancellations <> 1 OR m.cancelled <> -g.face_value_cents
      ELSE m.cancellations <> 0 END
"""

MOVEMENTS = """
SELECT 'gift-card movement ' || id,
       format('%%s cents after it, movements so far %%s', balance_after_cents, so_far)
FROM (SELECT id, balance_after_cents, sum(amount_cents) OVER (PARTITION BY gift_card_id ORDER BY id) AS so_far
      FROM rewards_giftcardmovement) m
WHERE balance_after_cents <> so_far
"""

ORDERS = """
SELECT 'order ' || o.id,
       format('%%s for %%s points; entry %%s of account %%s for %%s points, cancelled by entry %%s,'
              ' gift card %%s',
              o.state, o.points, e.id, e.account_id, e.points, c.id, coalesce(g.state, 'missing'))
FROM rewards_order o
LEFT JOIN loyalty_entry e ON e.id = o.entry_id
LEFT JOIN loyalty_entry c ON c.corrects_id = o.entry_id AND c.kind = %(order_cancelled)s
LEFT JOIN rewards_giftcard g ON g.order_id = o.id
WHERE e.kind IS DISTINCT FROM %(order)s OR e.account_id <> o.account_id OR e.points <> -o.points
   OR (o.state = %(cancelled)s) <> (c.id IS NOT NULL)
   OR (o.state = %(cancelled)s) IS DISTINCT FROM (g.state = %(card_cancelled)s)
UNION ALL
SELECT 'entry ' || e.id, format('spends %%s points for no order', -e.points)
FROM loyalty_entry e LEFT JOIN rewards_order o ON o.entry_id = e.id
WHERE e.kind = %(order)s AND o.id IS NULL
"""

VALIDITY = """
SELECT 'gift-card movement ' || m.id,
       format('paid at %%s with a gift card valid through %%s', m.moved_at, g.expires_on)
FROM rewards_giftcardmovement m
JOIN rewards_giftcard g ON g.id = m.gift_card_id
JOIN rewards_order o ON o.id = g.order_id
JOIN loyalty_pointaccount a ON a.id = o.account_id
JOIN loyalty_programme p ON p.id = a.programme_id
WHERE m.kind = %(redemption)s AND (m.moved_at AT TIME ZONE p.time_zone)::date > g.expires_on
"""

# Every transfer of a household belongs to an order, and goes back when that is cancelled. An instant is taken
# before a lock is waited for: an order and the end of a permission may cross by as long as a request lasts.
SHARES = """
SELECT 'transfer ' || t.id,
       format('moves %%s points from account %%s to account %%s at %%s for order %%s of account %%s, %%s,'
              ' for %%s points by permission %%s of account %%s to account %%s, %%s to %%s; undone by %%s',
              e.points, t.source_id, t.target_id, t.moved_at, o.id, o.account_id, o.state, o.points, p.id,
              g.account_id, s.account_id, p.given_at, p.ended_at, u.id)
FROM loyalty_transfer t
LEFT JOIN rewards_ordershare x ON x.transfer_id = t.id
LEFT JOIN rewards_order o ON o.id = x.order_id
LEFT JOIN loyalty_spendingpermission p ON p.id = x.permission_id
LEFT JOIN loyalty_householdstay g ON g.id = p.giver_id
LEFT JOIN loyalty_householdstay s ON s.id = p.spender_id
LEFT JOIN loyalty_transfer u ON u.undoes_id = t.id
LEFT JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
WHERE t.reason = %(household)s AND t.undoes_id IS NULL AND (
      o.id IS NULL OR t.target_id <> o.account_id
   OR t.source_id <> g.account_id OR t.target_id <> s.account_id
   OR e.points IS NULL OR e.points < 1 OR e.id > o.entry_id
   OR (o.state = %(cancelled)s) <> (u.id IS NOT NULL)
   OR t.moved_at NOT BETWEEN greatest(p.given_at, g.joined_at, s.joined_at) - interval '10 minutes'
                         AND coalesce(p.ended_at, t.moved_at) + interval '10 minutes')
UNION ALL
SELECT 'order ' || o.id, format('took %%s points of others for %%s', sum(e.points), o.points)
FROM rewards_ordershare x JOIN rewards_order o ON o.id = x.order_id
JOIN loyalty_transfer t ON t.id = x.transfer_id
JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
GROUP BY o.id HAVING sum(e.points) > o.points
UNION ALL
SELECT 'transfer ' || t.id, format('is no transfer of a household, but part of order %%s', x.order_id)
FROM rewards_ordershare x JOIN loyalty_transfer t ON t.id = x.transfer_id
WHERE t.reason <> %(household)s OR t.undoes_id IS NOT NULL
"""

# The terms of a product from one change to the next; before the first, what that one found. An instant is
# taken before a lock is waited for: an order and a change may cross by as long as a request lasts.
PRICES = """
WITH changes AS MATERIALIZED (
    SELECT s.id, s.at, s.subject_id AS product_id, c.key AS term, c.value ->> 0 AS was,
           c.value ->> 1 AS became
    FROM core_staffaction s CROSS JOIN LATERAL jsonb_each(s.details -> 'changes') c
    WHERE s.subject_type = %(product)s AND s.action IN (%(added)s, %(changed)s)
), today AS (
    SELECT p.id AS product_id, t.*
    FROM rewards_giftcardproduct p
    CROSS JOIN LATERAL (
        VALUES ('price_points', p.price_points::text), ('validity_months', p.validity_months::text),
               ('face_value_cents', p.face_value_cents::text), ('currency', p.currency)) t(term, value)
), terms AS MATERIALIZED (
    SELECT product_id, term, became AS value, at - interval '10 minutes' AS since,
           lead(at) OVER (PARTITION BY product_id, term ORDER BY id) + interval '10 minutes' AS until
    FROM changes
    UNION ALL
    (SELECT DISTINCT ON (product_id, term) product_id, term, coalesce(was, became), NULL,
            at + interval '10 minutes'
     FROM changes ORDER BY product_id, term, id)
    UNION ALL
    SELECT product_id, term, value, NULL, NULL FROM today t
    WHERE NOT EXISTS (SELECT FROM changes c WHERE (c.product_id, c.term) = (t.product_id, t.term))
)
SELECT 'order ' || o.id,
       format('of %%s for %%s points, which was not the price of gift card %%s of the catalogue',
              o.ordered_at, -e.points, o.product_id)
FROM rewards_order o JOIN loyalty_entry e ON e.id = o.entry_id
WHERE NOT EXISTS (
    SELECT FROM terms t
    WHERE t.product_id = o.product_id AND t.term = 'price_points' AND t.value = (-e.points)::text
      AND o.ordered_at >= coalesce(t.since, '-infinity') AND o.ordered_at < coalesce(t.until, 'infinity'))
UNION ALL
SELECT 'gift card ' || g.id,
       format('of %%s %%s issued at %%s, valid through %%s, for gift card %%s of the catalogue at %%s',
              g.face_value_cents, g.currency, g.issued_at, g.expires_on, o.product_id, o.ordered_at)
FROM rewards_giftcard g
JOIN rewards_order o ON o.id = g.order_id
JOIN loyalty_entry e ON e.id = o.entry_id
JOIN loyalty_pointaccount a ON a.id = o.account_id JOIN loyalty_programme m ON m.id = a.programme_id
JOIN rewards_giftcardproduct p ON p.id = o.product_id
WHERE p.programme_id <> a.programme_id
   OR (g.face_value_cents, g.currency) <> (p.face_value_cents, p.currency)
   OR (g.issued_at, e.posted_at) <> (o.ordered_at, o.ordered_at)
   OR NOT EXISTS (
      SELECT FROM terms t
      WHERE t.product_id = o.product_id AND t.term = 'validity_months'
        AND o.ordered_at >= coalesce(t.since, '-infinity') AND o.ordered_at < coalesce(t.until, 'infinity')
        AND g.expires_on = ((g.issued_at AT TIME ZONE m.time_zone)::date
                            + make_interval(months => t.value::int))::date)
UNION ALL
SELECT 'gift card ' || t.product_id || ' of the catalogue',
       format('%%s is %%s, by its last change %%s', t.term, t.value, c.became)
FROM today t
JOIN (SELECT DISTINCT ON (product_id, term) product_id, term, became
      FROM changes ORDER BY product_id, term, id DESC) c USING (product_id, term)
WHERE c.became <> t.value
"""

PROOFS = {
    "gift card": GIFT_CARDS,
    "gift-card movement": MOVEMENTS,
    "gift card paid in time": VALIDITY,
    "order": ORDERS,
    "order of a household": SHARES,
    "price of an order": PRICES,
}
"""The rules of orders and gift cards, each with the query that finds the rows that break it."""


def register_reward_proofs() -> None:
    """Add the proofs of orders and gift cards to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(rows_that_break, rule, query, PARAMETERS))
