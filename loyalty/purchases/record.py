"""Recording purchases and returns: the same function serves the daily file, the till and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from core.bulk import Columns, bulk_cursor, for_few_rows, pack_columns
from loyalty.dates import local_date
from loyalty.ledger.credit import Credit, credit_of
from loyalty.ledger.credit import columns_of as columns_of_credits
from loyalty.models import FeedImport, Programme, PurchaseKind, PurchaseState
from loyalty.purchases.at_once import record_at_once
from loyalty.purchases.checks import Arrival, check_card, check_place, keep_open
from loyalty.purchases.earning import Bought, Earned, Earnings
from loyalty.purchases.elsewhere import is_one_line_of_both
from loyalty.purchases.insert import (
    Candidate,
    Content,
    Key,
    columns_of,
    give_numbers,
    insert_purchases,
)
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
from loyalty.purchases.separated import SeparatedMeanwhile, looking_again
from loyalty.purchases.settle import Metered, settle_points


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
    planned: "Planned | None" = None

    @property
    def candidates(self) -> list[Candidate]:
        """The lines that may be recorded: of several with one reference the first."""
        firsts: dict[Key, Candidate] = {}
        for candidate in self.found.values():
            if candidate.state is not PurchaseState.REJECTED:
                firsts.setdefault(candidate.key, candidate)
        return list(firsts.values())


class Planned(NamedTuple):
    """What is written if every candidate is new, as is usual: built before anybody waits for it."""

    candidates: list[Candidate]
    columns: Columns
    earned: list[Credit]
    credit_columns: Columns
    looked_up: set[tuple[int, int]]


def plan_ahead(batch: Batch) -> Batch:
    """Give numbers to the lines that may be recorded, and pack what is written when all of them are new."""
    candidates = batch.candidates
    give_numbers(candidates)
    earned = _credits(candidates, batch.programme)
    planned = Planned(
        candidates,
        pack_columns(columns_of(candidates)),
        earned,
        pack_columns(columns_of_credits(earned)),
        _looked_up(candidates),
    )
    return replace(batch, planned=planned)


def record_purchases(
    lines: Sequence[PurchaseLine], *, programme: Programme, at: datetime
) -> list[LineVerdict]:
    """Record the lines, post their points and return one verdict a line, in order; all or nothing.

    A line sent again with the same content is a duplicate and changes nothing; with another content, or to
    another programme, it is rejected, as are lines the programme's rules refuse. A purchase of an unknown
    card and a return of an unknown purchase are parked and settled when the missing piece arrives. A return
    of a purchase in a programme that this one follows is parked, and then taken home (`elsewhere.py`).
    """
    if len(lines) != 1:
        return record_together(lines, programme=programme, at=at)
    verdict = record_at_once(lines[0], programme=programme, at=at)
    if verdict is not None:
        return [verdict]
    with for_few_rows():
        return record_together(lines, programme=programme, at=at)


def record_together(
    lines: Sequence[PurchaseLine],
    *,
    programme: Programme,
    at: datetime,
    feed_import: FeedImport | None = None,
) -> list[LineVerdict]:
    """Record lines of any kind, the general way; see `record_purchases`."""

    def record() -> list[LineVerdict]:
        keep_open(programme)
        return _record(look_at_purchases(lines, programme=programme, at=at), feed_import=feed_import)

    return looking_again(record)


def look_at_purchases(lines: Sequence[PurchaseLine], *, programme: Programme, at: datetime) -> Batch:
    """Look up what the lines name and what they earn. Nothing is written, and no other lines change it.

    So the next lines of a file are looked at while those before are being recorded.
    """
    rejected, found = _sort_out(lines, programme, at)
    return Batch(lines, programme, at, rejected, found)


def record_batch(batch: Batch, *, programme: Programme, feed_import: FeedImport | None) -> list[LineVerdict]:
    """Record lines that were looked at, once; see `record_purchases`.

    They are looked at again when the programme has become another since, or members were separated.
    """
    try:
        return _record_looked_at(batch, programme, feed_import)
    except SeparatedMeanwhile:
        return record_together(batch.lines, programme=programme, at=batch.at, feed_import=feed_import)


@transaction.atomic
def _record_looked_at(
    batch: Batch, programme: Programme, feed_import: FeedImport | None
) -> list[LineVerdict]:
    keep_open(programme)
    if batch.programme.terms_of_lines != programme.terms_of_lines:
        batch = look_at_purchases(batch.lines, programme=programme, at=batch.at)
    return _record(batch, feed_import=feed_import)


def _record(batch: Batch, *, feed_import: FeedImport | None) -> list[LineVerdict]:
    programme, at, rejected, found = batch.programme, batch.at, batch.rejected, batch.found
    planned = batch.planned
    candidates = planned.candidates if planned else batch.candidates
    columns = planned.columns if planned else columns_of(candidates)
    inserted = insert_purchases(candidates, columns, programme=programme, feed_import=feed_import, at=at)
    if inserted != len(candidates):
        planned = None
    returns = _settle([c for c in candidates if c.purchase_id is not None], programme, at, planned)
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


def _settle(
    recorded: Sequence[Candidate], programme: Programme, at: datetime, planned: Planned | None
) -> dict[int, LineVerdict]:
    """Post the points of the recorded lines; return the verdicts on returns that could be settled."""
    metered = [
        Metered(one.purchase_id, one.card.account_id, one.card.card_id, one.line.purchased_at, one.parts)
        for one in recorded
        if one.parts is not None and one.purchase_id and one.card
    ]
    earned = planned.earned if planned else _credits(recorded, programme)
    settled = settle_points(
        earned,
        metered,
        looked_up=planned.looked_up if planned else _looked_up(recorded),
        return_ids=[
            one.purchase_id for one in recorded if one.purchase_id and one.line.kind is PurchaseKind.RETURN
        ],
        purchase_ids=[one.purchase_id for one in earned] + [one.purchase_id for one in metered],
        programme=programme,
        at=at,
        columns=planned.credit_columns if planned else None,
    )
    for one in recorded:
        if one.purchase_id in settled.purchases:
            one.state, one.earned = PurchaseState.ACCEPTED, settled.purchases[one.purchase_id]
    return settled.returns


def _looked_up(candidates: Sequence[Candidate]) -> set[tuple[int, int]]:
    """Return the accounts found for the cards, each with its count of separations."""
    return {(one.card.account_id, one.card.separations) for one in candidates if one.card}


def _credits(candidates: Sequence[Candidate], programme: Programme) -> list[Credit]:
    """Return what the purchases earned that wait for no limit."""
    return [
        credit_of(
            purchase_id=one.purchase_id,
            account_id=one.card.account_id,
            points=one.earned.points,
            purchased_at=one.line.purchased_at,
            programme=programme,
        )
        for one in candidates
        if one.earned is not None and one.purchase_id and one.card
    ]


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


def _stored_contents(keys: Sequence[Key]) -> dict[Key, tuple[int, Content]]:
    """Return of each reference that is known the programme in which it stands, and what it says."""
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
            (partner_id, reference): (programme_id, tuple(content))
            for partner_id, reference, programme_id, *content in cursor.fetchall()
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


def _verdict_on_unrecorded(
    candidate: Candidate, stored: tuple[int, Content] | None, programme: Programme
) -> LineVerdict:
    card_id = candidate.card.card_id if candidate.card else None
    if stored is None:
        return LineVerdict(Outcome.REJECTED, candidate.reason, card_id=card_id)
    programme_id, content = stored
    if content == candidate.content and (
        programme_id == programme.pk
        or (candidate.line.kind is PurchaseKind.RETURN and is_one_line_of_both(programme_id, programme.pk))
    ):
        return LineVerdict(Outcome.DUPLICATE, Reason.ALREADY_RECORDED, card_id=card_id)
    return LineVerdict(Outcome.REJECTED, Reason.REFERENCE_REUSED, card_id=card_id)
