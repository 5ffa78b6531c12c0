"""The statement of an account: every movement with its verdict, every uncounted line with its reason.

Movements are read from the newest by keyset, so that a page costs the same for a new account and an old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, Value

from loyalty.dates import local_date
from loyalty.models import Entry, EntryKind, PointAccount, Purchase, PurchaseKind, PurchaseState, RejectedLine
from loyalty.purchases.reasons import sentence_for
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
    store_name: str = ""
    card_last4: str = ""
    amount_cents: int = 0
    currency: str = ""
    rule_name: str = ""
    sentence: str = ""

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


def statement_page(
    account: PointAccount, *, before: int | None = None, size: int = PAGE_SIZE
) -> StatementPage:
    """Return the newest movements or, with `before`, those older than that movement. One query."""
    entries = Entry.objects.filter(account=account)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    rows = list(
        entries.select_related("purchase__store", "purchase__card", "purchase__rule").order_by("-pk")[
            : size + 1
        ]
    )
    lines = tuple(_statement_line(entry, account) for entry in rows[:size])
    return StatementPage(lines=lines, next_before=lines[-1].entry_id if len(rows) > size else None)


def _statement_line(entry: Entry, account: PointAccount) -> StatementLine:
    zone = account.programme.zone
    line = StatementLine(
        entry_id=entry.pk,
        kind=EntryKind(entry.kind),
        happened_on=local_date(entry.occurred_at, zone),
        posted_on=local_date(entry.posted_at, zone),
        points=entry.points,
        balance_after_points=entry.balance_after_points,
        owed_change_points=entry.owed_change_points,
    )
    purchase = entry.purchase
    if purchase is None:
        return line
    return replace(
        line,
        store_name=purchase.store.name,
        card_last4=purchase.card.last4 if purchase.card else "",
        amount_cents=purchase.amount_cents,
        currency=account.programme.currency,
        rule_name=purchase.rule.name if purchase.rule else "",
        sentence=sentence_for(purchase.reason),
    )


def uncounted_page(account: PointAccount, *, page: int = 1, size: int = PAGE_SIZE) -> UncountedPage:
    """Return the lines of the member's cards that wait or were refused, the newest first. Two queries."""
    tokens = list(
        Card.objects.filter(member_id=account.member_id).order_by("pk").values_list("token", flat=True)
    )
    recorded = (
        Purchase.objects.filter(
            Q(state=PurchaseState.PARKED, card_token__in=tokens)
            | Q(state=PurchaseState.REJECTED, card__member_id=account.member_id),
            programme=account.programme,
        )
        .annotate(happened_at=F("purchased_at"), place=F("store__name"), last4=F("card__last4"))
        .values_list(*_UNCOUNTED)
    )
    refused = (
        RejectedLine.objects.filter(
            card__member_id=account.member_id, feed_import__programme=account.programme
        )
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
