"""Proofs over the points that staff move: each has one request, within the limits and with the eyes it asked.

What they move without one, by merges or by letting members leave, stands with the deed as the ledger has it.
Both together stay within the limit of the day.

Each proof is one query that finds the rows that break its rule. Nothing here writes.
"""

from functools import partial

from core.proof import register_proof, rows_that_break
from loyalty.adjustments.decisions import APPROVED, DECLINED, WITHDRAWN
from loyalty.adjustments.deeds import LEFT, LIMITS, MERGED, POINTS, SEPARATED
from loyalty.adjustments.requests import POSTED, REQUESTED
from loyalty.models import AdjustmentKind, AdjustmentRequest, AdjustmentState, EntryKind
from loyalty.models.adjustments import MOST_POINTS

PARAMETERS: dict[str, int | str] = {
    "adjustment": int(AdjustmentKind.ADJUSTMENT),
    "goodwill": int(AdjustmentKind.GOODWILL),
    "reinstatement": int(AdjustmentKind.REINSTATEMENT),
    "posted": AdjustmentState.POSTED.value,
    "given_up": int(EntryKind.GIVEN_UP),
    "left": LEFT,
    "merged": MERGED,
    "separated": SEPARATED,
    "points": POINTS,
    "limits": LIMITS,
    "most_points": MOST_POINTS,
    "declined": AdjustmentState.DECLINED.value,
    "request": AdjustmentRequest._meta.label_lower,
    "asked_alone": POSTED,
    "asked": REQUESTED,
    "approved": APPROVED,
    "refused": DECLINED,
    "taken_back": WITHDRAWN,
}

REQUESTS = """
SELECT 'adjustment ' || q.id,
       format('%%s for %%s points of kind %%s on account %%s of programme %%s, day %%s; %%s movements'
              ' for %%s, %%s of them fit; the reason is of kind %%s and programme %%s',
              q.state, q.points, q.kind, q.account_id, q.programme_id, q.requested_on, m.entries, m.points,
              m.fitting, r.kind, r.programme_id)
FROM loyalty_adjustmentrequest q
JOIN loyalty_pointaccount a ON a.id = q.account_id JOIN loyalty_programme p ON p.id = a.programme_id
JOIN loyalty_adjustmentreason r ON r.id = q.reason_id
CROSS JOIN LATERAL (
    SELECT count(*) AS entries, coalesce(sum(e.points), 0) AS points,
           count(*) FILTER (WHERE e.kind = q.kind AND e.posted_at = q.decided_at
                            AND (e.account_id = q.account_id
                                 OR e.corrects_id IS NOT NULL AND EXISTS (
                                     SELECT FROM loyalty_pointaccount b JOIN members_membermerge g
                                       ON g.merged_id = b.member_id AND g.survivor_id = a.member_id
                                     WHERE b.id = e.account_id AND b.programme_id = a.programme_id)))
               AS fitting
    FROM loyalty_adjustmententry x JOIN loyalty_entry e ON e.id = x.entry_id WHERE x.request_id = q.id) m
CROSS JOIN LATERAL (
    SELECT count(*) AS expiries, coalesce(sum(w.points), 0) AS points,
           count(*) FILTER (WHERE EXISTS (SELECT FROM loyalty_adjustmententry x JOIN loyalty_entry e
                                          ON e.id = x.entry_id WHERE x.request_id = q.id
                                          AND e.corrects_id = w.expiry_id AND e.points = w.points)) AS undone,
           count(*) FILTER (WHERE q.requested_on > (SELECT max(l.expires_on) FROM loyalty_lotuse u
                                                    JOIN loyalty_lot l ON l.id = u.lot_id
                                                    WHERE u.entry_id = w.expiry_id) + w.window_days) AS late
    FROM loyalty_reinstatedexpiry w WHERE w.request_id = q.id) w
WHERE CASE WHEN q.state = %(posted)s
      THEN m.points <> q.points OR m.entries <> m.fitting
           OR m.entries <> CASE q.kind WHEN %(reinstatement)s THEN w.expiries ELSE 1 END
           OR w.undone <> w.expiries
      ELSE m.entries <> 0 END
   OR w.late > 0 OR CASE q.kind WHEN %(reinstatement)s THEN w.points <> q.points ELSE w.expiries <> 0 END
   OR q.programme_id <> a.programme_id OR r.programme_id <> a.programme_id OR r.kind <> q.kind
   OR r.takes_points <> (q.points < 0)
   OR q.requested_on <> (q.requested_at AT TIME ZONE p.time_zone)::date
"""

