"""Recording purchases and returns: the same function serves the daily file, the till and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core.bulk import bulk_cursor, for_few_rows
from loyalty.dates import local_date
from loyalty.earning.terms import Part
from loyalty.ledger.credit import credit_of
from loyalty.models import FeedImport, Programme, PurchaseKind, PurchaseState
from loyalty.purchases.at_once import record_at_once
from loyalty.purchases.checks import Arrival, check_card, check_place, keep_open
from loyalty.purchases.earning import Bought, Earned, Earnings
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.places import (
    KnownCard,
    KnownPartner,
    KnownStore,
    known_cards,
    known_partners,
    known_stores,
)
from loyalty.purchases.reasons import Reason
from loyalty.purchases.settle import Metered, settle_points
from loyalty.purchases.written import packed_breakdown

INSERT_PURCHASES = """
INSERT INTO loyalty_purchase (
    programme_id, partner_id, store_id, reference, kind, card_token, card_id, purchased_at, amount_cents,
    channel, original_reference, state, reason, points, rule_id, breakdown, feed_import_id, received_at)
SELECT %(programme)s::bigint, n.partner_id, n.store_id, n.reference, n.kind, n.card_token, n.card_id,
       n.purchased_at, n.amount_cents, n.channel, n.original_reference, n.state, n.reason, n.points,
       n.rule_id, n.breakdown::jsonb, %(feed_import)s::bigint, %(at)s::timestamptz
