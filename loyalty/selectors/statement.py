"""The statement of an account: every movement with its verdict and every uncounted line with its reason.

Three sources are read from the newest by keyset: movements, purchases that wait or were refused, lines that
were refused when they were read. They are merged by the instant at which they were recorded. A place in the
list is a place in each source: no gaps, no repeats, and a page costs the same whatever the account's age.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from core.prepared import prepared_rows
from loyalty.explanations.facts import Explanation, explanations_of
from loyalty.explanations.words import steps_of
from loyalty.models import MOVES, EntryKind, PointAccount, PurchaseState
from loyalty.purchases.reasons import RECORDED_REFUSALS
from loyalty.selectors.statement_lines import (
    BETWEEN_RULES,
    Row,
    StatementLine,
    UncountedLine,
    movement_of,
    uncounted_of,
)
from members.models import Card

PAGE_SIZE = 20
NEWEST = 2**63 - 1
"""No row has a higher id."""

UNCOUNTED, WITHOUT_POINTS = "uncounted", "without_points"
"""What can be asked for beside the kinds of movements: lines that wait or were refused, and counted zeros."""

MOVEMENT_KINDS = {kind.name.lower(): (kind,) for kind in EntryKind if kind not in MOVES} | {"moved": MOVES}
"""The kinds of movements by the name under which addresses ask for them. Moves of all kinds are one."""


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which lines of a statement are asked for; by default all. Days are those on which it happened."""

    kind: str = ""
    partner_id: int | None = None
    card_id: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def wants_movements(self) -> bool:
        """Whether movements can be among the lines."""
        return self.kind != UNCOUNTED

    @property
    def wants_uncounted(self) -> bool:
        """Whether lines that wait or were refused can be among the lines."""
        return self.kind in ("", UNCOUNTED)


EVERYTHING = StatementFilter()


class Place(NamedTuple):
    """Where a page begins: only rows with lower ids follow, in each of the three sources."""

    movement: int = NEWEST
    purchase: int = NEWEST
    refusal: int = NEWEST

    def __str__(self) -> str:
        return "-".join("" if number == NEWEST else str(number) for number in self)


TOP = Place()


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Some lines, the newest first, and where the older ones go on, if there are any."""

    lines: tuple[StatementLine | UncountedLine, ...]
    next_place: Place | None


MOVEMENTS = """
SELECT e.id, e.posted_at, e.occurred_at, e.kind, e.points, e.balance_after_points, e.owed_change_points,
       s.name, b.name, c.last4, p.amount_cents,
       coalesce(n.name_fr, r.name_fr), coalesce(n.name_en, r.name_en), p.reason,
       t.reason, p.id, w.sentence_fr, w.sentence_en, m.first_name,
       (SELECT v.id FROM loyalty_pointaccount v
        WHERE v.id = t.source_id AND v.merged_into_id = e.account_id),
       CASE WHEN l.remaining_points > 0 THEN l.available_on END,
       k.kind, k.left_points, k.arrived_points, k.account_id = e.account_id, y.name, z.name
FROM loyalty_entry e
LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
LEFT JOIN loyalty_lot l ON l.id = e.lot_id
LEFT JOIN partners_store s ON s.id = p.store_id
LEFT JOIN partners_partner b ON b.id = p.partner_id
LEFT JOIN members_card c ON c.id = p.card_id
LEFT JOIN loyalty_earningrule r ON r.id = p.rule_id
LEFT JOIN loyalty_transfer t ON t.id = e.transfer_id
LEFT JOIN loyalty_pointaccount o ON t.reason = 2 /* household */
      AND o.id = CASE WHEN t.source_id = e.account_id THEN t.target_id ELSE t.source_id END
LEFT JOIN members_member m ON m.id = o.member_id
LEFT JOIN loyalty_conversion k ON k.transfer_id = t.id
LEFT JOIN loyalty_succession i ON i.id = k.succession_id
LEFT JOIN loyalty_programme y ON y.id = i.source_id
LEFT JOIN loyalty_programme z ON z.id = i.target_id
LEFT JOIN LATERAL (
    SELECT string_agg(v.name_fr, %(between_rules)s ORDER BY g.place) AS name_fr,
           string_agg(v.name_en, %(between_rules)s ORDER BY g.place) AS name_en
    FROM jsonb_array_elements(p.breakdown) WITH ORDINALITY AS g(part, place)
    JOIN loyalty_earningrule v ON v.id = (g.part->>'rule')::bigint
    WHERE g.part->>'points' <> '0' OR v.factor_percent < 100) n ON p.breakdown IS NOT NULL
