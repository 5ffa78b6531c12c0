"""Posting the points of recorded purchases and settling lines that had to wait for a card or a purchase."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from core.bulk import Columns, bulk_cursor
from loyalty.dates import local_date
from loyalty.earning.terms import Part
from loyalty.ledger.credit import Credit, credit_of, post_credits
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.follow import bring_expired_along
from loyalty.models import EntryKind, Programme, PurchaseKind, PurchaseState
from loyalty.purchases.checks import check_card
from loyalty.purchases.earning import Bought, Earned, Earnings, earned_by
from loyalty.purchases.lines import LineVerdict
from loyalty.purchases.meters import Meters
from loyalty.purchases.places import STATUS_CHANGES, KnownCard
from loyalty.purchases.returns import (
    SettledReturn,
    WaitingReturn,
    decide_returns,
    store_returns,
    waiting_returns,
)
from loyalty.purchases.separated import looking_again, refuse_separated
from loyalty.purchases.written import Written, write_purchases


class Metered(NamedTuple):
    """A purchase, still parked, whose points wait for a look at limits and budgets."""

    purchase_id: int
    account_id: int
    card_id: int
    purchased_at: datetime
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the metered purchases and of the returns, by their ids."""

    purchases: dict[int, Earned]
    returns: dict[int, LineVerdict]


def settle_points(
    earned: Sequence[Credit],
    metered: Sequence[Metered],
    *,
    looked_up: Iterable[tuple[int, int]],
    return_ids: Sequence[int],
    purchase_ids: Sequence[int],
    programme: Programme,
    at: datetime,
    columns: Columns | None = None,
) -> Settled:
    """Post what purchases earned, then settle the returns given and those that waited for the purchases.

    All accounts are locked at once before limits are looked at, anything is posted or any earlier return is
    counted. Purchases are looked at and posted in the order in which they were made, whatever the order in
    which the lines came. `columns` are those of what was earned when they were packed before.

    `looked_up` are the accounts found for the cards, each with its count of separations. Raises
    SeparatedMeanwhile when that of one of them, or of a return, is another by now.
    """
    returns = waiting_returns(
        return_ids=return_ids,
        purchase_ids=purchase_ids,
        settling={one.purchase_id: (one.card_id, one.account_id, None) for one in metered},
    )
    compared = {*looked_up, *_looked_up(returns)}
    is_counted = bool(returns or metered)
    if is_counted:
        _hold_accounts(earned, metered, returns)
        # Before anything is counted: the tally of whoever was separated does not hold it any more.
        refuse_separated(compared)
    meters = Meters()
    let_through = _let_through(metered, meters, programme) if metered else {}
    grants = [*earned, *_credits(metered, let_through, programme)]
    settled: list[SettledReturn] = []
    if returns:
        settled = decide_returns(
            returns,
            programme=programme,
            meters=meters,
            known=(part.rule for one in metered for part in one.parts),
        )
        store_returns(settled)
    if is_counted:
        meters.store()
    post_credits(grants, zone=programme.zone, at=at, columns=None if metered else columns)
    if not is_counted:
        refuse_separated(compared)
    _post_returns(settled, programme, at)
    return Settled(let_through, {one.waiting.return_id: one.verdict for one in settled})


def _looked_up(returns: Sequence[WaitingReturn]) -> Iterator[tuple[int, int]]:
    """Yield the accounts found for returns, each with its count of separations."""
    for one in returns:
        if one.account_id is not None and one.separations is not None:
            yield one.account_id, one.separations


def _hold_accounts(
    earned: Sequence[Credit], metered: Sequence[Metered], returns: Sequence[WaitingReturn]
) -> None:
    accounts = {one.account_id for one in earned} | {one.account_id for one in metered}
    accounts |= {one for waiting in returns for one in (waiting.account_id, waiting.counted_in_id) if one}
    lock_accounts(accounts)


def _credits(
    metered: Sequence[Metered], let_through: Mapping[int, Earned], programme: Programme
) -> Iterator[Credit]:
    """Yield what limits and budgets let through."""
    for one in metered:
        yield credit_of(
            purchase_id=one.purchase_id,
            account_id=one.account_id,
            points=let_through[one.purchase_id].points,
            purchased_at=one.purchased_at,
            programme=programme,
        )


def _let_through(metered: Sequence[Metered], meters: Meters, programme: Programme) -> dict[int, Earned]:
    """Look at limits and budgets, in the order of the purchases, and write what each purchase earned."""
    in_order = sorted(metered, key=lambda one: (one.purchased_at, one.purchase_id))
    days = {one.purchase_id: local_date(one.purchased_at, programme.zone) for one in in_order}
    meters.load((part.rule, one.account_id, days[one.purchase_id]) for one in in_order for part in one.parts)
    meters.lock_budgets(part.rule for one in in_order for part in one.parts)
    earned = {
        one.purchase_id: earned_by(
            [meters.grant(part, one.account_id, days[one.purchase_id]) for part in one.parts], is_metered=True
        )
        for one in in_order
    }
    write_purchases(
        [
            Written(one.purchase_id, PurchaseState.ACCEPTED, one.card_id, earned[one.purchase_id])
            for one in in_order
        ]
    )
    return earned


