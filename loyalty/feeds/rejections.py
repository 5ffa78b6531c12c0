"""What is kept of rejected lines: what is safe, and enough for a statement to show why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalty.feeds.chunks import Chunk
from loyalty.feeds.purchase_lines import Remains, remains_of
from loyalty.feeds.verdicts import safe_reference
from loyalty.models import FeedImport, FeedKind, RejectedLine
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.places import known_cards
from partners.models import Store


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected line of a chunk; `card_id` when recording has found the card."""

    number: int
    reference: str
    reason: str
    remains: Remains
    card_id: int | None


def keep_rejections(chunk: Chunk, verdicts: Sequence[LineVerdict], feed_import: FeedImport) -> int:
    """Write the rejected lines of a chunk, in the caller's transaction; return how many."""
    rejected = list(_rejected_lines(chunk, verdicts, feed_import.kind))
    unknown = [one.remains.card_token for one in rejected if one.card_id is None and one.remains.card_token]
    cards = known_cards(feed_import.programme, unknown) if unknown else {}
    stores = _store_names(rejected)
    RejectedLine.objects.bulk_create(
        RejectedLine(
            feed_import=feed_import,
            line=one.number,
            reference=one.reference,
            reason=one.reason,
            card_id=one.card_id
            or (cards[one.remains.card_token].card_id if one.remains.card_token in cards else None),
            purchased_at=one.remains.purchased_at,
            amount_cents=one.remains.amount_cents,
            store_name=stores.get((one.remains.partner, one.remains.store), ""),
        )
        for one in rejected
    )
    return len(rejected)


def _rejected_lines(chunk: Chunk, verdicts: Sequence[LineVerdict], kind: str) -> Iterator[Rejected]:
    lines = iter(chunk.lines)
    for position, verdict in enumerate(verdicts):
        refused = chunk.refused.get(position)
        line = next(lines) if refused is None else None
        if verdict.outcome is not Outcome.REJECTED:
            continue
        remains = Remains()
        if isinstance(line, PurchaseLine):
            remains = Remains(line.partner, line.store, line.card_token, line.purchased_at, line.amount_cents)
        elif refused is not None and refused.fields is not None and kind == FeedKind.PURCHASES:
            remains = remains_of(refused.fields)
        yield Rejected(
            chunk.numbers[position],
            safe_reference(chunk.references[position]),
            verdict.reason,
            remains,
            verdict.card_id,
        )


def _store_names(rejected: Sequence[Rejected]) -> dict[tuple[str, str], str]:
    codes = {one.remains.store for one in rejected if one.remains.store}
    if not codes:
        return {}
    stores = Store.objects.filter(
        partner__code__in={one.remains.partner for one in rejected}, code__in=codes
    ).values_list("partner__code", "code", "name")
    return {(partner, store): name for partner, store, name in stores}
