"""Proofs of what purchases earned: recomputed from the amounts and the versions of the rules, in SQL.

The evaluation in Python shares the points among the rules; here only what they must come to is worked out,
another way. Rows without a breakdown cost one comparison each.
"""

from collections.abc import Mapping

from loyalty.models import PurchaseKind, PurchaseState, TransferReason

NUMBERS: dict[str, int | str] = {
    "accepted": int(PurchaseState.ACCEPTED),
    "purchase": int(PurchaseKind.PURCHASE),
    "return": int(PurchaseKind.RETURN),
    "separation": int(TransferReason.SEPARATION),
}


def _entitled(purchase: str, cents: str) -> str:
    """Return the SQL for what the rules of a purchase's breakdown give for an amount, before any limit.

    Base rules added up, times the coefficients, rounded down once; and the bonuses. What waits for the n-th
    purchase is left out. Purchases that earned by full amounts only never give more than they did.
    """
    return f"""
    (SELECT CASE WHEN {purchase}.breakdown->0 ? 'full_amounts'
                 THEN least(({purchase}.breakdown->0->>'entitled')::numeric, shared.points)
                 ELSE shared.points + whole.bonuses END
     FROM (SELECT coalesce(product(r.per_cents) FILTER (WHERE r.effect = 'base'), 1) AS per_cents,
                  coalesce(product(r.factor_percent) FILTER (WHERE r.effect = 'multiplier'), 1) AS factor,
                  count(*) FILTER (WHERE r.effect = 'multiplier')::int AS factors,
                  coalesce(sum(r.points) FILTER (WHERE r.effect = 'bonus' AND r.nth_purchase IS NULL), 0)
                      AS bonuses
           FROM jsonb_array_elements({purchase}.breakdown) b
           JOIN loyalty_earningrule r ON r.id = (b->>'rule')::bigint
           WHERE {cents} > 0 AND coalesce(r.minimum_cents, 0) <= {cents}) whole
     CROSS JOIN LATERAL (
           SELECT div({cents} * coalesce(sum(r.points * div(whole.per_cents, r.per_cents)), 0) * whole.factor,
                      whole.per_cents * 100::numeric ^ whole.factors) AS points
           FROM jsonb_array_elements({purchase}.breakdown) b
           JOIN loyalty_earningrule r ON r.id = (b->>'rule')::bigint
           WHERE r.effect = 'base' AND coalesce(r.minimum_cents, 0) <= {cents}) shared)
    """  # noqa: S608 - the names are ours


_BOUGHT = """
JOIN loyalty_programme m ON m.id = p.programme_id
CROSS JOIN LATERAL (SELECT p.purchased_at AT TIME ZONE m.time_zone AS at) clock
CROSS JOIN LATERAL (
    SELECT clock.at::date AS day, extract(isodow FROM clock.at) AS weekday,
           extract(hour FROM clock.at) AS hour) bought
"""

# What the line itself says is looked at again; cards, birthdays and groups may have changed since. A version
# may end after purchases of the same minutes were recorded by it, some of which a till dated ahead. Versions
# of the time before there were instants all have the one at which they got theirs. Clocks and calendars are
# asked only where the rule does, since most rules do not.
_MISSED = """
    (r.applies_from > p.purchased_at AND r.applies_until IS DISTINCT FROM r.scheduled_at
     OR r.applies_until + interval '1 hour' < p.purchased_at
     OR cardinality(r.partner_ids) > 0 AND p.partner_id <> ALL(r.partner_ids)
     OR cardinality(r.store_ids) > 0 AND p.store_id <> ALL(r.store_ids)
     OR r.channel <> '' AND r.channel <> p.channel
     OR r.minimum_cents > p.amount_cents
     OR (num_nonnulls(r.starts_on, r.ends_on, r.from_hour, r.until_hour) > 0 OR cardinality(r.weekdays) > 0)
        AND (r.starts_on > bought.day OR r.ends_on < bought.day
             OR cardinality(r.weekdays) > 0 AND bought.weekday <> ALL(r.weekdays)
             OR CASE WHEN coalesce(r.from_hour, 0) < coalesce(r.until_hour, 24)
                     THEN bought.hour < r.from_hour OR bought.hour >= r.until_hour
                     ELSE bought.hour >= r.until_hour AND bought.hour < r.from_hour END))
"""

