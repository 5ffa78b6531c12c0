"""The proofs of successions: what arrived is what left by the agreed rate, and nothing is left over."""

from collections.abc import Iterator, Mapping
from functools import partial

from django.utils import timezone

from core.proof import Violation, register_proof, rows_that_break
from loyalty.models import ConversionKind, EntryKind, PurchaseState, SuccessionState, TransferReason

# A conversion tells the ledger's own entries: what left the old account, what arrived in the new one, by lot.
CONVERSIONS = """
SELECT 'conversion ' || c.id,
       format('left %%s and arrived %%s; the entries say %%s and %%s, the parts %%s and %%s',
              c.left_points, c.arrived_points, -coalesce(o.points, 0), coalesce(n.points, 0),
              p.left_points, p.arrived_points)
FROM loyalty_conversion c
JOIN loyalty_succession s ON s.id = c.succession_id
JOIN loyalty_transfer t ON t.id = c.transfer_id
JOIN loyalty_pointaccount a ON a.id = c.account_id
JOIN loyalty_pointaccount b
  ON b.id = CASE WHEN t.source_id = c.account_id THEN t.target_id ELSE t.source_id END
LEFT JOIN loyalty_entry o ON o.transfer_id = t.id AND o.account_id = a.id
LEFT JOIN loyalty_entry n ON n.transfer_id = t.id AND n.account_id = b.id
CROSS JOIN LATERAL (
    SELECT sum((part ->> 2)::bigint) AS left_points, sum((part ->> 3)::bigint) AS arrived_points
    FROM jsonb_array_elements(c.parts) part) p
WHERE t.reason <> %(succession)s OR c.account_id NOT IN (t.source_id, t.target_id)
   OR a.programme_id <> s.source_id OR b.programme_id <> s.target_id
   OR -coalesce(o.points, 0) <> c.left_points OR coalesce(n.points, 0) <> c.arrived_points
   OR p.left_points IS DISTINCT FROM c.left_points OR p.arrived_points IS DISTINCT FROM c.arrived_points
UNION ALL
SELECT 'transfer ' || t.id, 'belongs to a succession and converted nothing'
FROM loyalty_transfer t LEFT JOIN loyalty_conversion c ON c.transfer_id = t.id
WHERE t.reason = %(succession)s AND c.id IS NULL
"""

# Points go to the same person: the same member, or the counterpart, or whom one of these led to then. A walk
# and a merge, or a separation, may cross by as long as one waits for the other. What undoes a transfer goes
# where that came from.
WHOSE_CONVERSIONS = """
SELECT 'conversion ' || c.id,
       format('of an account of member %%s, whose counterpart is %%s, with an account of member %%s',
              a.member_id, coalesce(k.counterpart_id::text, 'unknown'), b.member_id)
FROM loyalty_conversion c
JOIN loyalty_transfer t ON t.id = c.transfer_id AND t.undoes_id IS NULL
JOIN loyalty_pointaccount a ON a.id = c.account_id
JOIN loyalty_pointaccount b
  ON b.id = CASE WHEN t.source_id = c.account_id THEN t.target_id ELSE t.source_id END
LEFT JOIN loyalty_counterpart k ON k.succession_id = c.succession_id AND k.member_id = a.member_id
LEFT JOIN members_membermerge m
       ON m.merged_id = coalesce(k.counterpart_id, a.member_id) AND m.survivor_id = b.member_id
      AND t.moved_at BETWEEN m.merged_at - interval '1 hour'
                         AND coalesce(m.undone_at, t.moved_at) + interval '1 hour'
WHERE b.member_id <> a.member_id AND b.member_id IS DISTINCT FROM k.counterpart_id AND m.id IS NULL
"""