FROM unnest(
    %(partner)b::bigint[], %(store)b::bigint[], %(reference)b::text[], %(kind)b::smallint[],
    %(token)b::text[], %(card)b::bigint[], %(purchased_at)b::timestamptz[], %(amount)b::bigint[],
    %(channel)b::text[], %(original)b::text[], %(state)b::smallint[], %(reason)b::text[],
    %(points)b::bigint[], %(rule)b::bigint[], %(breakdown)b::text[]
) AS n(partner_id, store_id, reference, kind, card_token, card_id, purchased_at, amount_cents, channel,
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that were looked at and are not recorded yet.

    `rejected` holds the verdicts on those that mean nothing, `found` the others, both by their position.
    """

    lines: Sequence[PurchaseLine]
    programme: Programme
    at: datetime
    rejected: dict[int, LineVerdict]
    found: dict[int, Candidate]


def record_purchases(
    lines: Sequence[PurchaseLine], *, programme: Programme, at: datetime
) -> list[LineVerdict]:
    """Record the lines, post their points and return one verdict a line, in order; all or nothing.

    A line sent again with the same content is a duplicate and changes nothing; with another content, or to
    another programme, it is rejected, as are lines the programme's rules refuse. A purchase of an unknown
    card and a return of an unknown purchase are parked and settled when the missing piece arrives.
    """
    if len(lines) != 1:
        return record_together(lines, programme=programme, at=at)
    verdict = record_at_once(lines[0], programme=programme, at=at)
    if verdict is not None:
        return [verdict]
    with for_few_rows():
        return record_together(lines, programme=programme, at=at)


@transaction.atomic
def record_together(
    lines: Sequence[PurchaseLine], *, programme: Programme, at: datetime
) -> list[LineVerdict]:
    """Record lines of any kind, the general way; see `record_purchases`."""
    keep_open(programme)
    return _record(look_at_purchases(lines, programme=programme, at=at), feed_import=None)


def look_at_purchases(lines: Sequence[PurchaseLine], *, programme: Programme, at: datetime) -> Batch:
    """Look up what the lines name and what they earn. Nothing is written, and no other lines change it.

    So the next lines of a file are looked at while those before are being recorded.
    """
    rejected, found = _sort_out(lines, programme, at)
    return Batch(lines, programme, at, rejected, found)


@transaction.atomic
def record_batch(batch: Batch, *, programme: Programme, feed_import: FeedImport | None) -> list[LineVerdict]:
    """Record lines that were looked at, once; see `record_purchases`.

    They are looked at again when the programme has become another since.
    """
    keep_open(programme)
    if batch.programme.terms_of_lines != programme.terms_of_lines:
        batch = look_at_purchases(batch.lines, programme=programme, at=batch.at)
    return _record(batch, feed_import=feed_import)


def _record(batch: Batch, *, feed_import: FeedImport | None) -> list[LineVerdict]:
    programme, at, rejected, found = batch.programme, batch.at, batch.rejected, batch.found
    firsts: dict[Key, Candidate] = {}
    for candidate in found.values():
        if candidate.state is not PurchaseState.REJECTED:
            firsts.setdefault(candidate.key, candidate)
    candidates = list(firsts.values())
    _insert(candidates, programme, feed_import, at)
    returns = _settle([c for c in candidates if c.purchase_id is not None], programme, at)
    stored = _stored_contents([c.key for c in found.values() if c.purchase_id is None])
    verdicts = []
    for index in range(len(batch.lines)):
        if index in rejected:
            verdicts.append(rejected[index])
        elif (purchase_id := found[index].purchase_id) is not None:
            verdicts.append(returns.get(purchase_id) or _verdict(found[index]))
        else:
            verdicts.append(_verdict_on_unrecorded(found[index], stored.get(found[index].key), programme))
    return verdicts


def _settle(recorded: Sequence[Candidate], programme: Programme, at: datetime) -> dict[int, LineVerdict]:
    """Post the points of the recorded lines; return the verdicts on returns that could be settled."""
    known = [(one, one.purchase_id, one.card) for one in recorded if one.purchase_id and one.card]
    metered = [
        Metered(purchase_id, card.account_id, card.card_id, one.line.purchased_at, one.parts)
        for one, purchase_id, card in known
        if one.parts is not None
    ]
    grants = [
        credit_of(
            purchase_id=purchase_id,
            account_id=card.account_id,
            points=one.earned.points,
            purchased_at=one.line.purchased_at,
            programme=programme,
        )
        for one, purchase_id, card in known
        if one.earned is not None
    ]
    settled = settle_points(
        grants,
        metered,
        return_ids=[
            one.purchase_id for one in recorded if one.purchase_id and one.line.kind is PurchaseKind.RETURN
        ],
        purchase_ids=[one.purchase_id for one in grants] + [one.purchase_id for one in metered],
        programme=programme,
        at=at,
    )
    for one in recorded:
        if one.purchase_id in settled.purchases:
            one.state, one.earned = PurchaseState.ACCEPTED, settled.purchases[one.purchase_id]
    return settled.returns


def _sort_out(
    lines: Sequence[PurchaseLine], programme: Programme, at: datetime
) -> tuple[dict[int, LineVerdict], dict[int, Candidate]]:
    """Return the verdicts on lines whose reference or amount means nothing, and the others, by position.

    Among the others are lines that the rules refuse today: they may have been recorded when these did not.
    """
    partners = known_partners(programme, lines)
    stores = known_stores(lines)
    cards = known_cards(programme, [line.card_token for line in lines])
    arrival, zone = Arrival(programme, at), programme.zone
    rejected: dict[int, LineVerdict] = {}
    found: dict[int, Candidate] = {}
    for index, line in enumerate(lines):
        card = cards.get(line.card_token)
        partner = partners.get(line.partner)
        store = stores.get((line.partner, line.store))
        if line.currency != programme.currency:
            reason = Reason.WRONG_CURRENCY
        elif partner is None:
            reason = Reason.UNKNOWN_PARTNER
        elif store is None:
            reason = Reason.UNKNOWN_STORE
        else:
            reason = arrival.check(line.purchased_at)
            if line.kind is PurchaseKind.PURCHASE and not reason:
                reason = _check_purchase(local_date(line.purchased_at, zone), partner, store, card)
            found[index] = _candidate(line, store, card, reason)
            continue
        rejected[index] = LineVerdict(Outcome.REJECTED, reason, card_id=card.card_id if card else None)
    _earn([one for one in found.values() if one.state is PurchaseState.ACCEPTED], programme)
    return rejected, found


def _earn(accepted: Sequence[Candidate], programme: Programme) -> None:
    """Work out what the purchases earn; those under a limit or a budget wait for a look at it."""
    bought = [
        Bought(
            one.card,
            one.line.amount_cents,
            one.line.purchased_at,
            one.store.partner_id,
            one.store.store_id,
            one.line.channel,
        )
        for one in accepted
        if one.card is not None
    ]
    earnings = Earnings.of_batch(
        programme, [one.purchased_at for one in bought], {one.card.account_id for one in bought}
    )
    for one, what in zip(accepted, bought, strict=True):
        earns = earnings.of(what)
        if isinstance(earns, Earned):
            one.earned = earns
        else:
            one.state, one.parts = PurchaseState.PARKED, earns


def _check_purchase(
    purchased_on: date, partner: KnownPartner, store: KnownStore, card: KnownCard | None
) -> Reason:
    return check_place(partner, store, purchased_on) or (
        check_card(card, purchased_on) if card else Reason.NONE
    )


def _candidate(line: PurchaseLine, store: KnownStore, card: KnownCard | None, refusal: Reason) -> Candidate:
    if refusal:
        return Candidate(line, store, card, PurchaseState.REJECTED, refusal)
    if line.kind is PurchaseKind.RETURN:
        return Candidate(line, store, card, PurchaseState.PARKED, Reason.UNKNOWN_PURCHASE)
    if card is None:
        return Candidate(line, store, card, PurchaseState.PARKED, Reason.UNKNOWN_CARD)
    return Candidate(line, store, card, PurchaseState.ACCEPTED)


def _insert(
    candidates: Sequence[Candidate], programme: Programme, feed_import: FeedImport | None, at: datetime
) -> None:
    """Insert the candidates whose reference is new and give those their id; the others keep none.

    References are inserted in order, so that two files with the same lines wait for each other and never in a
    circle.
    """
    if not candidates:
        return
    earned = [(one, one.earned) for one in candidates]
    with bulk_cursor() as cursor:
        cursor.execute(
            INSERT_PURCHASES,
            {
                "programme": programme.pk,
                "feed_import": feed_import.pk if feed_import else None,
                "at": at,
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
            },
        )
        ids = {
            (partner_id, reference): purchase_id for purchase_id, partner_id, reference in cursor.fetchall()
        }
    for candidate in candidates:
        candidate.purchase_id = ids.get(candidate.key)


def _stored_contents(keys: Sequence[Key]) -> dict[Key, Content]:
    if not keys:
        return {}
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT p.partner_id, p.reference, p.programme_id, p.kind, p.store_id, p.card_token,"
            " p.purchased_at, p.amount_cents, p.original_reference"
            " FROM unnest(%b::bigint[], %b::text[]) AS n(partner_id, reference)"
            " JOIN loyalty_purchase p USING (partner_id, reference)",
            [[partner_id for partner_id, _ in keys], [reference for _, reference in keys]],
        )
        return {
            (partner_id, reference): tuple(content) for partner_id, reference, *content in cursor.fetchall()
        }


def _verdict(candidate: Candidate) -> LineVerdict:
    card_id = candidate.card.card_id if candidate.card else None
    if candidate.earned is None:
        return LineVerdict(
            Outcome.PARKED, candidate.reason, purchase_id=candidate.purchase_id, card_id=card_id
        )
    return LineVerdict(
        Outcome.ACCEPTED, candidate.earned.reason, candidate.earned.points, candidate.purchase_id, card_id
    )


def _verdict_on_unrecorded(candidate: Candidate, stored: Content | None, programme: Programme) -> LineVerdict:
    card_id = candidate.card.card_id if candidate.card else None
    if stored is None:
        return LineVerdict(Outcome.REJECTED, candidate.reason, card_id=card_id)
    if (programme.pk, *candidate.content) == stored:
        return LineVerdict(Outcome.DUPLICATE, Reason.ALREADY_RECORDED, card_id=card_id)
    return LineVerdict(Outcome.REJECTED, Reason.REFERENCE_REUSED, card_id=card_id)
