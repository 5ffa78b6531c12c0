"""The statement of an account: every movement with its verdict, every uncounted line with its reason.

Movements are read from the newest by keyset, so that a page costs the same for a new account and an old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, Value

from core.formatting import in_language
from loyalty.dates import local_date
from loyalty.models import (
    EntryKind,
    PointAccount,
    Purchase,
    PurchaseKind,
    PurchaseState,
    RejectedLine,
)
from loyalty.purchases.reasons import RECORDED_REFUSALS, sentence_for
from members.models import Card

PAGE_SIZE = 20
LATE = timedelta(days=7)
"""Partners report within days; what comes later is marked as such."""

_UNCOUNTED = ("happened_at", "place", "last4", "amount_cents", "reason", "state", "kind")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the statement. Dates are days in the programme's time zone."""

    entry_id: int
    kind: EntryKind
    happened_on: date
    posted_on: date
    points: int
    balance_after_points: int
    owed_change_points: int
    store_name: str
    card_last4: str
    amount_cents: int
    currency: str
    rule_name: str
    sentence: str

    @property
    def title(self) -> str:
        """Where it happened or, for points that move by themselves, what happened."""
        return self.store_name or str(EntryKind(self.kind).label)

    @property
    def is_return(self) -> bool:
        """Whether goods were brought back."""
        return self.kind == EntryKind.RETURN

    @property
    def is_expiry(self) -> bool:
        """Whether the points were lost because nobody spent them."""
        return self.kind == EntryKind.EXPIRY

    @property
    def is_late(self) -> bool:
        """Whether it was reported so long after it happened that its place in the list needs a word."""
        return self.posted_on > self.happened_on + LATE

    @property
    def newly_owed_points(self) -> int:
        """Points that could not be taken back because they were spent already."""
        return max(0, self.owed_change_points)

    @property
    def repaid_points(self) -> int:
        """Points that went into repaying points owed."""
        return max(0, -self.owed_change_points)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Some lines, the newest first, and where the older ones go on, if there are any."""

    lines: tuple[StatementLine, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class UncountedLine:
    """A purchase or return that did not count, or does not count yet, and why."""

    happened_on: date | None
    is_waiting: bool
    is_return: bool
    store_name: str
    card_last4: str
    amount_cents: int | None
    currency: str
    sentence: str


@dataclass(frozen=True, slots=True)
class UncountedPage:
    """Some lines that did not count, and whether more follow."""

    lines: tuple[UncountedLine, ...]
    has_more: bool


STATEMENT = """
SELECT e.id, e.kind, e.occurred_at, e.posted_at, e.points, e.balance_after_points, e.owed_change_points,
       s.name, c.last4, p.amount_cents, r.name_fr, r.name_en, p.reason
FROM loyalty_entry e
LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
LEFT JOIN partners_store s ON s.id = p.store_id
LEFT JOIN members_card c ON c.id = p.card_id
LEFT JOIN loyalty_earningrule r ON r.id = p.rule_id
WHERE e.account_id = %(account)s AND e.id < %(before)s
ORDER BY e.id DESC LIMIT %(rows)s
"""
NEWEST = 2**63 - 1
"""No movement has a higher id."""


def statement_page(
    account: PointAccount, *, before: int | None = None, size: int = PAGE_SIZE
) -> StatementPage:
    """Return the newest movements or, with `before`, those older than that movement. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {"account": account.pk, "before": NEWEST if before is None else before, "rows": size + 1},
        )
        rows = cursor.fetchall()
    lines = tuple(_statement_line(row, account) for row in rows[:size])
    return StatementPage(lines=lines, next_before=lines[-1].entry_id if len(rows) > size else None)


def _statement_line(row: Sequence[Any], account: PointAccount) -> StatementLine:
    entry_id, kind, occurred_at, posted_at, points, balance_after, owed_change, *purchase = row
    store_name, card_last4, amount_cents, rule_fr, rule_en, reason = purchase
    zone = account.programme.zone
    return StatementLine(
        entry_id=entry_id,
        kind=EntryKind(kind),
        happened_on=local_date(occurred_at, zone),
        posted_on=local_date(posted_at, zone),
        points=points,
        balance_after_points=balance_after,
        owed_change_points=owed_change,
        store_name=store_name or "",
        card_last4=card_last4 or "",
        amount_cents=amount_cents or 0,
        currency=account.programme.currency,
        rule_name=in_language(french=rule_fr or "", english=rule_en or ""),
        sentence=sentence_for(reason or ""),
    )


def uncounted_page(account: PointAccount, *, page: int = 1, size: int = PAGE_SIZE) -> UncountedPage:
    """Return the lines of the member's cards that wait or were refused, the newest first. Two queries."""
    cards = dict(Card.objects.filter(member_id=account.member_id).order_by("pk").values_list("pk", "token"))
    recorded = (
        Purchase.objects.filter(
            Q(state=PurchaseState.PARKED, card_token__in=list(cards.values()))
            | Q(state=PurchaseState.REJECTED, card__in=list(cards)),
            programme=account.programme,
        )
        .annotate(happened_at=F("purchased_at"), place=F("store__name"), last4=F("card__last4"))
        .values_list(*_UNCOUNTED)
    )
    refused = (
        RejectedLine.objects.filter(card__in=list(cards), feed_import__programme=account.programme)
        .exclude(reason__in=RECORDED_REFUSALS)  # these stand among the purchases already
        .annotate(happened_at=F("purchased_at"), place=F("store_name"), last4=F("card__last4"))
        .annotate(state=Value(PurchaseState.REJECTED), kind=Value(0))
        .values_list(*_UNCOUNTED)
    )
    first = (page - 1) * size
    rows = list(
        recorded.union(refused, all=True).order_by(F("happened_at").desc(nulls_last=True), "reason")[
            first : first + size + 1
        ]
    )
    return UncountedPage(
        lines=tuple(_uncounted_line(row, account) for row in rows[:size]), has_more=len(rows) > size
    )


def _uncounted_line(row: Sequence[Any], account: PointAccount) -> UncountedLine:
    happened_at, place, last4, amount_cents, reason, state, kind = row
    return UncountedLine(
        happened_on=local_date(happened_at, account.programme.zone) if happened_at else None,
        is_waiting=state == PurchaseState.PARKED,
        is_return=kind == PurchaseKind.RETURN,
        store_name=place,
        card_last4=last4 or "",
        amount_cents=amount_cents,
        currency=account.programme.currency,
        sentence=sentence_for(reason),
    )
