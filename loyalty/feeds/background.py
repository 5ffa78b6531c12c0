"""Importing uploaded files in the background, a few seconds at a time. The tables say what is left to do."""

import logging
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from core.attempts import forget_failures, note_failure, stalled_ids
from core.background import SECONDS_AT_WORK
from core.doorbell import ring
from core.jobs import register_sweeper
from loyalty.feeds.imports import new_import, save_refused
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.uploads import UNFINISHED, forget_lost_uploads, keep_upload, step_import
from loyalty.models import FeedImport, Programme
from members.models import User

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

logger = logging.getLogger(__name__)


def start_import(
    *,
    programme: Programme,
    kind: str,
    name: str,
    content: "BinaryIO | UploadedFile[Any]",
    created_by: User | None,
    at: datetime,
) -> FeedImport:
    """Keep an uploaded file and have it imported in the background; return its import.

    A file that cannot be a feed is refused at once: the import that is returned says why, and nothing of
    the file is kept. The same file sent again is imported again, and all its lines are duplicates.
    """
    feed_import = new_import(programme=programme, kind=kind, name=name, at=at)
    feed_import.created_by = created_by
    try:
        keep_upload(feed_import, content)
    except FeedRefused as refusal:
        save_refused(feed_import, refusal, at=at)
        return feed_import
    with transaction.atomic():
        feed_import.path = f"{feed_import.public_id}.csv"
        feed_import.save()
        ring(run_feed_import, feed_import.pk)
    return feed_import


@shared_task(name="loyalty.tasks.run_feed_import")
def run_feed_import(import_id: int) -> None:
    """Work on an uploaded file for some seconds; ring again when there is more to do.

    After a failing step the sweeper tries again, later each time.
    """
    own = FeedImport.objects.filter(pk=import_id)
    started = monotonic()
    try:
        is_more_left = step_import(
            import_id, at=timezone.now(), goes_on=lambda _import: monotonic() - started < SECONDS_AT_WORK
        )
    except Exception as error:
        logger.exception("A step of import %s failed.", import_id)
        note_failure(own.filter(state__in=UNFINISHED), error, at=timezone.now())
        return
    # The chunks that succeeded may be another import's of the same content, and a refusal is no failure.
    forget_failures(own)
    if is_more_left:
        ring(run_feed_import, import_id)


def wake_imports(at: datetime) -> None:
    """Ring for uploaded files that nobody works on, and delete files that were left behind."""
    unfinished = FeedImport.objects.filter(state__in=UNFINISHED).exclude(path="")
    for import_id in stalled_ids(unfinished, at=at):
        ring(run_feed_import, import_id)
    forget_lost_uploads(at)


def register_imports_sweeper() -> None:
    """Look every minute for imports that lost their message or their worker."""
    register_sweeper("imports", wake_imports)
