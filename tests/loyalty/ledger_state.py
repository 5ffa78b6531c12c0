"""What the ledger holds, in a form that is short to compare."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from loyalty.models import Entry, EntryKind, Lot, PointAccount, Purchase
from tests.factories import PARIS


class LotCounts(NamedTuple):
    """The columns of a lot."""

    granted: int
    spent: int
    expired: int
    taken_back: int
    remaining: int
    moved: int = 0


def balance(account: PointAccount) -> tuple[int, int]:
    """Return the balance of the account and what it owes, as they are stored."""
    stored = PointAccount.objects.get(pk=account.pk)
    return stored.balance_points, stored.owed_points


def lots(account: PointAccount) -> dict[date, LotCounts]:
    """Return the lots of the account by the day on which they expire."""
    rows = Lot.objects.filter(account=account).order_by("expires_on", "available_on")
    return {
        lot.expires_on: LotCounts(
            lot.granted_points,
            lot.spent_points,
            lot.expired_points,
            lot.taken_back_points,
            lot.remaining_points,
            lot.moved_points,
        )
        for lot in rows
    }


def entries(account: PointAccount) -> list[tuple[EntryKind, int, int, int]]:
    """Return kind, points, change in points owed and balance after each entry, in order."""
    rows = Entry.objects.filter(account=account).order_by("pk")
    return [
        (EntryKind(entry.kind), entry.points, entry.owed_change_points, entry.balance_after_points)
        for entry in rows
    ]


def everything() -> list[tuple[object, ...]]:
    """Return all rows about points, to see that a refusal moved nothing."""
    rows: list[tuple[object, ...]] = []
    with connection.cursor() as cursor:
        for table in ("pointaccount", "lot", "entry", "lotuse", "transfer", "purchase"):
            cursor.execute(f"SELECT * FROM loyalty_{table} ORDER BY id")  # noqa: S608 - the names stand above
            rows += cursor.fetchall()
    return rows


def uses(account: PointAccount) -> list[tuple[EntryKind, date, int]]:
    """Return what each entry of the account took from which lot, in the order of entries and expiry."""
    rows = Entry.objects.filter(account=account, uses__isnull=False).order_by("pk", "uses__lot__expires_on")
    return [
        (EntryKind(kind), expires_on, points)
        for kind, expires_on, points in rows.values_list("kind", "uses__lot__expires_on", "uses__points")
    ]


def purchase(reference: str) -> Purchase:
    """Return a recorded purchase or return."""
    return Purchase.objects.get(reference=reference)


def paris(local: str) -> datetime:
    """Return the instant at which clocks in Paris show a time, such as `2026-11-22 10:00`."""
    return datetime.fromisoformat(local).replace(tzinfo=PARIS)
