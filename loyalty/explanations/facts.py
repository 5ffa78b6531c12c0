"""What is known about a recorded purchase or return, read for many lines at once. It writes nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from core.formatting import in_language
from core.prepared import prepared_rows
from loyalty.dates import local_date
from loyalty.earning.book import RULE_COLUMNS, rule_of_row
from loyalty.earning.breakdown import GivenPart, parts_of
from loyalty.earning.shares import is_reduction
from loyalty.earning.words import Names, sentence_for_members
from loyalty.merging.counted import HANDED_TO
from loyalty.models import (
    ConversionKind,
    EntryKind,
    LeavingPolicy,
    Programme,
    PurchaseKind,
    PurchaseState,
    RuleEffect,
    SuccessionState,
)
from loyalty.purchases.reasons import Reason
from loyalty.selectors.rule_names import names_for


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """What one version of a rule gave or took back, and what its limit is.

    `sentence` says the rule in the reader's language, but for its budget; it is empty where the name says as
    much.
    """

    name_fr: str
    name_en: str
    sentence: str
    kind: RuleEffect
    entitled_points: int
    points: int
    limit: str | None
    limit_points: int | None
    limits_differ: bool
    """Whether versions of the rule had different limits when it decided, which then count together."""
    minimum_cents: int
    """The smallest amount that it asks for; zero when it asks for none."""
    is_counted: bool
    is_past: bool
    """Whether its bonus is for one purchase, and another one counted before."""
    is_reduction: bool
    """Whether it is a coefficient below 1, which gives nothing and leaves fewer points to the others."""
    bought_points: int
    """Of a return: what the rule had given for the purchase."""
    left_points: int
    """Of a return: how many of these earlier returns had left; below zero where they took more."""

    @property
    def name(self) -> str:
        """Its name in the reader's language."""
        return in_language(french=self.name_fr, english=self.name_en)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A line with all that decided on it. Days are those of the programme's time zone.

    A line that waits for its card has no card; one that gave nothing has no days. One that was refused when
    it was read has no number, as nothing of it was recorded.
    """

    purchase_id: int | None
    reference: str
    is_return: bool
    state: PurchaseState
    reason: Reason
    happened_on: date
    amount_cents: int
    currency: str
    partner_name: str
    store_name: str
    card_last4: str
    card_product: str
    rules: tuple[ExplainedRule, ...]
    points: int
    available_on: date | None
    expires_on: date | None
    returned_on: date | None
    """Of a return: the day of the purchase that was brought back."""
    bought_points: int
    """Of a return: what the purchase had earned."""
    repaid_points: int = 0
    """Of a purchase: how many of its points repaid points owed, so that nobody can spend them."""
    kept_before_cents: int = 0
    """Of a return: how much of the purchase had been kept until then."""
    given_up_on: date | None = None
    """The day on which the member left the programme, where that cost them the points they had not used."""
    handed_over_on: date | None = None
    """The day on which its points went over to the account of its card, as two members were separated."""
    successor: str = ""
    moved_on: date | None = None
    """The programme to which points of its days went over, and when."""
    is_over: bool = False
    """Whether the last day of its points is over today."""
    recorded_on: date | None = None
    """The day on which its points were posted; none while nothing was."""

    @property
    def kept_cents(self) -> int:
        """Of a return: how much of the purchase is kept after it."""
        return max(0, self.kept_before_cents - self.amount_cents)


LINES = f"""
SELECT p.id, p.reference, p.kind, p.state, p.reason, p.purchased_at, p.amount_cents, b.name, s.name,
       coalesce(c.last4, ''), coalesce(d.name, ''), p.points, p.rule_id, p.breakdown::text,
       l.available_on, l.expires_on, -coalesce(e.owed_change_points, 0), e.posted_at,
       o.purchased_at, coalesce(o.points, 0), o.rule_id, o.breakdown::text,
       o.amount_cents - coalesce(r.cents, 0), r.taken::text, q.moved_at, w.name, w.moved_at,
       CASE WHEN h.leaving_policy = %(lost)s AND NOT EXISTS (
           SELECT FROM loyalty_succession n JOIN loyalty_conversion v ON v.succession_id = n.id
           WHERE n.source_id = h.programme_id AND v.account_id = h.id AND v.kind = %(moved)s
             AND n.state <> ALL(%(undone)s)
       ) THEN h.left_on END
