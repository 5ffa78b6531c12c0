"""Messages from a lower app to a higher one.

The lower app calls `publish` in the transaction of the fact it reports. Handlers are registered by the higher
app when it starts. A worker is rung for once the fact has committed, and the sweeper rings again until the
message is delivered: it may arrive late or twice, so each handler must make a repeat harmless.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from core.background import SECONDS_AT_WORK
from core.doorbell import ring
from core.models import OutboxMessage

logger = logging.getLogger(__name__)

SECONDS_TO_BE_HEARD = 55
"""Workers drop a ring that they come to later: a sweep has rung again. So what waits for a mail server that
does not answer never holds up imports and job runs for long."""

FAILURES_AT_ONCE = 10
"""After so many failures a task leaves the others to the next: what is out of order may be back by then."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a handler is told: the fact, and the instant at which it was written down."""

    payload: Mapping[str, Any]
    written_at: datetime


Handler = Callable[[Message, datetime], None]
_handlers: dict[str, Handler] = {}
_at_once: set[str] = set()


def subscribe(topic: str, handler: Handler, *, at_once: bool = False) -> None:
    """Register the one handler of a topic; it gets the message and the instant at which it is delivered.

    Whoever published waits for a handler that is called `at_once`, right after the commit: one that works in
    this database alone, and whose work the next page shows.
    """
    if _handlers.setdefault(topic, handler) is not handler:
        message = f"The topic {topic} has a handler already."
        raise RuntimeError(message)
    if at_once:
        _at_once.add(topic)


def publish(*, topic: str, payload: Mapping[str, object], at: datetime) -> None:
    """Write a message in the caller's transaction, and ring for its delivery once that has committed."""
    if topic not in _handlers:
        message = f"Nobody handles the topic {topic}."
        raise RuntimeError(message)
    row = OutboxMessage.objects.create(topic=topic, payload=dict(payload), created_at=at)
    if topic in _at_once:
        transaction.on_commit(lambda: deliver(row.pk, at=at), robust=True)
    else:
        ring(deliver_outbox)


def deliver(message_id: int, *, at: datetime) -> bool:
    """Deliver one message unless it was delivered or another worker holds it; say whether it was now."""
    row = _deliver_first(_due().filter(pk=message_id), at)
    return row is not None and row.delivered_at is not None


def deliver_next(*, at: datetime, failed: set[int]) -> bool:
    """Deliver the first message that is due, not among `failed`, and that no other worker holds.

    Any number of workers share what is due in this way. Return whether there was one; when its handler fails
    it is added to `failed`.
    """
    row = _deliver_first(_due().exclude(pk__in=failed), at)
    if row is not None and row.delivered_at is None:
        failed.add(row.pk)
    return row is not None


def deliver_due(*, at: datetime, limit: int = 200) -> int:
    """Deliver messages that are due, at most `limit`, each tried once; return how many were delivered."""
    failed: set[int] = set()
    tried = 0
    while tried < limit and deliver_next(at=at, failed=failed):
        tried += 1
    return tried - len(failed)


@shared_task(name="core.tasks.deliver_outbox", expires=SECONDS_TO_BE_HEARD)
def deliver_outbox() -> None:
    """Deliver what is due for some seconds; ring again when there may be more and any could be delivered.

    One letter more may last as long as the mail server is waited for, where it takes it and says nothing.
    """
    started = monotonic()
    failed: set[int] = set()
    tried = 0
    while deliver_next(at=timezone.now(), failed=failed):
        tried += 1
        if monotonic() - started > SECONDS_AT_WORK or len(failed) == FAILURES_AT_ONCE:
            if tried > len(failed):
                ring(deliver_outbox)
            return


def _due() -> QuerySet[OutboxMessage]:
    """Return what is not delivered, those first that failed least often."""
    return OutboxMessage.objects.filter(delivered_at__isnull=True).order_by("attempts", "id")


def _deliver_first(due: QuerySet[OutboxMessage], at: datetime) -> OutboxMessage | None:
    """Deliver the first of these that no other worker holds; return it, or nothing when there is none.

    The handler's work and the mark that it is done commit together. A failing handler leaves the message due
    and does not hold up the others.
    """
    row = None
    try:
        with transaction.atomic():
            row = due.select_for_update(skip_locked=True).first()
            if row is None:
                return None
            _handlers[row.topic](Message(row.payload, row.created_at), at)
            row.delivered_at = at
            row.save(update_fields=["delivered_at"])
    except Exception as error:
        if row is None:
            raise
        row.delivered_at = None
        logger.exception("Outbox message %s could not be delivered.", row.pk)
        OutboxMessage.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1, last_error=f"{type(error).__name__}"
        )
    return row