MOVEMENTS = """
SELECT 'entry ' || e.id, format('of kind %%s for %%s points, which nobody asked for', e.kind, e.points)
FROM loyalty_entry e LEFT JOIN loyalty_adjustmententry x ON x.entry_id = e.id
WHERE e.kind IN (%(adjustment)s, %(goodwill)s, %(reinstatement)s) AND x.id IS NULL
"""

FOUR_EYES = """
SELECT 'adjustment ' || id,
       format('posted for %%s points, asked by %%s, approved by %%s; %%s on this account and day,'
              ' %%s of them without a second person, of which %%s are allowed',
              points, requested_by_id, coalesce(decided_by_id::text, 'nobody'), together_points,
              posted_alone, alone_points)
FROM (SELECT q.*,
             coalesce(sum(abs(points)) FILTER (WHERE approve_before IS NULL)
                      OVER (PARTITION BY requested_by_id, account_id, requested_on ORDER BY id), 0)
                 AS posted_alone
      FROM loyalty_adjustmentrequest q WHERE state = %(posted)s) q
WHERE CASE WHEN approve_before IS NULL
      THEN together_points > alone_points OR posted_alone > alone_points OR posted_alone > together_points
           OR decided_by_id IS NOT NULL
      ELSE decided_by_id IS NULL OR decided_by_id = requested_by_id OR decided_at >= approve_before
           OR decided_at < requested_at END
"""

# Requests and deeds count together, in the order in which they were written down under the lock of the
# colleague's day. Who may approve is not counted for deeds: nothing stands with those.
_DAYS = """
(SELECT x.*, sum(points) OVER (PARTITION BY actor_id, programme_id, kind, day ORDER BY action_id, request_id)
                 AS of_day
 FROM (SELECT q.requested_by_id AS actor_id, q.programme_id, q.kind, q.requested_on AS day,
              abs(q.points) AS points, q.limit_points, q.alone_points, q.id AS request_id, w.action_id
       FROM loyalty_adjustmentrequest q
       CROSS JOIN LATERAL (
           SELECT min(s.id) AS action_id FROM core_staffaction s
           WHERE s.subject_type = %(request)s AND s.subject_id = q.id
             AND s.action IN (%(asked_alone)s, %(asked)s)) w
       WHERE q.state = %(posted)s
       UNION ALL
       SELECT s.actor_id, g.id, CASE s.action WHEN %(left)s THEN %(adjustment)s ELSE %(goodwill)s END,
              (s.at AT TIME ZONE g.time_zone)::date, p.value::bigint,
              coalesce((s.details -> %(limits)s ->> g.code)::bigint, 0), NULL, NULL, s.id
       FROM core_staffaction s
       CROSS JOIN LATERAL jsonb_each_text(s.details -> %(points)s) p
       JOIN loyalty_programme g ON g.code = p.key
       WHERE s.action IN (%(merged)s, %(separated)s, %(left)s)) x) d
"""

OF_A_DAY = f"""
SELECT 'adjustment ' || request_id,
       format('%%s points on %%s by %%s, whose limit was %%s', of_day, day, actor_id, limit_points)
FROM {_DAYS}
WHERE request_id IS NOT NULL
  AND (of_day > limit_points OR limit_points > %(most_points)s OR alone_points > limit_points)
"""  # noqa: S608 - the text put in stands above