FROM loyalty_purchase p
JOIN partners_partner b ON b.id = p.partner_id
JOIN partners_store s ON s.id = p.store_id
LEFT JOIN members_card c ON c.id = p.card_id
LEFT JOIN members_cardproduct d ON d.id = c.product_id
LEFT JOIN loyalty_purchase o ON o.id = p.original_id
LEFT JOIN loyalty_entry e ON e.purchase_id = p.id AND e.kind = %(purchase)s
LEFT JOIN loyalty_lot l ON l.id = e.lot_id
LEFT JOIN loyalty_pointaccount a ON a.id = e.account_id
LEFT JOIN loyalty_pointaccount h ON h.id = coalesce(a.merged_into_id, a.id)
LEFT JOIN LATERAL (
    SELECT sum(b.amount_cents)::bigint AS cents,
           jsonb_agg(jsonb_build_array(b.points, b.rule_id, b.breakdown)) AS taken
    FROM loyalty_entry f
    JOIN loyalty_purchase b ON b.original_id = o.id
    JOIN loyalty_entry g ON g.purchase_id = b.id AND g.kind = f.kind
    WHERE f.purchase_id = p.id AND f.kind = %(return)s AND g.id < f.id
) r ON o.id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT d.moved_at FROM (SELECT p.card_id) o CROSS JOIN LATERAL ({HANDED_TO}) d
) q ON e.id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT u.name, min(t.moved_at) AS moved_at
    FROM loyalty_succession n
    JOIN loyalty_programme u ON u.id = n.target_id
    JOIN loyalty_conversion v
      ON v.succession_id = n.id AND v.account_id IN (h.id, a.id) AND v.kind = %(moved)s
    JOIN loyalty_transfer t ON t.id = v.transfer_id
    WHERE n.source_id = h.programme_id AND n.state <> ALL(%(undone)s)
      AND v.parts @> jsonb_build_array(jsonb_build_array(l.expires_on, l.available_on))
    GROUP BY u.id
) w ON l.id IS NOT NULL
WHERE p.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 - a query of ours is put in
"""What earlier returns took is told by rule. Who left after their points had moved on gave nothing up."""

