"""Importing a file in two passes: checked as a whole, then recorded chunk by chunk.

Each chunk commits in one transaction with the cursor, the counts and the verdicts, under the lock of the
import's row. So a run killed at any instant goes on where the last commit left it, and two runs of one
import share its chunks. A file is known by its content: content that is being imported is gone on with,
content that was imported is imported again and turns out to be all duplicates.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from core.threads import own_thread
from loyalty.feeds.ahead import Ahead, LookedAt
from loyalty.feeds.check import check_file
from loyalty.feeds.chunks import Chunk, ChunkReader, Place
from loyalty.feeds.kinds import FEEDS, settle_until_nothing_waits
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.rejections import keep_rejections
from loyalty.feeds.source import Source, safe_name
from loyalty.feeds.verdicts import pack_verdicts
from loyalty.models import FeedChunk, FeedImport, FeedState, Programme
from loyalty.purchases.lines import LineVerdict, Outcome


def begin_import(
    *,
    programme: Programme,
    kind: str,
    source: Source,
    name: str,
    at: datetime,
    report: Callable[[int], object] = lambda _bytes: None,
    doubt: Callable[[], object] = lambda: None,
) -> FeedImport:
    """Check a file and return its import: the one of the same content that is not finished, or a new one.

    Raises FeedRefused when the file is not trusted; then only a refused import is kept, to say so. `report`
    is told now and then how many bytes were checked; `doubt` is called when the total could not be compared.
    """
    feed_import = new_import(programme=programme, kind=kind, name=name, at=at)
    try:
        checked = check_file(source, kind, report=report)
    except FeedRefused as refusal:
        save_refused(feed_import, refusal, at=at)
        raise
    if checked.is_total_unverified:
        doubt()
    feed_import.sha256 = checked.sha256
    feed_import.total_lines = checked.total_lines
    feed_import.state = FeedState.RUNNING
    with transaction.atomic():
        if begun := lock_running_import(programme=programme, kind=kind, sha256=checked.sha256):
            return begun
        feed_import.save()
    return feed_import


def lock_running_import(*, programme: Programme, kind: str, sha256: str) -> FeedImport | None:
    """Return the unfinished import of a content, if there is one; nobody begins another until the commit."""
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    return (
        FeedImport.objects.select_related("programme__issuer")
        .filter(programme=programme, kind=kind, sha256=sha256, state=FeedState.RUNNING)
        .first()
    )


def new_import(*, programme: Programme, kind: str, name: str, at: datetime) -> FeedImport:
    """Return an import that is not saved yet. Its lines count as having arrived at `at`."""
    return FeedImport(
        programme=programme, kind=kind, file_name=safe_name(name), business_at=at, created_at=at, moved_at=at
    )


def save_refused(feed_import: FeedImport, refusal: FeedRefused, *, at: datetime) -> None:
    """Save a new import as refused, so that it can be seen why."""
    feed_import.state = FeedState.REFUSED
    feed_import.refusal = refusal.refusal
    feed_import.refusal_details = refusal.details
    feed_import.finished_at = at
    feed_import.save()


def import_lines(
    feed_import: FeedImport,
    source: Source,
    *,
    at: datetime,
    goes_on: Callable[[FeedImport], bool] = lambda _feed_import: True,
) -> FeedImport:
    """Record the lines that are not recorded yet, chunk by chunk; return the import as it then stands.

    After each chunk `goes_on` is asked whether to do another one. Raises FeedRefused when the file is not
    what it was when it was checked; what was recorded stays.
    """
    reader = ChunkReader(source, feed_import.kind)
    settle = FEEDS[feed_import.kind].settle
    if settle is not None and feed_import.cursor_offset:
        # The run before may have ended between a chunk's commit and the settling of what waited for it.
        _settle_all(feed_import)
    with own_thread() as thread:
        ahead = Ahead(reader, feed_import, thread)
        while lines_left(feed_import):
            looked_at = ahead.chunk_at(_place(feed_import, reader), lines_left(feed_import))
            chunk = looked_at.chunk
            ahead.begin(chunk.end, lines_left(feed_import) - len(chunk.numbers))
            with _without_search_for_cycles():
                feed_import, verdicts = _record_chunk(feed_import.pk, looked_at, reader, at)
            if settle is not None and verdicts:
                settle(chunk.lines, verdicts, feed_import)
            if not goes_on(feed_import):
                break
    return feed_import


@contextmanager
def _without_search_for_cycles() -> Iterator[None]:
    """Let Python free what is no longer used without looking for cycles in between.

    The thousands of objects of a chunk hold none, and looking for them again and again took as long as the
    chunk itself. Between two chunks Python looks as usual, so memory stays flat.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _place(feed_import: FeedImport, reader: ChunkReader) -> Place:
    if not feed_import.cursor_offset:
        return reader.first
    return Place(feed_import.cursor_offset, feed_import.cursor_line)