# The kind follows from the transfer and its parts: what it undoes, which way it goes, and whether lots or
# points owed moved. So no conversion calls itself one whose days are not proved. Points come back alike by a
# late return and by a reversal, after which come only others of its account.
CONVERSION_KINDS = """
SELECT 'conversion ' || c.id,
       format('of kind %%s, by transfer %%s that undoes %%s; left lots: %%s, came back: %%s, owed: %%s',
              c.kind, t.id, t.undoes_id, p.leave, p.come_back, p.are_owed)
FROM loyalty_conversion c
JOIN loyalty_succession s ON s.id = c.succession_id
JOIN loyalty_transfer t ON t.id = c.transfer_id
CROSS JOIN LATERAL (
    SELECT bool_and(part ->> 0 IS NOT NULL AND (part ->> 2)::bigint > 0) AS leave,
           bool_and(part ->> 0 IS NOT NULL AND (part ->> 2)::bigint < 0) AS come_back,
           bool_and(part ->> 0 IS NULL AND (part ->> 2)::bigint < 0) AS are_owed
    FROM jsonb_array_elements(c.parts) part) p
WHERE CASE
      WHEN t.undoes_id IS NOT NULL THEN c.kind <> %(given_back)s
      WHEN t.source_id = c.account_id AND p.leave THEN c.kind <> %(points)s
      WHEN t.source_id = c.account_id AND p.are_owed THEN c.kind <> %(owed)s
      WHEN t.target_id = c.account_id AND p.come_back THEN c.kind <> %(late_return)s AND (
          c.kind <> %(given_back)s OR s.state NOT IN (%(reversing)s, %(reversed)s)
          OR EXISTS (SELECT FROM loyalty_conversion n WHERE n.succession_id = c.succession_id
                     AND n.account_id = c.account_id AND n.id > c.id AND n.kind <> %(given_back)s))
      ELSE TRUE END
"""

_WORTH = """
    sign(m.left_points) * CASE s.rounding
        WHEN 'down' THEN div(abs(m.left_points) * s.new_points::numeric, s.old_points)
        WHEN 'up' THEN div(abs(m.left_points) * s.new_points::numeric + s.old_points - 1, s.old_points)
        ELSE div(2 * abs(m.left_points) * s.new_points::numeric + s.old_points, 2 * s.old_points) END
"""

# All that ever left, rounded once, is all that ever arrived: over the account, or over each of its lots.
RATE = f"""
SELECT format('account %%s of succession %%s%%s', m.account_id, s.id, ' lot ' || m.lot),
       format('%%s points left and %%s arrived', m.left_points, m.arrived_points)
FROM loyalty_succession s
JOIN (
    SELECT succession_id, account_id, NULL AS lot, sum(left_points) AS left_points,
           sum(arrived_points) AS arrived_points
    FROM loyalty_conversion GROUP BY succession_id, account_id
) m ON m.succession_id = s.id
WHERE s.rounded_over = 'account' AND m.arrived_points <> {_WORTH}
UNION ALL
SELECT format('account %%s of succession %%s%%s', m.account_id, s.id, ' lot ' || m.lot),
       format('%%s points left and %%s arrived', m.left_points, m.arrived_points)
FROM loyalty_succession s
JOIN (
    SELECT c.succession_id, c.account_id,
           coalesce(part ->> 0, '-') || ' ' || coalesce(part ->> 1, '-') AS lot,
           sum((part ->> 2)::bigint) AS left_points, sum((part ->> 3)::bigint) AS arrived_points
    FROM loyalty_conversion c CROSS JOIN jsonb_array_elements(c.parts) part GROUP BY 1, 2, 3
) m ON m.succession_id = s.id
WHERE s.rounded_over = 'lot' AND m.arrived_points <> {_WORTH}
"""  # noqa: S608 - the text put in stands above

