"""Attempts that failed at work whose truth is a row: noting one, and when the next is due.

The row has the columns `attempts`, which counts those that failed in a row, `last_error` and `moved_at`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet

STALLED_AFTER = timedelta(minutes=1)
"""Work that nobody moved for so long is woken again."""

LONGEST_PAUSE = timedelta(hours=1)
"""After failing attempts the pause doubles from a minute up to this."""


def note_failure(rows: "QuerySet[Any]", error: Exception, *, at: datetime) -> None:
    """Keep that an attempt failed, outside the transaction that it broke.

    Only the kind of the error is kept: its text may quote a row. The log masks secrets and has the rest.
    """
    rows.update(attempts=F("attempts") + 1, last_error=type(error).__name__, moved_at=at)


def forget_failures(rows: "QuerySet[Any]") -> None:
    """Begin to count anew, because an attempt succeeded."""
    rows.filter(attempts__gt=0).update(attempts=0, last_error="")


def stalled_ids(rows: "QuerySet[Any]", *, at: datetime) -> list[int]:
    """Return the rows among these unfinished ones that nobody moved lately, the longest untouched first.

    After a failing attempt that takes a minute, and twice as long after each further one.
    """
    stalled = rows.filter(moved_at__lte=at - STALLED_AFTER).order_by("moved_at", "pk")
    found = stalled.values_list("pk", "moved_at", "attempts")
    return [pk for pk, moved_at, attempts in found if moved_at + _pause(attempts) <= at]


def _pause(attempts: int) -> timedelta:
    doublings = min(max(attempts - 1, 0), 6)
    return min(STALLED_AFTER * (1 << doublings), LONGEST_PAUSE)