LEFT JOIN loyalty_adjustmententry x ON x.entry_id = e.id
LEFT JOIN loyalty_adjustmentrequest q ON q.id = x.request_id
LEFT JOIN loyalty_adjustmentreason w ON w.id = q.reason_id
WHERE e.account_id = %(account)s AND e.id < %(before)s
  AND (%(kinds)s::int[] IS NULL OR e.kind = ANY(%(kinds)s))
  AND (NOT %(without_points)s OR e.points = 0)
  AND (%(partner)s::bigint IS NULL OR p.partner_id = %(partner)s)
  AND (%(card)s::bigint IS NULL OR p.card_id = %(card)s)
  AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.occurred_at < %(until)s)
  AND (%(recorded_since)s::timestamptz IS NULL OR e.posted_at >= %(recorded_since)s)
  AND (%(recorded_until)s::timestamptz IS NULL OR e.posted_at < %(recorded_until)s)
ORDER BY e.id DESC
"""

# States stand in the text: a plan that is kept can use an index of parked or of rejected lines only when it
# knows that it is asked for these.
PURCHASES = """
SELECT p.id, p.received_at, p.purchased_at, p.state, p.kind, s.name, b.name, c.last4, p.amount_cents,
       p.reason, ''
FROM loyalty_purchase p
JOIN partners_store s ON s.id = p.store_id
JOIN partners_partner b ON b.id = p.partner_id
LEFT JOIN members_card c ON c.id = p.card_id
WHERE p.programme_id = %(programme)s AND p.id < %(before)s
  AND (p.state = 2 /* parked */ AND p.card_token = ANY(%(tokens)s)
       OR p.state = 3 /* rejected */ AND p.card_id = ANY(%(cards)s))
  AND (%(partner)s::bigint IS NULL OR p.partner_id = %(partner)s)
  AND (%(since)s::timestamptz IS NULL OR p.purchased_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR p.purchased_at < %(until)s)
ORDER BY p.id DESC
"""

# Refusals that are recorded with the purchases are left out here, so that each is shown once. Of the store of
# a line refused when it was read, only the name was kept.
REFUSALS = """
SELECT l.id, f.business_at, l.purchased_at, %(rejected)s::int, 0, l.store_name, '', c.last4, l.amount_cents,
       l.reason, d.name
FROM loyalty_rejectedline l
JOIN loyalty_feedimport f ON f.id = l.feed_import_id
JOIN members_card c ON c.id = l.card_id
JOIN members_cardproduct d ON d.id = c.product_id
WHERE l.card_id = ANY(%(cards)s) AND f.programme_id = %(programme)s AND l.id < %(before)s
  AND l.reason <> ALL(%(recorded)s)
  AND (%(partner)s::bigint IS NULL
       OR l.store_name IN (SELECT name FROM partners_store WHERE partner_id = %(partner)s))
  AND (%(since)s::timestamptz IS NULL OR l.purchased_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR l.purchased_at < %(until)s)