# Points keep their days: they arrive in the lots that have the days of those they left.
DAYS = """
SELECT 'conversion ' || c.id,
       format('points that end on %%s arrived where none of those days left', l.expires_on)
FROM loyalty_conversion c
JOIN loyalty_transfer t ON t.id = c.transfer_id
JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
JOIN loyalty_lotuse u ON u.entry_id = e.id JOIN loyalty_lot l ON l.id = u.lot_id
WHERE c.kind = %(points)s AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(c.parts) part
    WHERE (part ->> 0)::date = l.expires_on AND (part ->> 1)::date = l.available_on
      AND (part ->> 3)::bigint >= -u.points)
"""

# Points that come back do so with the days with which they had left, or with those that they got by being
# reinstated in the new programme. Those of a late return repay what it left owed; where it had taken points
# of another lot, they go there, and no more than returns took of that. What undoes a transfer gives each lot
# what had left it: days of moved points. What was reinstated is looked for last (OFFSET), and seldom.
DAYS_BACK = """
SELECT 'conversion ' || c.id,
       format('%%s points that end on %%s came back where none of those days had left', -u.points,
              l.expires_on)
FROM loyalty_conversion c
JOIN loyalty_transfer t ON t.id = c.transfer_id AND t.undoes_id IS NULL
JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
JOIN loyalty_lotuse u ON u.entry_id = e.id AND u.points < 0 JOIN loyalty_lot l ON l.id = u.lot_id
WHERE c.kind IN (%(late_return)s, %(given_back)s) AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(c.parts) part
    WHERE (part ->> 0)::date = l.expires_on AND (part ->> 1)::date = l.available_on
      AND (part ->> 2)::bigint <= u.points)
  AND (c.kind <> %(late_return)s OR -u.points > (
    SELECT coalesce(sum(w.points), 0) FROM loyalty_lotuse w JOIN loyalty_entry r ON r.id = w.entry_id
    WHERE w.lot_id = u.lot_id AND r.kind = %(return)s AND r.id < e.id))
  AND NOT EXISTS (
    SELECT FROM loyalty_entry f
    JOIN loyalty_lotuse g ON g.entry_id = f.id AND g.points > 0 JOIN loyalty_lot k ON k.id = g.lot_id
    CROSS JOIN LATERAL (
        SELECT f.account_id UNION ALL
        SELECT source_id FROM loyalty_transfer WHERE target_id = f.account_id AND reason = %(merge)s) h
    JOIN loyalty_entry r ON r.account_id = h.account_id AND r.kind = %(reinstated)s
    JOIN loyalty_lot y ON y.id = r.lot_id
    WHERE f.transfer_id = t.id AND f.account_id = t.source_id
      AND (k.expires_on, k.available_on) = (l.expires_on, l.available_on)
      AND (y.expires_on, y.available_on) = (l.expires_on, l.available_on) OFFSET 0)
"""

