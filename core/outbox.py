"""Messages from a lower app to a higher one.

The lower app calls `publish` in the transaction of the fact it reports. Handlers are registered by the higher
app when it starts. Delivery is tried right after the commit and again by the sweeper until it succeeds: a
message may arrive twice, so each handler must make a repeat harmless.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.models import OutboxMessage

logger = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, Any], datetime], None]
_handlers: dict[str, Handler] = {}


def subscribe(topic: str, handler: Handler) -> None:
    """Register the one handler of a topic; it gets the payload and the instant the message was written."""
    if _handlers.setdefault(topic, handler) is not handler:
        message = f"The topic {topic} has a handler already."
        raise RuntimeError(message)


def publish(*, topic: str, payload: Mapping[str, object], at: datetime) -> None:
    """Write a message in the caller's transaction and try to deliver it once that has committed."""
    if topic not in _handlers:
        message = f"Nobody handles the topic {topic}."
        raise RuntimeError(message)
    row = OutboxMessage.objects.create(topic=topic, payload=dict(payload), created_at=at)
    transaction.on_commit(lambda: deliver(row.pk), robust=True)


def deliver(message_id: int) -> bool:
    """Deliver one message unless it was delivered or another worker holds it; say whether that happened now.

    The handler's work and the mark that it is done commit together. A failing handler leaves the message due
    and does not hold up the others.
    """
    try:
        with transaction.atomic():
            row = (
                OutboxMessage.objects.select_for_update(skip_locked=True)
                .filter(pk=message_id, delivered_at__isnull=True)
                .first()
            )
            if row is None:
                return False
            _handlers[row.topic](row.payload, row.created_at)
            row.delivered_at = timezone.now()
            row.save(update_fields=["delivered_at"])
            return True
    except Exception as error:
        logger.exception("Outbox message %s could not be delivered.", message_id)
        OutboxMessage.objects.filter(pk=message_id).update(
            attempts=F("attempts") + 1, last_error=f"{type(error).__name__}"
        )
        return False


def deliver_due(limit: int = 200) -> int:
    """Deliver the oldest undelivered messages, at most `limit`; return how many were delivered."""
    due = OutboxMessage.objects.filter(delivered_at__isnull=True).order_by("attempts", "id")
    return sum(deliver(pk) for pk in due.values_list("pk", flat=True)[:limit])
