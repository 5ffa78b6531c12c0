"""The next chunk of a file is read and looked at while the database records the one before."""

from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

from django.db import connection

from loyalty.feeds.chunks import Chunk, ChunkReader, Place
from loyalty.feeds.kinds import FEEDS
from loyalty.models import FeedImport


class LookedAt(NamedTuple):
    """A chunk, and its lines as they are recorded."""

    chunk: Chunk
    lines: Any


class Ahead:
    """Works one chunk ahead, in a thread with a connection of its own (`core.threads.own_thread`).

    It only reads what the recording of lines does not change, so it makes no difference how far that is.
    Within a transaction of the caller lines are looked at when they are asked for: another connection would
    not see what that transaction wrote.
    """

    def __init__(self, reader: ChunkReader, feed_import: FeedImport, thread: Executor) -> None:
        self._reader = reader
        self._feed_import = feed_import
        self._looks_ahead = not connection.in_atomic_block
        self._thread = thread
        self._next: Future[LookedAt] | None = None

    def begin(self, place: Place, most_lines: int) -> None:
        """Begin with the chunk at a place, if any line is left there."""
        if most_lines:
            self._next = self._thread.submit(self._read, place, most_lines)

    def chunk_at(self, place: Place, most_lines: int) -> LookedAt:
        """Return the chunk at a place: the one that was begun, unless another run recorded that meanwhile."""
        found = self._next.result() if self._next else None
        if found is None or found.chunk.start != place:
            found = self._thread.submit(self._read, place, most_lines).result()
        if self._looks_ahead:
            return found
        return LookedAt(found.chunk, self._look_at(found.chunk))

    def _read(self, place: Place, most_lines: int) -> LookedAt:
        chunk = self._reader.read(place, most_lines)
        return LookedAt(chunk, self._look_at(chunk) if self._looks_ahead else None)

    def _look_at(self, chunk: Chunk) -> Any:  # noqa: ANN401 - each kind of feed has lines of its own
        return FEEDS[self._feed_import.kind].look_at(chunk.lines, self._feed_import)
