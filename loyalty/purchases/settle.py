"""Posting the points of recorded purchases and settling lines that had to wait for a card or a purchase."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from core.bulk import bulk_cursor
from loyalty.dates import expiry_date, local_date
from loyalty.ledger.locks import lock_accounts
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, Programme, PurchaseKind, PurchaseState
from loyalty.purchases.checks import check_card
from loyalty.purchases.earning import points_for, points_taken_back
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.places import KnownCard
from loyalty.purchases.reasons import Reason


class Credit(NamedTuple):
    """The points of an accepted purchase, zero included, and the lot they grow."""

    purchase_id: int
    account_id: int
    points: int
    purchased_at: datetime
    lot: LotDates

    @classmethod
    def of(
        cls, *, purchase_id: int, account_id: int, points: int, purchased_at: datetime, programme: Programme
    ) -> "Credit":
        """Return the credit of a purchase, its expiry fixed now by the programme's rule of today."""
        purchased_on = local_date(purchased_at, programme.zone)
        expires_on = expiry_date(
            purchased_on, years=programme.points_validity_years, rounding=programme.expiry_rounding
        )
        available_on = purchased_on + timedelta(days=programme.days_until_available)
        return cls(purchase_id, account_id, points, purchased_at, LotDates(expires_on, available_on))


@dataclass(frozen=True, slots=True)
class WaitingReturn:
    """A parked return whose purchase is settled. The account is None when the purchase was rejected."""

    return_id: int
    amount_cents: int
    returned_at: datetime
    original_id: int
    original_cents: int
    card_id: int | None
    account_id: int | None
    rule_id: int
    points: int
    per_cents: int


@dataclass(frozen=True, slots=True)
class SettledReturn:
    """What became of a waiting return; `points` is zero or below."""

    waiting: WaitingReturn
    state: PurchaseState
    reason: Reason
    points: int


def waiting_returns(*, return_ids: Sequence[int], purchase_ids: Sequence[int]) -> list[WaitingReturn]:
    """Lock and return the parked returns, those given and those of the purchases, that can be settled."""
    if not return_ids and not purchase_ids:
        return []
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM loyalty_purchase o JOIN loyalty_purchase r
              ON r.partner_id = o.partner_id AND r.original_reference = o.reference
            WHERE o.id = ANY(%b) AND r.state = %s AND r.kind = %s
            """,
            [list(purchase_ids), PurchaseState.PARKED, PurchaseKind.RETURN],
        )
        wanted = sorted({*return_ids, *(row[0] for row in cursor.fetchall())})
        if not wanted:
            return []
        cursor.execute(
            """
            SELECT r.id, r.amount_cents, r.purchased_at, o.id, o.amount_cents, o.card_id,
                   CASE WHEN o.state = %s THEN a.id END, o.rule_id, u.points, u.per_cents
            FROM loyalty_purchase r
            JOIN loyalty_purchase o ON o.partner_id = r.partner_id AND o.reference = r.original_reference
                                   AND o.programme_id = r.programme_id
            JOIN loyalty_earningrule u ON u.id = o.rule_id
            LEFT JOIN members_card c ON c.id = o.card_id
            LEFT JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = o.programme_id
            WHERE r.id = ANY(%b) AND r.state = %s AND o.kind = %s AND o.state <> %s
            ORDER BY r.id FOR UPDATE OF r
            """,
            [
                PurchaseState.ACCEPTED,
                wanted,
                PurchaseState.PARKED,
                PurchaseKind.PURCHASE,
                PurchaseState.PARKED,
            ],
        )
        return [WaitingReturn(*row) for row in cursor.fetchall()]


def post_credits_and_returns(
    earned: Sequence[Credit], returns: Sequence[WaitingReturn], *, programme: Programme, at: datetime
) -> dict[int, LineVerdict]:
    """Post the credits, then settle the returns; return the verdict of each return by its id.

    All accounts are locked at once before anything is posted or any earlier return is counted. Credits are
    posted in the order of their purchases, whatever the order in which the lines came.
    """
    if returns:
        accounts = {credit.account_id for credit in earned}
        accounts |= {waiting.account_id for waiting in returns if waiting.account_id is not None}
        lock_accounts(accounts)
    post_batch(
        [
            Movement(
                account_id=credit.account_id,
                kind=EntryKind.PURCHASE,
                points=credit.points,
                occurred_at=credit.purchased_at,
                lot=credit.lot,
                purchase_id=credit.purchase_id,
            )
            for credit in sorted(earned, key=lambda credit: (credit.purchased_at, credit.purchase_id))
        ],
        zone=programme.zone,
        at=at,
    )
    if not returns:
        return {}
    settled = _decide(returns)
    _store(settled)
    _post_returns(settled, programme, at)
    return {
        one.waiting.return_id: LineVerdict(
            Outcome.ACCEPTED if one.state is PurchaseState.ACCEPTED else Outcome.REJECTED,
            one.reason,
            one.points,
            one.waiting.return_id,
            one.waiting.card_id,
        )
        for one in settled
    }


def _decide(returns: Sequence[WaitingReturn]) -> list[SettledReturn]:
    """Work out what each return takes back, counting the accepted returns of its purchase before it."""
    before: dict[int, int] = defaultdict(int)
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT original_id, sum(amount_cents)::bigint FROM loyalty_purchase"
            " WHERE original_id = ANY(%b) AND state = %s GROUP BY original_id",
            [[waiting.original_id for waiting in returns], PurchaseState.ACCEPTED],
        )
        before.update(cursor.fetchall())
    settled = []
    for waiting in returns:
        if waiting.account_id is None:
            settled.append(SettledReturn(waiting, PurchaseState.REJECTED, Reason.RETURN_OF_REJECTED, 0))
            continue
        if waiting.amount_cents > waiting.original_cents:
            settled.append(SettledReturn(waiting, PurchaseState.REJECTED, Reason.RETURN_ABOVE_PURCHASE, 0))
            continue
        taken = points_taken_back(
            purchase_cents=waiting.original_cents,
            returned_before_cents=before[waiting.original_id],
            returned_cents=waiting.amount_cents,
            points=waiting.points,
            per_cents=waiting.per_cents,
        )
        before[waiting.original_id] += waiting.amount_cents
        above = before[waiting.original_id] > waiting.original_cents
        reason = Reason.RETURN_ABOVE_REST if above else Reason.NONE
        settled.append(SettledReturn(waiting, PurchaseState.ACCEPTED, reason, -taken))
    return settled


def _store(settled: Sequence[SettledReturn]) -> None:
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            UPDATE loyalty_purchase p SET state = s.state, reason = s.reason, points = s.points,
                   original_id = s.original_id, card_id = s.card_id, rule_id = s.rule_id
            FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
                        %b::bigint[]) AS s(id, state, reason, points, original_id, card_id, rule_id)
            WHERE p.id = s.id
            """,
            [
                [one.waiting.return_id for one in settled],
                [int(one.state) for one in settled],
                [str(one.reason) for one in settled],
                [one.points for one in settled],
                [one.waiting.original_id for one in settled],
                [one.waiting.card_id for one in settled],
                [one.waiting.rule_id for one in settled],
            ],
        )


