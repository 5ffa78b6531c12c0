"""Points issued, taken back, spent, expired and given up by month and partner, and what is outstanding.

A month is that of the posting, in the programme's time zone, so what is posted today leaves closed months
alone. Every figure is a sum of entries, and all figures of a report are read by one statement: they tie to
the ledger as it was at one instant. Nothing here writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time

from django.db import connection

from loyalty.models import EntryKind, Programme

_FIGURES = """
WITH entries AS (
    SELECT date_trunc('month', e.posted_at AT TIME ZONE %(zone)s)::date AS month, p.partner_id, e.kind,
           sum(e.points) AS points, count(*) AS entries
    FROM loyalty_entry e
    JOIN loyalty_pointaccount a ON a.id = e.account_id AND a.programme_id = %(programme)s
    LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
    WHERE e.posted_at >= %(since)s
    GROUP BY 1, 2, 3
), now AS (
    SELECT coalesce(sum(balance_points), 0) AS balance, coalesce(sum(owed_points), 0) AS owed
    FROM loyalty_pointaccount WHERE programme_id = %(programme)s
)
SELECT NULL, NULL, NULL, 0, balance::bigint, owed::bigint FROM now
UNION ALL
SELECT entries.month, entries.partner_id, partner.name, entries.kind, entries.points::bigint, entries.entries
FROM entries LEFT JOIN partners_partner partner ON partner.id = entries.partner_id
"""

_FIGURES_OF_ALL = _FIGURES.replace("LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id", "").replace(
    "p.partner_id", "NULL::bigint AS partner_id"
)
"""The same without partners: purchases are not read, which is most of the work."""

_BY_EXPIRY = """
SELECT date_trunc('month', l.expires_on)::date, sum(l.remaining_points)::bigint, count(*)
FROM loyalty_lot l JOIN loyalty_pointaccount a ON a.id = l.account_id
WHERE a.programme_id = %s AND l.remaining_points > 0
GROUP BY 1 ORDER BY 1
"""

_COLUMN_OF = {
    EntryKind.PURCHASE: "issued",
    EntryKind.VERIFIED_EMAIL: "issued",
    EntryKind.RETURN: "taken_back",
    EntryKind.ORDER: "spent",
    EntryKind.ORDER_CANCELLED: "spent",
    EntryKind.EXPIRY: "expired",
    EntryKind.EXPIRY_REVERSED: "expired",
    EntryKind.GIVEN_UP: "given_up",
    EntryKind.ADJUSTMENT: "adjusted",
    EntryKind.GOODWILL: "goodwill",
    EntryKind.REINSTATED: "expired",
    EntryKind.MOVED_OUT: "moved",
    EntryKind.MOVED_IN: "moved",
    EntryKind.MOVE_UNDONE_IN: "moved",
    EntryKind.MOVE_UNDONE_OUT: "moved",
}
"""Which column each kind counts in; cancellations lessen what was spent, reinstatements what expired."""


@dataclass(slots=True)
class Figures:
    """Sums of entries' points: what was issued is above zero, what left the accounts below.

    What moved between accounts of the programme adds up to zero; what remains came from another programme or
    left for it.
    """

    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    expired: int = 0
    given_up: int = 0
    adjusted: int = 0
    goodwill: int = 0
    moved: int = 0

    @property
    def change(self) -> int:
        """By how much the outstanding points changed."""
        return sum(getattr(self, field.name) for field in fields(self))

    def add(self, kind: int, points: int) -> None:
        """Count the points of entries of a kind."""
        column = _COLUMN_OF[EntryKind(kind)]
        setattr(self, column, getattr(self, column) + points)

    def add_all(self, other: "Figures") -> None:
        """Count what the other counted."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass(frozen=True, slots=True)
class Month:
    """A month: its figures, and what was outstanding at its end (for the current one: now)."""

    first: date
    figures: Figures
    outstanding_points: int


@dataclass(frozen=True, slots=True)
class OfPartner:
    """What purchases and returns at one partner moved in a month; without a partner all other movements."""

    month: date
    partner: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class PointsReport:
    """A report of the months from the first to the last, as of one instant."""

    months: list[Month]
    partners: list[OfPartner]
    total: Figures
    opening_points: int
    closing_points: int
    balance_points: int
    owed_points: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that end in a month if nothing is spent."""

    first: date
    points: int
    lots: int


def points_report(programme: Programme, *, first: date, last: date, by_partner: bool = True) -> PointsReport:
    """Return the figures from the month of `first` to that of `last`, both included. One query.

    Entries posted after the last month are read too, to say what was outstanding at its end. Without
    `by_partner` all movements stand together, and the report is made several times faster.
    """
    months = _months(first, last)
    since = datetime.combine(months[0], time.min, programme.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            _FIGURES if by_partner else _FIGURES_OF_ALL,
            {"programme": programme.pk, "zone": programme.time_zone, "since": since},
        )
        (*_nothing, balance, owed), *rows = cursor.fetchall()
    by_month = {month: Figures() for month in months}
    partners: dict[tuple[date, bool, str, int], OfPartner] = {}
    later = Figures()
    for month, partner_id, partner, kind, points, _entries in rows:
        if month not in by_month:
            later.add(kind, points)
            continue
        by_month[month].add(kind, points)
        key = (month, partner is None, partner or "", partner_id or 0)
        line = partners.setdefault(key, OfPartner(month, partner, Figures()))
        line.figures.add(kind, points)
    return _report(by_month, [partners[key] for key in sorted(partners)], later, balance, owed)


def _report(
    by_month: dict[date, Figures], partners: list[OfPartner], later: Figures, balance: int, owed: int
) -> PointsReport:
    total = Figures()
    for figures in by_month.values():
        total.add_all(figures)
    closing = balance - later.change
    opening = outstanding = closing - total.change
    months = []
    for first, figures in by_month.items():
        outstanding += figures.change
        months.append(Month(first, figures, outstanding))
    return PointsReport(months, partners, total, opening, closing, balance, owed)


def _months(first: date, last: date) -> list[date]:
    """Return the first days of the months from one to the other; a wrong order is one month."""
    start = first.year * 12 + first.month - 1
    end = max(start, last.year * 12 + last.month - 1)
    return [date(month // 12, month % 12 + 1, 1) for month in range(start, end + 1)]


def outstanding_by_expiry(programme: Programme) -> Sequence[Expiring]:
    """Return the points that lots still hold, by the month in which they expire. One query.

    Their sum is the balance of all accounts and the points owed together.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_EXPIRY, [programme.pk])
        return [Expiring(*row) for row in cursor.fetchall()]