def lines_left(feed_import: FeedImport) -> int:
    """Return how many lines are not recorded yet."""
    return feed_import.total_lines - feed_import.read_lines


@transaction.atomic
def _record_chunk(
    import_id: int, looked_at: LookedAt, reader: ChunkReader, at: datetime
) -> tuple[FeedImport, list[LineVerdict]]:
    """Record a chunk with cursor, counts and verdicts; do nothing when another run has done it already.

    Returns the import as it now stands and the verdicts on the lines that could be read.
    """
    feed_import = (
        FeedImport.objects.select_for_update(no_key=True, of=("self",))
        .select_related("programme__issuer")
        .get(pk=import_id)
    )
    chunk, lines = looked_at
    if chunk.start != _place(feed_import, reader):
        return feed_import, []
    if not chunk.numbers:
        raise FeedRefused("file_changed")
    recorded = FEEDS[feed_import.kind].record(lines, feed_import)
    verdicts = _verdicts_on_all(chunk, recorded)
    counts = Counter(verdict.outcome for verdict in verdicts)
    if counts[Outcome.REJECTED]:
        keep_rejections(chunk, verdicts, feed_import)
    FeedChunk.objects.create(
        feed_import=feed_import,
        first_line=chunk.numbers[0],
        verdicts=pack_verdicts(chunk.numbers, chunk.references, verdicts),
    )
    feed_import.cursor_offset, feed_import.cursor_line = chunk.end
    feed_import.read_lines += len(verdicts)
    feed_import.accepted_lines += counts[Outcome.ACCEPTED]
    feed_import.duplicate_lines += counts[Outcome.DUPLICATE]
    feed_import.parked_lines += counts[Outcome.PARKED]
    feed_import.rejected_lines += counts[Outcome.REJECTED]
    feed_import.points += sum(verdict.points for verdict in verdicts)
    feed_import.moved_at, feed_import.attempts, feed_import.last_error = at, 0, ""
    feed_import.save()
    return feed_import, recorded


def _verdicts_on_all(chunk: Chunk, recorded: Sequence[LineVerdict]) -> Sequence[LineVerdict]:
    """Put the verdicts on lines that could not be read between those on the others."""
    if not chunk.refused:
        return recorded
    others = iter(recorded)
    return [
        LineVerdict(Outcome.REJECTED, chunk.refused[position].reason)
        if position in chunk.refused
        else next(others)
        for position in range(len(chunk.numbers))
    ]


def finish_import(feed_import: FeedImport, *, at: datetime) -> FeedImport:
    """Close an import whose lines are all recorded; return it as it now stands. A repeat changes nothing.

    Two imports that commit at the same moment do not see each other's lines: one may park what the other
    just brought. So each looks once more at the end, and the last to end sees everything.
    """
    _settle_all(feed_import)
    FeedImport.objects.filter(pk=feed_import.pk, state=FeedState.RUNNING).update(
        state=FeedState.DONE,
        refusal="",
        refusal_details={},
        attempts=0,
        last_error="",
        finished_at=at,
        moved_at=at,
    )
    return FeedImport.objects.get(pk=feed_import.pk)


def _settle_all(feed_import: FeedImport) -> None:
    settle_until_nothing_waits(programme=feed_import.programme, at=feed_import.business_at)


def summary_of(feed_import: FeedImport) -> str:
    """Return the counts of an import in one line, for people and for scripts."""
    return (
        f"read={feed_import.read_lines} accepted={feed_import.accepted_lines}"
        f" duplicate={feed_import.duplicate_lines} parked={feed_import.parked_lines}"
        f" rejected={feed_import.rejected_lines} points={feed_import.points}"
    )
