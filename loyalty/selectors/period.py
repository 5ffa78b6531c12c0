"""The statement of a period as a document shows it: the balance before, what moved, the balance after.

A period holds the movements *recorded* in it, so that the balance before plus the movements is always the
balance after, and so that the document of a period that is over never changes.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from django.db.models import Sum

from core.errors import DomainError
from loyalty.models import Entry, PointAccount
from loyalty.selectors.statement import beginning_of, recorded_between
from loyalty.selectors.statement_lines import StatementLine

MOST_MOVEMENTS = 2000
"""A document of so many movements takes less than a second and a hundred megabytes to make."""


class TooManyMovements(DomainError):
    """More movements were recorded in the period than a document holds."""

    code: ClassVar[str] = "too_many_movements"


@dataclass(frozen=True, slots=True)
class PeriodStatement:
    """Points before and after a period, both below zero when points were owed, and the movements between."""

    since: date
    until: date
    opening_points: int
    closing_points: int
    lines: tuple[StatementLine, ...]


def period_statement(
    account: PointAccount, *, since: date, until: date, limit: int = MOST_MOVEMENTS
) -> PeriodStatement:
    """Return the movements recorded from a day through another, the oldest first. Two queries.

    Raises TooManyMovements when there are more than `limit`.
    """
    begins_at, ends_at = beginning_of(since, account), beginning_of(until + timedelta(days=1), account)
    before = Entry.objects.filter(account=account, posted_at__lt=begins_at).aggregate(points=Sum("points"))
    lines = recorded_between(account, begins_at=begins_at, ends_at=ends_at, limit=limit + 1)
    if len(lines) > limit:
        raise TooManyMovements
    opening = before["points"] or 0
    return PeriodStatement(
        since=since,
        until=until,
        opening_points=opening,
        closing_points=opening + sum(line.points for line in lines),
        lines=lines,
    )
