"""The kinds of feed: their columns, how a line is read and how a chunk of lines is recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loyalty.dates import local_date
from loyalty.enrolment import enrol_members
from loyalty.feeds import cardholder_lines, counterpart_lines, purchase_lines, store_lines
from loyalty.models import Agreement, FeedImport, FeedKind, PointAccount, Programme
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import Batch, look_at_purchases, plan_ahead, record_batch
from loyalty.purchases.settle import settle_parked
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from members.services.cardholders import CardholderLine, CardholderOutcome, record_cardholders
from partners.services.stores import StoreLine, record_stores

PARKED_AT_ONCE = 2000
"""Parked lines settled in one transaction, so that a member at the till does not wait for a file."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What one kind of file is made of.

    `read` turns the fields, in the order of `columns`, into a line or raises Malformed. `record` records
    lines inside the caller's transaction and returns one verdict a line. `settle` runs after the chunk
    committed, in transactions of its own, and again when an import resumes: a repeat changes nothing.
    `reference` names the columns by which the sender finds a line again. `look_at` makes of lines what
    `record` takes: it only reads, and nothing that `record` writes, so lines are looked at ahead.
    """

    columns: tuple[str, ...]
    reference: tuple[str, ...]
    read: Callable[[Sequence[str]], Any]
    record: Callable[[Any, FeedImport], list[LineVerdict]]
    settle: Callable[[Sequence[Any], Sequence[LineVerdict], FeedImport], None] | None = None
    look_at: Callable[[Sequence[Any], FeedImport], Any] = lambda lines, _feed_import: lines


def _look_at_purchase_lines(lines: Sequence[PurchaseLine], feed_import: FeedImport) -> Batch:
    programme = Programme.objects.select_related("issuer").get(pk=feed_import.programme_id)
    return plan_ahead(look_at_purchases(lines, programme=programme, at=feed_import.business_at))


def _record_purchase_lines(batch: Batch, feed_import: FeedImport) -> list[LineVerdict]:
    return record_batch(batch, programme=feed_import.programme, feed_import=feed_import)


def _record_store_lines(lines: Sequence[StoreLine], feed_import: FeedImport) -> list[LineVerdict]:
    """Record stores; their partners join the programme."""
    recorded = record_stores(lines)
    programme = feed_import.programme
    partner_ids = sorted({store.partner_id for store in recorded})
    joined = set(
        Agreement.objects.filter(programme=programme, partner_id__in=partner_ids).values_list(
            "partner_id", flat=True
        )
    )
    Agreement.objects.bulk_create(
        [Agreement(programme=programme, partner_id=pk) for pk in partner_ids if pk not in joined],
        ignore_conflicts=True,
    )
    verdicts = []
    for store in recorded:
        is_new = store.is_change or store.partner_id not in joined
        joined.add(store.partner_id)
        verdicts.append(
            LineVerdict(Outcome.ACCEPTED) if is_new else LineVerdict(Outcome.DUPLICATE, Reason.UNCHANGED)
        )
    return verdicts


_CARDHOLDER_REFUSALS = {
    CardholderOutcome.UNKNOWN_PRODUCT: Reason.UNKNOWN_CARD_PRODUCT,
    CardholderOutcome.ERASED_MEMBER: Reason.ERASED_MEMBER,
    CardholderOutcome.CARD_OF_ANOTHER_MEMBER: Reason.CARD_OF_ANOTHER_MEMBER,
}


def _record_cardholder_lines(
    lines: Sequence[tuple[CardholderLine, Reason]], feed_import: FeedImport
) -> list[LineVerdict]:
    """Record cards and their members, who take part in the programme from now on."""
    programme, at = feed_import.programme, feed_import.business_at
    recorded = record_cardholders(
        [line for line, _ in lines], issuer=programme.issuer, on=local_date(at, programme.zone), at=at
    )
    member_ids = {one.member_id for one in recorded if one.member_id is not None}
    enrolled = set(
        PointAccount.objects.filter(programme=programme, member_id__in=member_ids).values_list(
            "member_id", flat=True
        )
    )
    enrol_members(member_ids=sorted(member_ids), programme=programme, at=at)
    verdicts = []
    for one, (_, left_out) in zip(recorded, lines, strict=True):
        older = Reason.STATUS_LEFT_OUT if one.has_older_status else Reason.NONE
        if one.outcome in _CARDHOLDER_REFUSALS:
            verdicts.append(LineVerdict(Outcome.REJECTED, _CARDHOLDER_REFUSALS[one.outcome]))
        elif one.outcome is CardholderOutcome.CHANGED or one.member_id not in enrolled:
            verdicts.append(LineVerdict(Outcome.ACCEPTED, older or left_out))
        else:
            verdicts.append(LineVerdict(Outcome.DUPLICATE, older or Reason.UNCHANGED))
        if one.member_id is not None:
            enrolled.add(one.member_id)
    return verdicts


_COUNTERPART_VERDICTS = {
    CounterpartOutcome.CHANGED: LineVerdict(Outcome.ACCEPTED),
    CounterpartOutcome.UNCHANGED: LineVerdict(Outcome.DUPLICATE, Reason.UNCHANGED),
    CounterpartOutcome.NO_SUCCESSION: LineVerdict(Outcome.REJECTED, Reason.NO_SUCCESSION),
    CounterpartOutcome.CLOSED: LineVerdict(Outcome.REJECTED, Reason.SUCCESSION_CLOSED),
    CounterpartOutcome.UNKNOWN_MEMBER: LineVerdict(Outcome.REJECTED, Reason.UNKNOWN_MEMBER),
    CounterpartOutcome.UNKNOWN_COUNTERPART: LineVerdict(Outcome.REJECTED, Reason.UNKNOWN_COUNTERPART),
    CounterpartOutcome.TWO_COUNTERPARTS: LineVerdict(Outcome.REJECTED, Reason.TWO_COUNTERPARTS),
    CounterpartOutcome.ERASED: LineVerdict(Outcome.REJECTED, Reason.ERASED_MEMBER),
    CounterpartOutcome.TAKEN: LineVerdict(Outcome.REJECTED, Reason.COUNTERPART_TAKEN),
    CounterpartOutcome.MOVED: LineVerdict(Outcome.REJECTED, Reason.COUNTERPART_MOVED),
}


def _record_counterpart_lines(lines: Sequence[CounterpartLine], feed_import: FeedImport) -> list[LineVerdict]:
    """Record who members of the programme that ends are in the one that follows."""
    outcomes = record_counterparts(lines, programme=feed_import.programme)
    return [_COUNTERPART_VERDICTS[outcome] for outcome in outcomes]


def _settle_cards(
    lines: Sequence[tuple[CardholderLine, Reason]], verdicts: Sequence[LineVerdict], feed_import: FeedImport
) -> None:
    """Settle what waited for the cards of a chunk."""
    tokens = [
        line.card_token
        for (line, _), verdict in zip(lines, verdicts, strict=True)
        if verdict.outcome is Outcome.ACCEPTED
    ]
    if tokens:
        settle_until_nothing_waits(programme=feed_import.programme, at=feed_import.business_at, tokens=tokens)


def settle_until_nothing_waits(
    *, programme: Programme, at: datetime, tokens: Sequence[str] | None = None
) -> int:
    """Settle every parked line that can be, in bounded transactions; return how many.

    With `tokens` only the lines of those cards.
    """
    settled = 0
    while count := settle_parked(programme=programme, at=at, tokens=tokens, limit=PARKED_AT_ONCE):
        settled += count
    return settled


FEEDS: dict[str, Feed] = {
    FeedKind.STORES: Feed(
        columns=store_lines.COLUMNS,
        reference=("partner", "store"),
        read=store_lines.read_store,
        record=_record_store_lines,
    ),
    FeedKind.CARDHOLDERS: Feed(
        columns=cardholder_lines.COLUMNS,
        reference=("member_reference",),
        read=cardholder_lines.read_cardholder,
        record=_record_cardholder_lines,
        settle=_settle_cards,
    ),
    FeedKind.PURCHASES: Feed(
        columns=purchase_lines.COLUMNS,
        reference=("reference",),
        read=purchase_lines.read_purchase,
        record=_record_purchase_lines,
        look_at=_look_at_purchase_lines,
    ),
    FeedKind.COUNTERPARTS: Feed(
        columns=counterpart_lines.COLUMNS,
        reference=("member_reference",),
        read=counterpart_lines.read_counterpart,
        record=_record_counterpart_lines,
    ),
}
