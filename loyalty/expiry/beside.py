"""Two chunks are worked on at once, each by a thread with a connection of its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

THREADS = 2
"""As many as leave a small machine room for whoever asks meanwhile."""


Chunk = TypeVar("Chunk")
Done = TypeVar("Done")


def two_at_once(chunks: Iterable[Chunk], work: Callable[[Chunk], Done]) -> Generator[Done, None, None]:
    """Yield what the work returns of each chunk, in their order; one more is asked for ahead.

    Within a transaction of the caller one follows the other: another connection would not see what that
    transaction wrote. An error of the work is raised when its turn comes; what was begun is finished.
    """
    if connection.in_atomic_block:
        yield from map(work, chunks)
        return
    threads = [ThreadPoolExecutor(max_workers=1) for _ in range(THREADS)]
    under_way: deque[Future[Done]] = deque()
    try:
        for number, chunk in enumerate(chunks):
            under_way.append(threads[number % THREADS].submit(work, chunk))
            if len(under_way) > THREADS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for thread in threads:
            thread.submit(connections.close_all)
            thread.shutdown()