# The sums of a succession, and what must be nothing at its end. What comes back to a closed programme, such
# as the points of a cancelled order, moves within the hour.
TOTALS = """
SELECT 'succession ' || s.id,
       format('says that %%s left and %%s arrived; its conversions say %%s and %%s',
              s.left_points, s.arrived_points, coalesce(c.left_points, 0), coalesce(c.arrived_points, 0))
FROM loyalty_succession s
LEFT JOIN (SELECT succession_id, sum(left_points) AS left_points, sum(arrived_points) AS arrived_points
           FROM loyalty_conversion GROUP BY succession_id) c ON c.succession_id = s.id
WHERE s.left_points <> coalesce(c.left_points, 0) OR s.arrived_points <> coalesce(c.arrived_points, 0)
UNION ALL
SELECT format('account %%s of succession %%s', c.account_id, c.succession_id),
       format('%%s, yet %%s points are gone and %%s came', min(s.state), sum(c.left_points),
              sum(c.arrived_points))
FROM loyalty_conversion c
JOIN loyalty_succession s ON s.id = c.succession_id AND s.state IN (%(reversed)s, %(abandoned)s)
GROUP BY c.account_id, c.succession_id HAVING sum(c.left_points) <> 0 OR sum(c.arrived_points) <> 0
UNION ALL
SELECT 'account ' || a.id,
       format('holds %%s points and owes %%s in a closed programme',
              a.balance_points + a.owed_points, a.owed_points)
FROM loyalty_succession s
JOIN loyalty_pointaccount a ON a.programme_id = s.source_id
JOIN loyalty_programme p ON p.id = s.source_id
JOIN loyalty_programme q ON q.id = s.target_id
JOIN members_member m ON m.id = a.member_id
LEFT JOIN loyalty_counterpart k ON k.succession_id = s.id AND k.member_id = a.member_id
LEFT JOIN members_member o
       ON o.id = coalesce(k.counterpart_id, CASE WHEN p.issuer_id = q.issuer_id THEN a.member_id END)
LEFT JOIN members_member n ON n.id = coalesce(o.merged_into_id, o.id)
LEFT JOIN loyalty_pointaccount t ON t.member_id = n.id AND t.programme_id = s.target_id
WHERE s.state = %(closed)s AND (a.balance_points <> 0 OR a.owed_points <> 0)
  AND m.erased_at IS NULL AND n.id IS NOT NULL AND n.erased_at IS NULL AND t.left_on IS NULL
  AND (a.left_on IS NULL OR EXISTS (SELECT FROM loyalty_conversion c
                                    WHERE c.succession_id = s.id AND c.account_id = a.id))
  AND (a.owed_points > 0 OR EXISTS (
      SELECT FROM loyalty_lot l WHERE l.account_id = a.id AND l.remaining_points > 0
        AND l.expires_on >= (%(now)s::timestamptz AT TIME ZONE p.time_zone)::date))
  AND NOT EXISTS (SELECT FROM loyalty_entry e WHERE e.account_id = a.id
                    AND e.posted_at > %(now)s::timestamptz - interval '2 hours')
UNION ALL
SELECT 'purchase ' || u.id, 'still waits in a closed programme'
FROM loyalty_purchase u JOIN loyalty_succession s ON s.source_id = u.programme_id AND s.state = %(closed)s
WHERE u.state = %(parked)s
"""

PROOFS: dict[str, tuple[str, Mapping[str, int | str]]] = {
    "conversion": (CONVERSIONS, {"succession": int(TransferReason.SUCCESSION)}),
    "whose conversion": (WHOSE_CONVERSIONS, {}),
    "kind of a conversion": (
        CONVERSION_KINDS,
        {
            "points": int(ConversionKind.POINTS),
            "late_return": int(ConversionKind.LATE_RETURN),
            "owed": int(ConversionKind.OWED),
            "given_back": int(ConversionKind.REVERSED),
            "reversing": str(SuccessionState.REVERSING),
            "reversed": str(SuccessionState.REVERSED),
        },
    ),
    "rate": (RATE, {}),
    "days kept": (DAYS, {"points": int(ConversionKind.POINTS)}),
    "days given back": (
        DAYS_BACK,
        {
            "late_return": int(ConversionKind.LATE_RETURN),
            "given_back": int(ConversionKind.REVERSED),
            "return": int(EntryKind.RETURN),
            "reinstated": int(EntryKind.REINSTATED),
            "merge": int(TransferReason.MERGE),
        },
    ),
    "succession": (
        TOTALS,
        {
            "reversed": str(SuccessionState.REVERSED),
            "abandoned": str(SuccessionState.ABANDONED),
            "closed": str(SuccessionState.CLOSED),
            "parked": int(PurchaseState.PARKED),
        },
    ),
}
"""The rules of successions, each with the query that finds the rows that break it."""


def register_succession_proofs() -> None:
    """Add the proofs of successions to those that `verify_ledger` runs."""
    for rule, (query, parameters) in PROOFS.items():
        register_proof(rule, partial(_prove, rule, query, parameters))


def _prove(rule: str, query: str, parameters: Mapping[str, int | str]) -> Iterator[Violation]:
    return rows_that_break(rule, query, {**parameters, "now": timezone.now().isoformat()})
