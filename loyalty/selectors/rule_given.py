"""How many points a rule has given so far, added up from its purchases: only a budget keeps a sum."""

from collections.abc import Sequence

from django.db import OperationalError, connection, transaction

from loyalty.models import Programme, PurchaseState

MOST_MILLISECONDS = 1_000
"""So long a page may add up; a programme of many years has more purchases than that."""

GIVEN = """
SELECT coalesce((SELECT sum(p.points) FROM loyalty_purchase p
                 WHERE p.programme_id = %(programme)s AND p.state = %(accepted)s
                   AND p.rule_id = ANY(%(versions)s)), 0)
     + coalesce((SELECT sum((b->>'points')::bigint)
                 FROM loyalty_purchase p CROSS JOIN LATERAL jsonb_array_elements(p.breakdown) b
                 WHERE p.programme_id = %(programme)s AND p.state = %(accepted)s AND p.breakdown IS NOT NULL
                   AND (b->>'rule')::bigint = ANY(%(versions)s)), 0)
"""


def given_points(programme: Programme, version_ids: Sequence[int]) -> int | None:
    """Return what versions of a rule gave in all, less what returns took back; None where that takes long.

    One query, and two that say how long it may take.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(MOST_MILLISECONDS)])
            cursor.execute(
                GIVEN,
                {
                    "programme": programme.pk,
                    "accepted": int(PurchaseState.ACCEPTED),
                    "versions": list(version_ids),
                },
            )
            points = int(cursor.fetchone()[0])
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return points
    except OperationalError:
        return None
