"""Work in threads, each with a connection to the database of its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from django.db import connection, connections

THREADS = 2
"""As many as leave a small machine room for whoever asks meanwhile."""


Chunk = TypeVar("Chunk")
Done = TypeVar("Done")


@contextmanager
def own_thread() -> Iterator[ThreadPoolExecutor]:
    """Let one thread do what it is given; at the end of the block wait for it and close its connection."""
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        yield thread
    finally:
        thread.submit(connections.close_all)
        thread.shutdown()


def two_at_once(chunks: Iterable[Chunk], work: Callable[[Chunk], Done]) -> Generator[Done, None, None]:
    """Yield what the work returns of each chunk, in their order; one more is asked for ahead.

    Within a transaction of the caller one follows the other: another connection would not see what that
    transaction wrote. An error of the work is raised when its turn comes; what was begun is finished.
    """
    if connection.in_atomic_block:
        yield from map(work, chunks)
        return
    with ExitStack() as ends:
        threads = [ends.enter_context(own_thread()) for _ in range(THREADS)]
        under_way: deque[Future[Done]] = deque()
        for number, chunk in enumerate(chunks):
            under_way.append(threads[number % THREADS].submit(work, chunk))
            if len(under_way) > THREADS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
