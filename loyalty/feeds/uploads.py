"""Files that staff upload: kept in a private folder, without card numbers, until their import is over.

The folder is never served. Whatever is not a text that can be a feed is not even stored.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction

from core.card_numbers import without_card_numbers
from loyalty.feeds.check import check_file
from loyalty.feeds.imports import finish_import, import_lines, lines_left, lock_running_import
from loyalty.feeds.reader import LONGEST_RECORD
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import Source, open_source
from loyalty.models import FeedImport, FeedState

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

LARGEST_UPLOAD = 1024 * 1024 * 1024
"""In bytes, uncompressed. Checking more would outlast a task; the command line takes any size."""

FORGOTTEN_AFTER = timedelta(days=1)
"""A file whose import was never created, because the process died in between, is deleted after so long."""

UNFINISHED = (FeedState.WAITING, FeedState.RUNNING)


def keep_upload(feed_import: FeedImport, content: "BinaryIO | UploadedFile[Any]") -> None:
    """Write an upload to its place, uncompressed and with card numbers masked on the way.

    Raises FeedRefused when it cannot be a feed; then nothing is kept. `content` must be seekable.
    """
    path = path_of(feed_import)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as file:
            file.writelines(_masked_blocks(Source(cast("BinaryIO", content))))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def path_of(feed_import: FeedImport) -> Path:
    """Return where an import's upload is kept. The name that the sender gave plays no part in it."""
    return uploads_folder() / f"{feed_import.public_id}.csv"


def uploads_folder() -> Path:
    """Return the private folder of the uploads."""
    return Path(settings.MEDIA_ROOT) / "feeds"


def _masked_blocks(source: Source) -> Iterator[bytes]:
    """Yield the uncompressed content in whole lines, so that no card number is cut in two."""
    blocks = source.blocks()
    kept = 0
    rest = b""
    while block := blocks.read1():
        text = rest + block
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        rest = text[end:]
        kept += end
        if len(rest) > LONGEST_RECORD:
            raise FeedRefused("record_too_long", line=blocks.lines + 1)
        if kept > LARGEST_UPLOAD:
            raise FeedRefused("upload_too_large")
        yield _masked(text[:end])
    yield _masked(rest)


def _masked(text: bytes) -> bytes:
    """Mask card numbers whatever the encoding; bytes that are no UTF-8 stay, and refuse the file later."""
    return without_card_numbers(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def step_import(import_id: int, *, at: datetime, goes_on: Callable[[FeedImport], bool]) -> bool:
    """Do a part of the work on an uploaded file; say whether there is more to do.

    First the file is checked; then chunks are recorded as long as `goes_on` says so. When the same content
    is being imported already, that import is gone on with first. The upload is deleted when its import is
    over.
    """
    own = FeedImport.objects.select_related("programme__issuer").get(pk=import_id)
    if own.state not in UNFINISHED or not own.path:
        return False
    try:
        with open_source(path_of(own)) as source:
            running = own if own.state == FeedState.RUNNING else _start_running(own, source, at)
            running = import_lines(running, source, at=at, goes_on=goes_on)
    except FeedRefused as refusal:
        _refuse(own, refusal, at)
        return False
    if lines_left(running):
        return True
    _forget_upload(finish_import(running, at=at))
    return running.pk != own.pk


def _start_running(own: FeedImport, source: Source, at: datetime) -> FeedImport:
    """Check the file; return its import running now, or the one of the same content that runs already."""
    checked = check_file(source, own.kind)
    with transaction.atomic():
        if running := lock_running_import(programme=own.programme, kind=own.kind, sha256=checked.sha256):
            return running
        FeedImport.objects.filter(pk=own.pk, state=FeedState.WAITING).update(
            state=FeedState.RUNNING, sha256=checked.sha256, total_lines=checked.total_lines, moved_at=at
        )
    return FeedImport.objects.select_related("programme__issuer").get(pk=own.pk)


def _refuse(own: FeedImport, refusal: FeedRefused, at: datetime) -> None:
    """Keep why the file was refused. An import that had begun stays open for the same content, sent again."""
    FeedImport.objects.filter(pk=own.pk, state=FeedState.WAITING).update(
        state=FeedState.REFUSED, finished_at=at
    )
    FeedImport.objects.filter(pk=own.pk).update(
        refusal=refusal.refusal, refusal_details=refusal.details, moved_at=at
    )
    _forget_upload(own)


def _forget_upload(feed_import: FeedImport) -> None:
    if feed_import.path:
        path_of(feed_import).unlink(missing_ok=True)
        FeedImport.objects.filter(pk=feed_import.pk).update(path="")


def forget_lost_uploads(at: datetime) -> int:
    """Delete files that belong to no unfinished import and are older than a day; return how many."""
    wanted = {path_of(one) for one in FeedImport.objects.filter(state__in=UNFINISHED).exclude(path="")}
    lost = 0
    for path in uploads_folder().glob("*.csv"):
        with suppress(FileNotFoundError):  # another sweep may have been here a moment ago
            if path not in wanted and path.stat().st_mtime < (at - FORGOTTEN_AFTER).timestamp():
                path.unlink()
                lost += 1
    return lost