# Such a row names the one rule that gave everything: a base rule of its programme, without limit and budget.
EARNED = f"""
SELECT 'purchase ' || p.id,
       format('%%s points for %%s cents by rule %%s', p.points, p.amount_cents, coalesce(r.id::text, 'none'))
FROM loyalty_purchase p
LEFT JOIN loyalty_earningrule r ON r.id = p.rule_id
{_BOUGHT}
WHERE p.state = %(accepted)s AND p.kind = %(purchase)s AND p.breakdown IS NULL
  AND (p.points IS DISTINCT FROM coalesce(p.amount_cents * r.points / r.per_cents, 0)
       OR r.id IS NOT NULL
          AND (r.scheduled_at IS NULL OR r.programme_id <> p.programme_id OR r.effect <> 'base'
               OR r.limit_points IS NOT NULL OR r.budget_points IS NOT NULL OR {_MISSED}))
"""  # noqa: S608 - the names are ours

PARTS = f"""
SELECT 'purchase ' || p.id,
       format('%%s points for %%s cents, parts %%s', p.points, p.amount_cents, p.breakdown)
FROM loyalty_purchase p
{_BOUGHT}
CROSS JOIN LATERAL (
    SELECT coalesce(sum((b->>'points')::bigint), 0) AS points,
           coalesce(sum((b->>'entitled')::bigint) FILTER (WHERE NOT b ? 'counted'), 0) AS entitled,
           bool_or(r.id IS NULL OR r.scheduled_at IS NULL OR r.programme_id <> p.programme_id
                   OR r.effect <> b->>'kind' OR (r.nth_purchase IS NOT NULL) <> (b ? 'counted')
                   OR b ? 'past' AND (r.nth_purchase IS NULL OR r.is_every_nth OR b->>'entitled' <> '0')
                   OR CASE WHEN p.kind = %(purchase)s
                      THEN (b->>'points')::bigint NOT BETWEEN 0 AND (b->>'entitled')::bigint
                           OR (b->>'limit' IS NULL) <> (b->>'points' = b->>'entitled')
                           OR b->>'limit' = 'budget' AND r.budget_points IS NULL
                           OR b->>'limit' <> 'budget'
                              AND (r.limit_points IS NULL OR b->>'limit' <> r.limit_period)
                           OR NOT b ? 'full_amounts' AND {_MISSED}
                      ELSE (b->>'points')::bigint > 0 OR (b->>'entitled')::bigint > 0 END) AS is_odd
    FROM jsonb_array_elements(p.breakdown) b LEFT JOIN loyalty_earningrule r ON r.id = (b->>'rule')::bigint) g
WHERE p.state = %(accepted)s AND p.breakdown IS NOT NULL
  AND (g.points <> p.points OR g.is_odd OR p.rule_id IS NOT NULL
       OR p.kind = %(purchase)s AND g.entitled <> {_entitled("p", "p.amount_cents")})
"""  # noqa: S608 - the names are ours

RETURNS = f"""
SELECT 'purchase ' || o.id,
       format('%%s points for %%s cents, of which returns of %%s cents took back %%s',
              o.points, o.amount_cents, t.cents, t.points)
FROM (SELECT original_id, sum(amount_cents)::bigint AS cents, -sum(points) AS points
      FROM loyalty_purchase WHERE state = %(accepted)s AND kind = %(return)s GROUP BY original_id) t
LEFT JOIN loyalty_purchase o ON o.id = t.original_id
LEFT JOIN loyalty_earningrule r ON r.id = o.rule_id
CROSS JOIN LATERAL (SELECT greatest(0, o.amount_cents - t.cents) AS cents) kept
WHERE o.id IS NULL OR o.state <> %(accepted)s OR o.kind <> %(purchase)s OR t.points < 0
   OR CASE WHEN o.breakdown IS NULL
      THEN t.points > o.points
           OR t.points IS DISTINCT FROM o.points - coalesce(kept.cents * r.points / r.per_cents, 0)
      ELSE {_entitled("o", "kept.cents")} IS DISTINCT FROM (
          SELECT coalesce(sum((b->>'entitled')::bigint), 0)
          FROM loyalty_purchase l, jsonb_array_elements(l.breakdown) b
          WHERE (l.id = o.id OR l.original_id = o.id AND l.state = %(accepted)s) AND NOT b ? 'counted') END
UNION ALL
SELECT 'purchase ' || l.id,
       format('names purchase %%s of partner %%s by card %%s, takes back %%s of partner %%s by card %%s',
              l.original_reference, l.partner_id, l.card_id, o.reference, o.partner_id, o.card_id)
FROM loyalty_purchase l JOIN loyalty_purchase o ON o.id = l.original_id
WHERE (l.programme_id, l.partner_id, l.original_reference) <> (o.programme_id, o.partner_id, o.reference)
   OR l.kind <> %(return)s OR l.state = %(accepted)s AND l.card_id IS DISTINCT FROM o.card_id
"""  # noqa: S608 - the names are ours

