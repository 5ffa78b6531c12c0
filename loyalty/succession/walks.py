"""Walks through the accounts of a programme that ends, a bounded chunk in each transaction.

A chunk, the account up to which the walk has come and what it counted commit together, under the lock of the
succession's row. So a walk that is killed at any instant goes on where its last commit left it, two workers
never do a chunk twice, and memory does not grow with the programme.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core.attempts import note_failure
from core.jobs import StepOutcome
from loyalty.models import PointAccount, Purchase, PurchaseState, Succession, SuccessionState
from loyalty.purchases.reasons import Reason
from loyalty.succession.accounts import next_accounts, next_holding_accounts, read_accounts, terms_of
from loyalty.succession.figures import Figures
from loyalty.succession.move import move_accounts
from loyalty.succession.reverse import next_moved_accounts, reverse_accounts

logger = logging.getLogger(__name__)

REHEARSED_AT_ONCE = 500
MOVED_AT_ONCE = 100
"""Small enough that a member whose account is in the chunk does not notice the wait for its lock."""

LOOKED_AT_ONCE = 20_000
"""So many accounts are looked at for points that arrived late; most of them hold none."""

PARKED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a chunk counted, and the account up to which the walk has come (None: it is over)."""

    figures: Figures
    after: int | None


def start_walk(succession: Succession, *, at: datetime) -> None:
    """Begin a walk at the first account, in the caller's transaction, which holds the row's lock."""
    succession.is_walking = True
    succession.cursor_account = 0
    succession.walk = {}
    accounts = PointAccount.objects.filter(programme=succession.source_id, merged_into__isnull=True)
    succession.walk_accounts = accounts.count()
    succession.attempts = 0
    succession.last_error = ""
    succession.moved_at = at


def lock_succession(succession_id: int, *, skip_locked: bool = False) -> Succession | None:
    """Return the succession under its lock; None when another worker has it and it may be passed over."""
    rows = Succession.objects.select_related("source", "target")
    return rows.select_for_update(skip_locked=skip_locked, of=("self",)).filter(pk=succession_id).first()


def step_succession(succession_id: int, *, at: datetime) -> StepOutcome:
    """Do one chunk of the walk that is under way, unless there is none or another worker does it.

    A chunk that fails leaves no trace but the kind of its error on the succession.
    """
    try:
        with transaction.atomic():
            succession = lock_succession(succession_id, skip_locked=True)
            if succession is None or not succession.is_walking:
                return StepOutcome.NOTHING
            chunk = _CHUNKS[SuccessionState(succession.state)](succession, at)
            _store(succession, chunk, at)
    except Exception as error:
        logger.exception("A chunk of succession %s failed.", succession_id)
        note_failure(Succession.objects.filter(pk=succession_id), error, at=at)
        return StepOutcome.FAILED
    return StepOutcome.DONE if chunk.after is None else StepOutcome.MORE


def _store(succession: Succession, chunk: Chunk, at: datetime) -> None:
    if succession.state != SuccessionState.REHEARSING:
        succession.left_points += chunk.figures.net_left
        succession.arrived_points += chunk.figures.net_arrived
    counted = Figures.of_json(succession.walk)
    counted.add(chunk.figures)
    succession.walk = counted.as_json()
    succession.attempts = 0
    succession.last_error = ""
    succession.moved_at = at
    if chunk.after is None:
        _finish(succession, at)
    else:
        succession.cursor_account = chunk.after
    succession.save()


def _finish(succession: Succession, at: datetime) -> None:
    succession.is_walking = False
    if succession.state == SuccessionState.REHEARSING:
        succession.state = SuccessionState.REHEARSED
        succession.rehearsal = succession.walk
        succession.rehearsed_at = at
    elif succession.state in {SuccessionState.CLOSING, SuccessionState.REVERSING}:
        succession.state = (
            SuccessionState.CLOSED
            if succession.state == SuccessionState.CLOSING
            else SuccessionState.REVERSED
        )
        succession.ended_at = at
    else:
        succession.walks += 1


def _rehearse(succession: Succession, at: datetime) -> Chunk:
    """Work out what the next accounts would become, and write none of it."""
    ids = next_accounts(succession, after=succession.cursor_account, limit=REHEARSED_AT_ONCE)
    figures, terms = Figures(), terms_of(succession)
    for account in read_accounts(succession, ids, at=at):
        figures.count(account, account.converted(terms), terms)
    return Chunk(figures, _after(ids, REHEARSED_AT_ONCE))


def _move(succession: Succession, at: datetime) -> Chunk:
    """Move the next accounts: all of them at first, later those that hold something again."""
    if not succession.walks:
        return _move_all(succession, at)
    ids, after = next_holding_accounts(
        succession, after=succession.cursor_account, limit=MOVED_AT_ONCE, looked_at=LOOKED_AT_ONCE
    )
    return Chunk(move_accounts(succession, ids, at=at), after)


def _move_all(succession: Succession, at: datetime) -> Chunk:
    ids = next_accounts(succession, after=succession.cursor_account, limit=MOVED_AT_ONCE)
    return Chunk(move_accounts(succession, ids, at=at), _after(ids, MOVED_AT_ONCE))


def _close(succession: Succession, at: datetime) -> Chunk:
    """Refuse what still waits for its other half, then move what is left of every account."""
    if _refuse_parked(succession):
        return Chunk(Figures(), succession.cursor_account)
    return _move_all(succession, at)


def _refuse_parked(succession: Succession) -> int:
    parked = Purchase.objects.filter(programme=succession.source_id, state=PurchaseState.PARKED)
    waiting = parked.order_by("pk").values_list("pk", flat=True)[:PARKED_AT_ONCE]
    return Purchase.objects.filter(pk__in=list(waiting), state=PurchaseState.PARKED).update(
        state=PurchaseState.REJECTED, reason=Reason.PROGRAMME_CLOSED
    )


def _reverse(succession: Succession, at: datetime) -> Chunk:
    ids = next_moved_accounts(succession, after=succession.cursor_account, limit=MOVED_AT_ONCE)
    return Chunk(reverse_accounts(succession, ids, at=at), _after(ids, MOVED_AT_ONCE))


def _after(ids: list[int], limit: int) -> int | None:
    return ids[-1] if len(ids) == limit else None


_CHUNKS: dict[SuccessionState, Callable[[Succession, datetime], Chunk]] = {
    SuccessionState.REHEARSING: _rehearse,
    SuccessionState.RUNNING: _move,
    SuccessionState.CLOSING: _close,
    SuccessionState.CLOSED: _move,
    SuccessionState.REVERSING: _reverse,
}
"""What a chunk does in each state that walks. A closed one still follows what cancelled orders give back."""