ORDER BY l.id DESC
"""


def statement_page(
    account: PointAccount,
    *,
    cards: Sequence[Card],
    filters: StatementFilter = EVERYTHING,
    place: Place = TOP,
    size: int = PAGE_SIZE,
    is_explained: bool = False,
    at: datetime | None = None,
) -> StatementPage:
    """Return the newest lines that pass the filters or, with a place, those that follow it.

    `cards` are all cards of the account's member. With an instant, movements whose points wait then say so.
    At most three queries, whatever the age of the account, and two more when each line is to come with the
    steps that explain it.
    """
    sources = _rows(account, cards, filters, place, size + 1)
    heads = [0, 0, 0]
    lines: list[StatementLine | UncountedLine] = []
    while len(lines) < size:
        left = [number for number in range(3) if heads[number] < len(sources[number])]
        if not left:
            return StatementPage(_explained(lines, account, is_wanted=is_explained), None)
        newest = max(left, key=lambda number: sources[number][heads[number]].place)
        row = sources[newest][heads[newest]]
        heads[newest] += 1
        lines.append(
            uncounted_of(row, account, is_recorded=newest == 1) if newest else movement_of(row, account, at)
        )
        place = place._replace(**{Place._fields[newest]: row.id})
    has_more = any(head < len(source) for head, source in zip(heads, sources, strict=True))
    return StatementPage(_explained(lines, account, is_wanted=is_explained), place if has_more else None)


def _explained(
    lines: Sequence[StatementLine | UncountedLine], account: PointAccount, *, is_wanted: bool
) -> tuple[StatementLine | UncountedLine, ...]:
    """Give each line of a purchase or return the steps that led to its points."""
    if not is_wanted:
        return tuple(lines)
    found = explanations_of(
        [line.purchase_id for line in lines if line.purchase_id is not None], programme=account.programme
    )
    return tuple(_with_steps(line, found) for line in lines)


def _with_steps(
    line: StatementLine | UncountedLine, found: Mapping[int, Explanation]
) -> StatementLine | UncountedLine:
    explained = line.refusal if isinstance(line, UncountedLine) else None
    if line.purchase_id is not None:
        explained = found.get(line.purchase_id)
    return replace(line, steps=steps_of(explained)) if explained else line


def statement_lines(
    account: PointAccount, *, cards: Sequence[Card], filters: StatementFilter = EVERYTHING, at_once: int = 500
) -> Iterator[tuple[StatementLine | UncountedLine, ...]]:
    """Yield all lines that pass the filters, the newest first, so many at once: memory stays flat."""
    place: Place | None = TOP
    while place is not None:
        page = statement_page(account, cards=cards, filters=filters, place=place, size=at_once)
        yield page.lines
        place = page.next_place


def recorded_between(
    account: PointAccount, *, begins_at: datetime, ends_at: datetime, limit: int
) -> tuple[StatementLine, ...]:
    """Return the movements recorded from an instant until before another, the oldest first. One query."""
    terms = _movement_terms(account, EVERYTHING, NEWEST)
    rows = _fetch(MOVEMENTS, terms | {"recorded_since": begins_at, "recorded_until": ends_at}, limit)
    return tuple(movement_of(row, account) for row in reversed(rows))


def beginning_of(day: date, account: PointAccount) -> datetime:
    """Return the first instant of a day in the time zone of the account's programme."""
    return datetime.combine(day, time.min, account.programme.zone)


def _rows(
    account: PointAccount, cards: Sequence[Card], filters: StatementFilter, place: Place, rows: int
) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the next rows of each source; nothing is asked of a source that cannot have any."""
    movements: list[Row] = []
    if filters.wants_movements:
        movements = _fetch(MOVEMENTS, _movement_terms(account, filters, place.movement), rows)
    shown = [card for card in cards if filters.card_id in (None, card.pk)]
    if not (filters.wants_uncounted and shown):
        return movements, [], []
    terms = _common_terms(account, filters) | {
        "programme": account.programme_id,
        "cards": [card.pk for card in shown],
        "tokens": [card.token for card in shown],
        "rejected": int(PurchaseState.REJECTED),
        "recorded": sorted(RECORDED_REFUSALS),
    }
    purchases = _fetch(PURCHASES, terms | {"before": place.purchase}, rows)
    return movements, purchases, _fetch(REFUSALS, terms | {"before": place.refusal}, rows)


def _movement_terms(account: PointAccount, filters: StatementFilter, before: int) -> dict[str, Any]:
    kinds = MOVEMENT_KINDS.get(filters.kind)
    return _common_terms(account, filters) | {
        "account": account.pk,
        "before": before,
        "kinds": None if kinds is None else [int(kind) for kind in kinds],
        "without_points": filters.kind == WITHOUT_POINTS,
        "card": filters.card_id,
        "between_rules": BETWEEN_RULES,
        "recorded_since": None,
        "recorded_until": None,
    }


def _common_terms(account: PointAccount, filters: StatementFilter) -> dict[str, Any]:
    return {
        "partner": filters.partner_id,
        "since": filters.since and beginning_of(filters.since, account),
        "until": filters.until and beginning_of(filters.until + timedelta(days=1), account),
    }


def _fetch(query: str, terms: dict[str, Any], rows: int) -> list[Row]:
    """Return the next rows. Their number stands in the text: a plan that is kept must know it."""
    return [
        Row(key, recorded_at, happened_at, rest)
        for key, recorded_at, happened_at, *rest in prepared_rows(f"{query} LIMIT {rows:d}", terms)
    ]
