"""How verdicts on purchases are written to rows that waited."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.bulk import bulk_cursor
from loyalty.earning.breakdown import GivenPart, stored_form
from loyalty.models import PurchaseState
from loyalty.purchases.earning import Earned


class Written(NamedTuple):
    """What is written to a parked purchase: its state, its card and what it earned."""

    purchase_id: int
    state: PurchaseState
    card_id: int
    earned: Earned


def packed_breakdown(parts: Iterable[GivenPart] | None) -> str | None:
    """Return a breakdown as the text of its JSON, or none."""
    return None if parts is None else json.dumps(stored_form(parts), separators=(",", ":"))


def write_purchases(rows: Sequence[Written]) -> None:
    """Write what became of parked purchases."""
    if not rows:
        return
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            UPDATE loyalty_purchase p SET state = s.state, reason = s.reason, points = s.points,
                   card_id = s.card_id, rule_id = s.rule_id, breakdown = s.breakdown::jsonb
            FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
                        %b::text[]) AS s(id, state, reason, points, card_id, rule_id, breakdown)
            WHERE p.id = s.id
            """,
            [
                [row.purchase_id for row in rows],
                [int(row.state) for row in rows],
                [str(row.earned.reason) for row in rows],
                [row.earned.points for row in rows],
                [row.card_id for row in rows],
                [row.earned.rule_id for row in rows],
                [packed_breakdown(row.earned.parts) for row in rows],
            ],
        )