PARTS_TAKEN_BACK = """
SELECT 'purchase ' || o.id,
       format('rule %%s gave %%s of %%s, returns took back %%s of %%s', g.rule, g.points, g.entitled,
              t.points, t.entitled)
FROM (SELECT l.original_id, b->>'rule' AS rule, -sum((b->>'points')::bigint) AS points,
             -sum((b->>'entitled')::bigint) AS entitled
      FROM loyalty_purchase l, jsonb_array_elements(l.breakdown) b
      WHERE l.state = %(accepted)s AND l.kind = %(return)s AND l.breakdown IS NOT NULL
      GROUP BY l.original_id, b->>'rule') t
JOIN loyalty_purchase o ON o.id = t.original_id
JOIN loyalty_earningrule r ON r.id = t.rule::bigint
LEFT JOIN LATERAL (
    SELECT b->>'rule' AS rule, (b->>'points')::bigint AS points, (b->>'entitled')::bigint AS entitled
    FROM jsonb_array_elements(o.breakdown) b WHERE b->>'rule' = t.rule) g ON true
WHERE g.rule IS NULL
   OR r.limit_points IS NULL AND r.nth_purchase IS NULL
      AND t.points <> g.points - least(g.points, g.entitled - t.entitled)
"""

# Purchases that a separation handed over count where their cards went back to.
HANDED_OVER = """
WITH handed_over AS (
    SELECT DISTINCT p.id AS purchase_id, t.target_id AS account_id
    FROM loyalty_transfer t
    JOIN loyalty_pointaccount s ON s.id = t.source_id JOIN loyalty_pointaccount a ON a.id = t.target_id
    JOIN members_membermerge m ON m.survivor_id = s.member_id AND m.merged_id = a.member_id
                              AND m.undone_at = t.moved_at
    JOIN members_mergedcard c ON c.merge_id = m.id
    JOIN loyalty_entry x ON x.transfer_id = t.id AND x.account_id = t.source_id
    JOIN loyalty_purchase p ON p.card_id = c.card_id
    JOIN loyalty_entry e ON e.purchase_id = p.id AND e.kind = %(purchase)s AND e.account_id = t.source_id
    WHERE t.reason = %(separation)s AND e.id < x.id AND e.id > coalesce((
        SELECT min(w.last_entry_id)
        FROM loyalty_mergedpoints w JOIN loyalty_transfer f ON f.id = w.transfer_id
        WHERE w.merge_id = m.id AND f.source_id = t.target_id), 0))
"""