# Whoever asks and whoever decides is written down as well. Sign-ins may be gone since, but their numbers are
# given in order: one that is still to come is nobody's.
WRITTEN_DOWN = """
SELECT 'adjustment ' || q.id,
       format('%%s, asked by %%s at %%s, decided by %%s at %%s; the actions of staff do not tell it so',
              q.state, q.requested_by_id, q.requested_at, coalesce(q.decided_by_id::text, 'nobody else'),
              q.decided_at)
FROM loyalty_adjustmentrequest q
WHERE NOT EXISTS (
      SELECT FROM core_staffaction s
      WHERE s.subject_type = %(request)s AND s.subject_id = q.id AND s.actor_id = q.requested_by_id
        AND s.at = q.requested_at
        AND s.action = CASE WHEN q.approve_before IS NULL THEN %(asked_alone)s ELSE %(asked)s END)
   OR q.decided_by_id IS NOT NULL AND (
      q.decided_by_id > (SELECT last_value FROM members_user_id_seq)
      OR NOT EXISTS (
         SELECT FROM core_staffaction s
         WHERE s.subject_type = %(request)s AND s.subject_id = q.id AND s.actor_id = q.decided_by_id
           AND s.at = q.decided_at
           AND s.action = CASE q.state WHEN %(posted)s THEN %(approved)s WHEN %(declined)s THEN %(refused)s
                                       ELSE %(taken_back)s END))
"""

# A merge counts at least what it moved.
DEEDS = f"""
SELECT 'action ' || action_id,
       format('%%s points of programme %%s on %%s by %%s, whose limit was %%s', of_day, programme_id, day,
              actor_id, limit_points)
FROM {_DAYS}
WHERE request_id IS NULL AND (of_day > limit_points OR limit_points > %(most_points)s)
UNION ALL
SELECT 'action ' || s.id, format('says that %%s points were lost; the movements say %%s', p.value, e.points)
FROM core_staffaction s
CROSS JOIN LATERAL jsonb_each_text(s.details -> %(points)s) p
CROSS JOIN LATERAL (
    SELECT -coalesce(sum(points), 0) AS points FROM loyalty_entry
    WHERE account_id = s.subject_id AND kind = %(given_up)s AND posted_at = s.at) e
WHERE s.action = %(left)s AND p.value::bigint <> e.points
UNION ALL
SELECT 'action ' || s.id,
       format('counts %%s points of %%s; the merge moved %%s', s.details -> %(points)s ->> g.code, g.code,
              e.points)
FROM core_staffaction s
JOIN members_membermerge m ON m.survivor_id = s.subject_id AND m.merged_at = s.at
     AND m.merged_id = (s.details ->> 'merged')::bigint
JOIN loyalty_mergedpoints w ON w.merge_id = m.id
JOIN loyalty_transfer t ON t.id = w.transfer_id AND t.moved_at = s.at
JOIN loyalty_entry e ON e.transfer_id = t.id AND e.account_id = t.target_id
JOIN loyalty_pointaccount a ON a.id = t.target_id JOIN loyalty_programme g ON g.id = a.programme_id
WHERE s.action = %(merged)s AND s.details -> %(points)s IS NOT NULL
  AND abs(e.points) > coalesce((s.details -> %(points)s ->> g.code)::bigint, 0)
"""  # noqa: S608 - the text put in stands above

PROOFS = {
    "adjustment": REQUESTS,
    "adjustment asked for": MOVEMENTS,
    "adjustment by four eyes": FOUR_EYES,
    "adjustment within limits": OF_A_DAY,
    "adjustment written down": WRITTEN_DOWN,
    "points moved by a deed": DEEDS,
}
"""The rules of what staff move, each with the query that finds the rows that break it."""


def register_adjustment_proofs() -> None:
    """Add these proofs to those that `verify_ledger` runs."""
    for rule, query in PROOFS.items():
        register_proof(rule, partial(rows_that_break, rule, query, PARAMETERS))