RULES = f"""
SELECT name_fr, name_en,
       (SELECT jsonb_agg(jsonb_build_array(extract(epoch FROM o.applies_from), o.limit_points) ORDER BY o.id)
        FROM loyalty_earningrule o
        WHERE coalesce(o.family_id, o.id) = coalesce(r.family_id, r.id) AND o.scheduled_at IS NOT NULL
          AND (o.applies_from < o.applies_until) IS NOT FALSE)::text,
       {RULE_COLUMNS}
FROM loyalty_earningrule r WHERE id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 - the columns are ours


class RuleTerms(NamedTuple):
    """What is said of a version: its names, its sentence, its limit for a member and the smallest amount.

    `limits` are those of all versions that ever decided or will, each with the instant of its beginning.
    """

    name_fr: str
    name_en: str
    sentence: str
    limit_points: int | None
    limits: tuple[tuple[float | None, int | None], ...]
    minimum_cents: int
    is_reduction: bool

    def limits_differ(self, decided_at: datetime | None) -> bool:
        """Say whether versions that had begun by then have different limits, which count together."""
        by_then = decided_at.timestamp() if decided_at else 0
        return len({limit for since, limit in self.limits if since is None or since <= by_then}) > 1


def explanations_of(purchase_ids: Iterable[int], *, programme: Programme) -> dict[int, Explanation]:
    """Return the explanation of each of the programme's lines, by its number.

    Two queries at most, and four more where a rule asks for something whose name it says.
    """
    wanted = sorted(set(purchase_ids))
    if not wanted:
        return {}
    kinds = {"purchase": int(EntryKind.PURCHASE), "return": int(EntryKind.RETURN)}
    undone = [SuccessionState.REVERSED.value, SuccessionState.ABANDONED.value]
    ends = {"lost": LeavingPolicy.LOST.value, "moved": int(ConversionKind.POINTS), "undone": undone}
    rows = prepared_rows(LINES, {"ids": wanted} | ends | kinds)
    given = {
        row[0]: _parts(points=row[11], rule_id=row[12], breakdown=row[13])
        for row in rows
        if row[3] == PurchaseState.ACCEPTED
    }
    terms = _rules_named({part.rule_id for parts in given.values() for part in parts}, programme)
    return {row[0]: _explanation(row, programme, given.get(row[0], ()), terms) for row in rows}


class Refused(NamedTuple):
    """What is kept of a line that was refused when it was read; empty or None where it was not known."""

    reason: str
    happened_at: datetime | None
    amount_cents: int | None
    store_name: str
    card_last4: str
    card_product: str


def explanation_of_refused(line: Refused, *, programme: Programme) -> Explanation | None:
    """Return the explanation of a line that was refused when it was read. It asks the database nothing.

    None where its card, its store, its day or its amount was not known: then the reason says all there is.
    Whether it was a purchase or a return was not kept.
    """
    is_known = line.card_last4 and line.store_name
    if not is_known or line.happened_at is None or line.amount_cents is None:
        return None
    return Explanation(
        purchase_id=None,
        reference="",
        is_return=False,
        state=PurchaseState.REJECTED,
        reason=Reason(line.reason),
        happened_on=local_date(line.happened_at, programme.zone),
        amount_cents=line.amount_cents,
        currency=programme.currency,
        partner_name="",
        store_name=line.store_name,
        card_last4=line.card_last4,
        card_product=line.card_product,
        rules=(),
        points=0,
        available_on=None,
        expires_on=None,
        returned_on=None,
        bought_points=0,
    )


def _parts(*, points: int, rule_id: int | None, breakdown: str | None) -> tuple[GivenPart, ...]:
    kept = None if breakdown is None else json.loads(breakdown)
    return parts_of(breakdown=kept, rule_id=rule_id, points=points)


def _rules_named(rule_ids: set[int], programme: Programme) -> dict[int, RuleTerms]:
    if not rule_ids:
        return {}
    rows = prepared_rows(RULES, {"ids": sorted(rule_ids)})
    rules = [rule_of_row(row[3:]) for row in rows]
    said = [rule for rule in rules if not rule.is_plain]
    names = names_for(programme, said) if said else Names()
    return {
        rule.rule_id: RuleTerms(
            name_fr,
            name_en,
            "" if rule.is_plain else sentence_for_members(rule, names),
            rule.limit_points,
            tuple(json.loads(limits)),
            rule.conditions.minimum_cents or 0,
            is_reduction(rule),
        )
        for (name_fr, name_en, limits, *_rest), rule in zip(rows, rules, strict=True)
    }


def _explanation(
    row: Sequence[Any],
    programme: Programme,
    parts: Sequence[GivenPart],
    terms: dict[int, RuleTerms],
) -> Explanation:
    (purchase_id, reference, kind, state, reason, happened_at, cents, partner, store, last4, product) = row[
        :11
    ]
    available_on, expires_on, repaid_points, posted_at = row[14:18]
    returned_at, bought_points, bought_by, bought, kept_before, taken = row[18:24]
    handed_over_at, successor, moved_at, given_up_on = row[24:]
    of_purchase = _parts(points=bought_points, rule_id=bought_by, breakdown=bought)
    by_rule = {part.rule_id: part.points for part in of_purchase}
    left_by_rule = Counter(by_rule)
    for points, rule_id, breakdown in json.loads(taken or "[]"):
        for part in parts_of(breakdown=breakdown, rule_id=rule_id, points=points):
            left_by_rule[part.rule_id] += part.points
    return Explanation(
        purchase_id=purchase_id,
        reference=reference,
        is_return=kind == PurchaseKind.RETURN,
        state=PurchaseState(state),
        reason=Reason(reason),
        happened_on=local_date(happened_at, programme.zone),
        amount_cents=cents,
        currency=programme.currency,
        partner_name=partner,
        store_name=store,
        card_last4=last4,
        card_product=product,
        rules=tuple(
            _explained_rule(
                part, terms[part.rule_id], by_rule.get(part.rule_id, 0), left_by_rule[part.rule_id], posted_at
            )
            for part in parts
        ),
        points=row[11],
        available_on=available_on,
        expires_on=expires_on,
        returned_on=_day(returned_at, programme),
        bought_points=bought_points,
        repaid_points=repaid_points,
        kept_before_cents=max(0, kept_before or 0),
        given_up_on=given_up_on,
        handed_over_on=_day(handed_over_at, programme),
        successor=successor or "",
        moved_on=_day(moved_at, programme),
        is_over=expires_on is not None and expires_on < local_date(timezone.now(), programme.zone),
        recorded_on=_day(posted_at, programme),
    )


def _day(instant: datetime | None, programme: Programme) -> date | None:
    return local_date(instant, programme.zone) if instant else None


def _explained_rule(
    part: GivenPart, version: RuleTerms, bought_points: int, left_points: int, posted_at: datetime | None
) -> ExplainedRule:
    return ExplainedRule(
        name_fr=version.name_fr,
        name_en=version.name_en,
        sentence=version.sentence,
        kind=part.kind,
        entitled_points=part.entitled_points,
        points=part.points,
        limit=part.limit,
        limit_points=version.limit_points,
        limits_differ=version.limits_differ(posted_at),
        minimum_cents=version.minimum_cents,
        is_counted=part.is_counted,
        is_past=part.is_past,
        is_reduction=version.is_reduction,
        bought_points=bought_points,
        left_points=left_points,
    )