# What a budget refused of a part stands in no tally: at most what it gave. Of versions with several limits
# the older ones count first, so how much each let through is not worked out: the largest is never passed.
# While two members were one, either got what there was for both: once they are separated, it may be less or
# more than their purchases give.
TALLIES = f"""
{HANDED_OVER}
SELECT 'tally of account ' || coalesce(t.account_id, g.account_id) || ' and rule '
                           || coalesce(t.family_id, g.family_id),
       format('%%s purchases, %%s points of %%s by %%s; by the purchases %%s, %%s of %%s', t.purchases,
              t.granted_points, t.entitled_points, t.by_version, g.purchases, g.granted, g.entitled)
FROM loyalty_ruletally t
FULL JOIN (
    SELECT account_id, family_id, period, period_starts_on, sum(purchases) AS purchases,
           sum(least(entitled, most)) AS entitled, sum(granted) AS granted,
           min(limit_points) AS lowest, max(limit_points) AS highest,
           bool_or(limit_points IS NULL) AS is_open
    FROM (
        SELECT coalesce(h.account_id, e.account_id) AS account_id,
               coalesce(r.family_id, r.id) AS family_id, r.limit_period AS period,
               CASE r.limit_period WHEN 'day' THEN d.day WHEN 'month' THEN date_trunc('month', d.day)::date
                                   ELSE DATE '1970-01-01' END AS period_starts_on,
               sum(CASE WHEN NOT b ? 'counted' THEN 0 WHEN p.kind = %(purchase)s THEN 1 ELSE -1 END)
                   AS purchases,
               sum((b->>'entitled')::bigint) AS entitled, sum((b->>'points')::bigint) AS granted,
               min((b->>'points')::bigint) FILTER (WHERE p.kind = %(purchase)s AND b->>'limit' = 'budget'
                                                     AND NOT b ? 'counted') AS most,
               r.limit_points
        FROM loyalty_purchase p
        CROSS JOIN LATERAL jsonb_array_elements(p.breakdown) b
        JOIN loyalty_earningrule r ON r.id = (b->>'rule')::bigint
        JOIN loyalty_programme g ON g.id = p.programme_id
        LEFT JOIN loyalty_purchase o ON o.id = p.original_id
        JOIN loyalty_entry e ON e.purchase_id = coalesce(o.id, p.id) AND e.kind = %(purchase)s
        LEFT JOIN handed_over h ON h.purchase_id = e.purchase_id
        CROSS JOIN LATERAL (
            SELECT (coalesce(o.purchased_at, p.purchased_at) AT TIME ZONE g.time_zone)::date AS day) d
        WHERE p.state = %(accepted)s AND p.breakdown IS NOT NULL
          AND (r.limit_points IS NOT NULL OR r.nth_purchase IS NOT NULL)
        GROUP BY 1, 2, 3, 4, e.purchase_id, r.id) one
    GROUP BY 1, 2, 3, 4) g USING (account_id, family_id, period, period_starts_on)
LEFT JOIN LATERAL (
    SELECT sum((v.value->>1)::bigint) AS entitled, min((v.value->>0)::bigint) AS lowest,
           max((v.value->>0)::bigint) AS highest
    FROM jsonb_each(t.by_version) v) v ON true
LEFT JOIN LATERAL (
    SELECT coalesce(sum((c.value->>0)::bigint), 0)::bigint AS points,
           coalesce(sum((c.value->>1)::bigint), 0)::bigint AS purchases,
           coalesce(sum((c.value->>2)::bigint), 0)::bigint AS missing
    FROM jsonb_each(t.carried) c) c ON true
LEFT JOIN loyalty_earningrule f ON f.id = t.family_id
CROSS JOIN LATERAL (
    SELECT least(CASE WHEN NOT g.is_open THEN greatest(0, g.highest - c.points) END, t.entitled_points)
           AS points) due
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT 1 FROM members_membermerge m
                   JOIN loyalty_pointaccount a ON a.member_id IN (m.survivor_id, m.merged_id)
                   WHERE a.id = t.account_id AND m.undone_at >= t.period_starts_on - 1) AS separated) was
WHERE (t.purchases, t.granted_points + c.missing) IS DISTINCT FROM
      (coalesce(g.purchases, 0), coalesce(g.granted, 0))
   OR t.entitled_points IS DISTINCT FROM coalesce(g.entitled, 0)
      AND (f.nth_purchase IS NULL OR NOT was.separated)
   OR t.entitled_points <> v.entitled
   OR (v.lowest, v.highest) IS DISTINCT FROM (g.lowest, g.highest) AND NOT was.separated
   OR f.nth_purchase IS NOT NULL AND t.entitled_points <> f.points * CASE
          WHEN f.is_every_nth THEN (t.purchases + c.purchases) / f.nth_purchase - c.purchases / f.nth_purchase
          ELSE (t.purchases + c.purchases >= f.nth_purchase)::int - (c.purchases >= f.nth_purchase)::int END
   OR NOT was.separated AND (
          t.granted_points > due.points
          OR t.granted_points < due.points AND (g.highest IS NULL OR g.lowest = g.highest AND NOT g.is_open)
             AND NOT EXISTS (SELECT 1 FROM loyalty_earningrule r
                             WHERE coalesce(r.family_id, r.id) = t.family_id AND r.budget_points IS NOT NULL))
"""  # noqa: S608 - the names are ours

# Whichever version gave points last, its budget was enough for all that had been given.
SPENDING = """
SELECT 'budget of rule ' || family_id,
       format('%%s points given, %%s by the purchases, budget %%s', s.granted_points, coalesce(g.granted, 0),
              coalesce(g.budget, b.budget))
FROM loyalty_rulespending s
FULL JOIN (
    SELECT coalesce(r.family_id, r.id) AS family_id, max(r.budget_points) AS budget FROM loyalty_earningrule r
    WHERE r.budget_points IS NOT NULL AND r.scheduled_at IS NOT NULL GROUP BY 1) b USING (family_id)
LEFT JOIN (
    SELECT coalesce(r.family_id, r.id) AS family_id, sum((b->>'points')::bigint) AS granted,
           max(r.budget_points) FILTER (WHERE (b->>'points')::bigint > 0) AS budget
    FROM loyalty_purchase p
    CROSS JOIN LATERAL jsonb_array_elements(p.breakdown) b
    JOIN loyalty_earningrule r ON r.id = (b->>'rule')::bigint AND r.budget_points IS NOT NULL
    WHERE p.state = %(accepted)s AND p.kind = %(purchase)s AND p.breakdown IS NOT NULL
    GROUP BY 1) g USING (family_id)
WHERE s.granted_points IS DISTINCT FROM coalesce(g.granted, 0) OR s.granted_points > coalesce(g.budget, 0)
"""

EARNING_PROOFS: dict[str, tuple[str, Mapping[str, int | str]]] = {
    "earned": (EARNED, NUMBERS),
    "parts": (PARTS, NUMBERS),
    "return": (RETURNS, NUMBERS),
    "part taken back": (PARTS_TAKEN_BACK, NUMBERS),
    "tally": (TALLIES, NUMBERS),
    "rule budget": (SPENDING, NUMBERS),
}
"""The rules about what purchases earn, each with the query that finds the rows that break it."""