def _post_returns(settled: Sequence[SettledReturn], programme: Programme, at: datetime) -> None:
    originals = [one.waiting.original_id for one in settled]
    with bulk_cursor() as cursor:
        cursor.execute(
            "SELECT e.purchase_id, l.expires_on, l.available_on FROM loyalty_entry e"
            " JOIN loyalty_lot l ON l.id = e.lot_id WHERE e.purchase_id = ANY(%b) AND e.kind = %s",
            [originals, EntryKind.PURCHASE],
        )
        lots = {purchase_id: LotDates(*dates) for purchase_id, *dates in cursor.fetchall()}
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


@transaction.atomic
def settle_parked(
    *, programme: Programme, at: datetime, tokens: Sequence[str] | None = None, limit: int = 2000
) -> int:
    """Settle at most `limit` parked purchases whose card is known now, and the returns that waited for them.

    With `tokens` only those cards are looked at; without, also parked returns whose purchase arrived unseen.
    Returns how many lines were settled: call again until it is zero. Lines that another worker holds are
    passed over.
    """
    earned, purchase_ids = _settle_purchases(programme, tokens, limit)
    return_ids = _stray_returns(programme, limit) if tokens is None else []
    returns = waiting_returns(return_ids=return_ids, purchase_ids=purchase_ids)
    settled = post_credits_and_returns(earned, returns, programme=programme, at=at)
    return len(purchase_ids) + len(settled)


def _settle_purchases(
    programme: Programme, tokens: Sequence[str] | None, limit: int
) -> tuple[list[Credit], list[int]]:
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.amount_cents, p.purchased_at, u.points, u.per_cents,
                   c.id, a.id, c.status, c.status_on, a.left_on
            FROM loyalty_purchase p
            JOIN loyalty_earningrule u ON u.id = p.rule_id
            JOIN members_card c ON c.token = p.card_token AND c.issuer_id = %(issuer)s
            JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = p.programme_id
            WHERE p.programme_id = %(programme)s AND p.state = %(parked)s AND p.kind = %(purchase)s
              AND (%(tokens)b::text[] IS NULL OR p.card_token = ANY(%(tokens)b::text[]))
            ORDER BY p.id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED
            """,
            {
                "issuer": programme.issuer_id,
                "programme": programme.pk,
                "parked": PurchaseState.PARKED,
                "purchase": PurchaseKind.PURCHASE,
                "tokens": None if tokens is None else list(tokens),
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
        if not rows:
            return [], []
        earned: list[Credit] = []
        states: list[tuple[int, int, str, int, int]] = []
        for purchase_id, cents, purchased_at, rule_points, per_cents, card_id, account_id, *terms in rows:
            card = KnownCard(card_id, account_id, *terms)
            reason = check_card(card, local_date(purchased_at, programme.zone))
            if reason:
                states.append((purchase_id, int(PurchaseState.REJECTED), str(reason), 0, card_id))
                continue
            points = points_for(cents, points=rule_points, per_cents=per_cents)
            reason = Reason.NONE if points else Reason.BELOW_RULE_AMOUNT
            states.append((purchase_id, int(PurchaseState.ACCEPTED), str(reason), points, card_id))
            earned.append(
                Credit.of(
                    purchase_id=purchase_id,
                    account_id=account_id,
                    points=points,
                    purchased_at=purchased_at,
                    programme=programme,
                )
            )
        cursor.execute(
            """
            UPDATE loyalty_purchase p SET state = s.state, reason = s.reason, points = s.points,
                   card_id = s.card_id
            FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bigint[], %b::bigint[])
                 AS s(id, state, reason, points, card_id)
            WHERE p.id = s.id
            """,
            [list(column) for column in zip(*states, strict=True)],
        )
    return earned, [row[0] for row in rows]


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
