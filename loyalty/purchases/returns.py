"""What returns take back. Those of one purchase count together: whatever the split, the end is the same.

What is taken back says `loyalty.earning.returned`; here are the rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from core.bulk import bulk_cursor
from loyalty.dates import local_date
from loyalty.earning.book import load_rules
from loyalty.earning.breakdown import GivenPart, parts_of
from loyalty.earning.returned import taken_back
from loyalty.earning.terms import Rule
from loyalty.merging.counted import HANDED_TO
from loyalty.models import EntryKind, Programme, PurchaseKind, PurchaseState
from loyalty.purchases.lines import LineVerdict, Outcome
from loyalty.purchases.meters import Meters
from loyalty.purchases.reasons import Reason
from loyalty.purchases.written import packed_breakdown


@dataclass(frozen=True, slots=True)
class WaitingReturn:
    """A parked return whose purchase is settled. The account is None when the purchase was rejected.

    `counted_in_id` is the account in which the purchase counts: another one when its member leads to the
    owner of the account since, or did then and no separation handed the purchase over. `separations` is the
    account's count when it was looked up, none when it is that of the purchase that is settled as well.
    """

    return_id: int
    amount_cents: int
    returned_at: datetime
    original_id: int
    card_id: int | None
    account_id: int | None
    counted_in_id: int | None
    separations: int | None


@dataclass(frozen=True, slots=True)
class Original:
    """A purchase as its returns find it."""

    amount_cents: int
    purchased_on: date
    rule_id: int | None
    given: tuple[GivenPart, ...]
    has_breakdown: bool
    returned_cents: int


@dataclass(frozen=True, slots=True)
class SettledReturn:
    """What became of a waiting return; `points` is zero or below."""

    waiting: WaitingReturn
    state: PurchaseState
    reason: Reason
    points: int = 0
    rule_id: int | None = None
    parts: tuple[GivenPart, ...] | None = None

    @property
    def verdict(self) -> LineVerdict:
        """What became of the line."""
        return LineVerdict(
            Outcome.ACCEPTED if self.state is PurchaseState.ACCEPTED else Outcome.REJECTED,
            self.reason,
            self.points,
            self.waiting.return_id,
            self.waiting.card_id,
        )


def waiting_returns(
    *, return_ids: Sequence[int], purchase_ids: Sequence[int], settling: Mapping[int, tuple[int, int, None]]
) -> list[WaitingReturn]:
    """Lock and return the parked returns, those given and those of the purchases, that can be settled.

    `settling` holds card and account of purchases that are about to be accepted and are still parked.
    """
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
            f"""
            SELECT r.id, r.amount_cents, r.purchased_at, o.id, coalesce(h.target_id, e.account_id), o.card_id,
                   CASE WHEN o.state = %s THEN a.id END, a.separations
            FROM loyalty_purchase r
            JOIN loyalty_purchase o ON o.partner_id = r.partner_id AND o.reference = r.original_reference
                                   AND o.programme_id = r.programme_id
            LEFT JOIN members_card c ON c.id = o.card_id
            LEFT JOIN loyalty_pointaccount a ON a.member_id = c.member_id AND a.programme_id = o.programme_id
            LEFT JOIN loyalty_entry e ON e.purchase_id = o.id AND e.kind = %s
            LEFT JOIN LATERAL ({HANDED_TO}) h ON true
            WHERE r.id = ANY(%b) AND r.state = %s AND o.kind = %s AND (o.state <> %s OR o.id = ANY(%b))
            ORDER BY r.id FOR UPDATE OF r
            """,  # noqa: S608 - a query of ours is put in
            [
                PurchaseState.ACCEPTED,
                EntryKind.PURCHASE,
                wanted,
                PurchaseState.PARKED,
                PurchaseKind.PURCHASE,
                PurchaseState.PARKED,
                list(settling),
            ],
        )
        rows = cursor.fetchall()
    returns = []
    for return_id, cents, returned_at, original_id, counts_in_id, *owner in rows:
        card_id, account_id, separations = settling.get(original_id, owner)
        counted_in_id = account_id and (counts_in_id or account_id)
        returns.append(
            WaitingReturn(
                return_id, cents, returned_at, original_id, card_id, account_id, counted_in_id, separations
            )
        )
    return returns


def decide_returns(
    returns: Sequence[WaitingReturn], *, programme: Programme, meters: Meters, known: Iterable[Rule]
) -> list[SettledReturn]:
    """Work out what each return takes back, counting the accepted returns of its purchase before it.

    Their accounts are locked. `known` are rules that are loaded already.
    """
    originals = _originals(returns, programme)
    rules = {rule.rule_id: rule for rule in known}
    named = {part.rule_id for original in originals.values() for part in original.given}
    rules |= load_rules(named - rules.keys())
    meters.load(
        (rules[part.rule_id], waiting.counted_in_id, originals[waiting.original_id].purchased_on)
        for waiting in returns
        if waiting.counted_in_id is not None
        for part in originals[waiting.original_id].given
    )
    before = {original_id: original.returned_cents for original_id, original in originals.items()}
    settled = []
    for waiting in returns:
        original = originals[waiting.original_id]
        if waiting.counted_in_id is None:
            settled.append(SettledReturn(waiting, PurchaseState.REJECTED, Reason.RETURN_OF_REJECTED))
            continue
        if waiting.amount_cents > original.amount_cents:
            settled.append(SettledReturn(waiting, PurchaseState.REJECTED, Reason.RETURN_ABOVE_PURCHASE))
            continue
        kept_before = max(0, original.amount_cents - before[waiting.original_id])
        before[waiting.original_id] += waiting.amount_cents
        kept_after = max(0, original.amount_cents - before[waiting.original_id])
        taken = taken_back(
            original.given,
            rules,
            kept_before=kept_before,
            kept_after=kept_after,
            take=partial(meters.take, account_id=waiting.counted_in_id, day=original.purchased_on),
        )
        above = before[waiting.original_id] > original.amount_cents
        settled.append(
            SettledReturn(
                waiting,
                PurchaseState.ACCEPTED,
                Reason.RETURN_ABOVE_REST if above else Reason.NONE,
                sum(part.points for part in taken),
                original.rule_id,
                taken if original.has_breakdown else None,
            )
        )
    return settled


def _originals(returns: Sequence[WaitingReturn], programme: Programme) -> dict[int, Original]:
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT o.id, o.amount_cents, o.purchased_at, o.points, o.rule_id, o.breakdown,
                   coalesce((SELECT sum(b.amount_cents) FROM loyalty_purchase b
                             WHERE b.original_id = o.id AND b.state = %s), 0)::bigint
            FROM loyalty_purchase o WHERE o.id = ANY(%b)
            """,
            [PurchaseState.ACCEPTED, sorted({waiting.original_id for waiting in returns})],
        )
        return {
            original_id: Original(
                cents,
                local_date(purchased_at, programme.zone),
                rule_id,
                parts_of(
                    breakdown=None if breakdown is None else json.loads(breakdown),
                    rule_id=rule_id,
                    points=points,
                ),
                breakdown is not None,
                returned,
            )
            for original_id, cents, purchased_at, points, rule_id, breakdown, returned in cursor.fetchall()
        }


def store_returns(settled: Sequence[SettledReturn]) -> None:
    """Write what became of the returns."""
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            UPDATE loyalty_purchase p SET state = s.state, reason = s.reason, points = s.points,
                   original_id = s.original_id, card_id = s.card_id, rule_id = s.rule_id,
                   breakdown = s.breakdown::jsonb
            FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
                        %b::bigint[], %b::text[])
                 AS s(id, state, reason, points, original_id, card_id, rule_id, breakdown)
            WHERE p.id = s.id
            """,
            [
                [one.waiting.return_id for one in settled],
                [int(one.state) for one in settled],
                [str(one.reason) for one in settled],
                [one.points for one in settled],
                [one.waiting.original_id for one in settled],
                [one.waiting.card_id for one in settled],
                [one.rule_id for one in settled],
                [packed_breakdown(one.parts) for one in settled],
            ],
        )
