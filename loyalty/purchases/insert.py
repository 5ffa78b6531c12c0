"""Lines that may be recorded, and the statement that inserts those whose reference is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.bulk import Columns, bulk_cursor
from loyalty.earning.terms import Part
from loyalty.models import FeedImport, Programme, PurchaseState
from loyalty.purchases.earning import Earned
from loyalty.purchases.lines import PurchaseLine
from loyalty.purchases.places import KnownCard, KnownStore
from loyalty.purchases.reasons import Reason
from loyalty.purchases.written import packed_breakdown

INSERT_PURCHASES = """
INSERT INTO loyalty_purchase (
    id, programme_id, partner_id, store_id, reference, kind, card_token, card_id, purchased_at, amount_cents,
    channel, original_reference, state, reason, points, rule_id, breakdown, feed_import_id, received_at)
SELECT coalesce(n.id, nextval((SELECT pg_get_serial_sequence('loyalty_purchase', 'id')::regclass))),
       %(programme)s::bigint, n.partner_id, n.store_id, n.reference, n.kind, n.card_token, n.card_id,
       n.purchased_at, n.amount_cents, n.channel, n.original_reference, n.state, n.reason, n.points,
       n.rule_id, n.breakdown::jsonb, %(feed_import)s::bigint, %(at)s::timestamptz
FROM unnest(
    %(id)b::bigint[], %(partner)b::bigint[], %(store)b::bigint[], %(reference)b::text[], %(kind)b::smallint[],
    %(token)b::text[], %(card)b::bigint[], %(purchased_at)b::timestamptz[], %(amount)b::bigint[],
    %(channel)b::text[], %(original)b::text[], %(state)b::smallint[], %(reason)b::text[],
    %(points)b::bigint[], %(rule)b::bigint[], %(breakdown)b::text[]
) AS n(id, partner_id, store_id, reference, kind, card_token, card_id, purchased_at, amount_cents, channel,
       original_reference, state, reason, points, rule_id, breakdown)
ORDER BY n.partner_id, n.reference
ON CONFLICT (partner_id, reference) DO NOTHING
RETURNING id, partner_id, reference
"""

Key = tuple[int, str]
"""A purchase's identity for ever: its partner and its reference."""

Content = tuple[object, ...]
"""What must be equal, with the programme, for two lines with one reference to be the same line."""


@dataclass(slots=True)
class Candidate:
    """A line that may be recorded, with what was found for it.

    An accepted purchase has either earned, or has parts that wait, parked, for a look at limits and budgets.
    """

    line: PurchaseLine
    store: KnownStore
    card: KnownCard | None
    state: PurchaseState
    reason: Reason = Reason.NONE
    earned: Earned | None = None
    parts: tuple[Part, ...] | None = None
    purchase_id: int | None = None

    @property
    def key(self) -> Key:
        """Its identity for ever."""
        return self.store.partner_id, self.line.reference

    @property
    def content(self) -> Content:
        """What a repeat in the same programme must be equal in."""
        line = self.line
        return (
            int(line.kind),
            self.store.store_id,
            line.card_token,
            line.purchased_at,
            line.amount_cents,
            line.original_reference,
        )


def give_numbers(candidates: Sequence[Candidate]) -> None:
    """Give the candidates the ids with which they will be inserted. Those that will not be leave a gap."""
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence('loyalty_purchase', 'id')::regclass))"
            " FROM generate_series(1, %s)",
            [len(candidates)],
        )
        for candidate, (purchase_id,) in zip(
            sorted(candidates, key=lambda one: one.key), cursor.fetchall(), strict=True
        ):
            candidate.purchase_id = purchase_id


def columns_of(candidates: Sequence[Candidate]) -> dict[str, list[Any]]:
    """Return the candidates as the columns of the statement that inserts them."""
    earned = [(one, one.earned) for one in candidates]
    return {
        "id": [c.purchase_id for c in candidates],
        "partner": [c.store.partner_id for c in candidates],
        "store": [c.store.store_id for c in candidates],
        "reference": [c.line.reference for c in candidates],
        "kind": [int(c.line.kind) for c in candidates],
        "token": [c.line.card_token for c in candidates],
        "card": [c.card.card_id if c.card else None for c in candidates],
        "purchased_at": [c.line.purchased_at for c in candidates],
        "amount": [c.line.amount_cents for c in candidates],
        "channel": [c.line.channel for c in candidates],
        "original": [c.line.original_reference for c in candidates],
        "state": [int(c.state) for c in candidates],
        "reason": [str(e.reason if e else c.reason) for c, e in earned],
        "points": [e.points if e else 0 for _, e in earned],
        "rule": [e.rule_id if e else None for _, e in earned],
        "breakdown": [packed_breakdown(e.parts) if e else None for _, e in earned],
    }


def insert_purchases(
    candidates: Sequence[Candidate],
    columns: Columns,
    *,
    programme: Programme,
    feed_import: FeedImport | None,
    at: datetime,
) -> int:
    """Insert the candidates whose reference is new; those have an id then, the others none. Return how many.

    References are inserted in order, so that two files with the same lines wait for each other and never in a
    circle.
    """
    if not candidates:
        return 0
    with bulk_cursor() as cursor:
        cursor.execute(
            INSERT_PURCHASES,
            {
                **columns,
                "programme": programme.pk,
                "feed_import": feed_import.pk if feed_import else None,
                "at": at,
            },
        )
        if cursor.rowcount == len(candidates) and candidates[0].purchase_id is not None:
            return cursor.rowcount
        ids = {
            (partner_id, reference): purchase_id for purchase_id, partner_id, reference in cursor.fetchall()
        }
    for candidate in candidates:
        candidate.purchase_id = ids.get(candidate.key)
    return len(ids)
