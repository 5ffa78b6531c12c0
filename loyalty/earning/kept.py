"""The rules of a programme as this process keeps them from one purchase to the next.

They come with the state in which they were read. Whoever earns by them has PostgreSQL compare that state with
the one of now, in the statement that writes the points, and forgets them when it is another.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from core.prepared import prepared_rows
from loyalty.earning.book import load_book
from loyalty.earning.evaluate import RuleBook
from loyalty.models import Programme

STATE_OF_RULES = """
    SELECT coalesce(hashtextextended(string_agg(concat_ws(':', id, xmin, ctid), ',' ORDER BY id), 0), 0)
           AS state
    FROM loyalty_earningrule WHERE programme_id = %(programme)s::bigint AND scheduled_at IS NOT NULL
"""
"""Names the versions that are scheduled or were, and of each the transaction that wrote it and the place."""

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class KeptRules(NamedTuple):
    """All versions of a programme, and the state of its rules before they were read."""

    state: int
    book: RuleBook


_kept: dict[int, KeptRules] = {}


def kept_rules(programme: Programme) -> KeptRules:
    """Return the rules of a programme; two queries when this process has none."""
    found = _kept.get(programme.pk)
    if found is None:
        state = _state_now(programme)
        found = _kept[programme.pk] = KeptRules(state, load_book(programme, since=_FIRST, until=_LAST))
    return found


def forget_changed_rules(programme: Programme, state: int) -> None:
    """Read the rules afresh the next time if they are no longer in this state; one query.

    For whoever did not come to the statement that compares it, because of what the rules ask.
    """
    if _state_now(programme) != state:
        forget_rules(programme)


def forget_rules(programme: Programme) -> None:
    """Read the rules afresh the next time that they are asked for."""
    _kept.pop(programme.pk, None)


def _state_now(programme: Programme) -> int:
    ((state,),) = prepared_rows(STATE_OF_RULES, {"programme": programme.pk})
    return int(state)