def _post_returns(settled: Sequence[SettledReturn], programme: Programme, at: datetime) -> None:
    if not settled:
        return
    originals = [one.waiting.original_id for one in settled]
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT e.purchase_id, l.expires_on, l.available_on FROM loyalty_entry e"
            " JOIN loyalty_lot l ON l.id = e.lot_id WHERE e.purchase_id = ANY(%b) AND e.kind = %s",
            [originals, EntryKind.PURCHASE],
        )
        lots = {purchase_id: LotDates(*dates) for purchase_id, *dates in cursor.fetchall()}
    _bring_along_what_expired(settled, lots, at)
    post_batch(
        [
            Movement(
                account_id=one.waiting.account_id,
                kind=EntryKind.RETURN,
                points=one.points,
                occurred_at=one.waiting.returned_at,
                lot=lots.get(one.waiting.original_id),
                purchase_id=one.waiting.return_id,
            )
            for one in settled
            if one.state is PurchaseState.ACCEPTED and one.waiting.account_id is not None
        ],
        zone=programme.zone,
        at=at,
    )


def _bring_along_what_expired(
    settled: Sequence[SettledReturn], lots: Mapping[int, LotDates], at: datetime
) -> None:
    """Let points that expired in an account of before be where the return of their purchase looks."""
    for one in settled:
        source_id, target_id = one.waiting.counted_in_id, one.waiting.account_id
        lot = lots.get(one.waiting.original_id)
        if (
            source_id is not None
            and target_id is not None
            and source_id != target_id
            and lot is not None
            and one.points
        ):
            bring_expired_along(source_id=source_id, target_id=target_id, lot=lot, points=-one.points, at=at)


def settle_parked(
    *, programme: Programme, at: datetime, tokens: Sequence[str] | None = None, limit: int = 2000
) -> int:
    """Settle at most `limit` parked purchases whose card is known now, and the returns that waited for them.

    They earn by the rules in force when they were made. With `tokens` only those cards are looked at;
    without, also parked returns whose purchase arrived unseen. Returns how many lines were settled: call
    again until it is zero. Lines that another worker holds are passed over.
    """
    return looking_again(partial(_settle_parked, programme, at, tokens, limit))


def _settle_parked(programme: Programme, at: datetime, tokens: Sequence[str] | None, limit: int) -> int:
    found = _parked_purchases(programme, tokens, limit)
    earned, metered = _settle_purchases(found, programme)
    purchase_ids = [purchase_id for purchase_id, _ in found]
    settled = settle_points(
        earned,
        metered,
        looked_up=[(bought.card.account_id, bought.card.separations) for _, bought in found],
        return_ids=_stray_returns(programme, limit) if tokens is None else [],
        purchase_ids=purchase_ids,
        programme=programme,
        at=at,
    )
    return len(purchase_ids) + len(settled.returns)


def _settle_purchases(
    found: Sequence[tuple[int, Bought]], programme: Programme
) -> tuple[list[Credit], list[Metered]]:
    """Write what became of the locked purchases that no limit holds up; return the others as well."""
    earnings = Earnings.of_batch(
        programme,
        [bought.purchased_at for _, bought in found],
        {bought.card.account_id for _, bought in found},
    )
    earned: list[Credit] = []
    metered: list[Metered] = []
    written: list[Written] = []
    for purchase_id, bought in found:
        card = bought.card
        reason = check_card(card, local_date(bought.purchased_at, programme.zone))
        if reason:
            refused = Earned(reason=reason)
            written.append(Written(purchase_id, PurchaseState.REJECTED, card.card_id, refused))
            continue
        earns = earnings.of(bought)
        if not isinstance(earns, Earned):
            metered.append(Metered(purchase_id, card.account_id, card.card_id, bought.purchased_at, earns))
            continue
        written.append(Written(purchase_id, PurchaseState.ACCEPTED, card.card_id, earns))
        earned.append(
            credit_of(
                purchase_id=purchase_id,
                account_id=card.account_id,
                points=earns.points,
                purchased_at=bought.purchased_at,
                programme=programme,
            )
        )
    write_purchases(written)
    return earned, metered


def _parked_purchases(
    programme: Programme, tokens: Sequence[str] | None, limit: int
) -> list[tuple[int, Bought]]:
    with bulk_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.id, p.amount_cents, p.purchased_at, p.partner_id, p.store_id, p.channel,
                   c.id, a.id, a.left_on, c.product_id, a.separations, h.days, h.statuses
            FROM loyalty_purchase p
            JOIN members_card c ON c.token = p.card_token AND c.issuer_id = %(issuer)s
            JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = p.programme_id
            {STATUS_CHANGES}
            WHERE p.programme_id = %(programme)s AND p.state = %(parked)s AND p.kind = %(purchase)s
              AND (%(tokens)b::text[] IS NULL OR p.card_token = ANY(%(tokens)b::text[]))
            ORDER BY p.id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED
            """,  # noqa: S608 - a constant is put in
            {
                "issuer": programme.issuer_id,
                "programme": programme.pk,
                "parked": PurchaseState.PARKED,
                "purchase": PurchaseKind.PURCHASE,
                "tokens": None if tokens is None else list(tokens),
                "limit": limit,
            },
        )
        return [
            (purchase_id, Bought(KnownCard(*card), *bought))
            for purchase_id, *bought, card in ((*row[:6], row[6:]) for row in cursor.fetchall())
        ]


def _stray_returns(programme: Programme, limit: int) -> list[int]:
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM loyalty_purchase r
            JOIN loyalty_purchase o ON o.partner_id = r.partner_id AND o.reference = r.original_reference
                                   AND o.programme_id = r.programme_id
            WHERE r.programme_id = %s AND r.state = %s AND r.kind = %s AND o.kind = %s AND o.state <> %s
            ORDER BY r.id LIMIT %s
            """,
            [
                programme.pk,
                PurchaseState.PARKED,
                PurchaseKind.RETURN,
                PurchaseKind.PURCHASE,
                PurchaseState.PARKED,
                limit,
            ],
        )
        return [row[0] for row in cursor.fetchall()]
