"""Threads with a connection of their own: two chunks at once, told in their order, and nothing left open."""

from collections.abc import Iterator
from threading import Barrier, get_ident
from time import monotonic, sleep

import pytest
from django.db import connection

from core.threads import two_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_chunks_are_worked_on_at_once_and_are_told_in_their_order() -> None:
    both_are_here = Barrier(2, timeout=20)
    threads = []

    def work(chunk: int) -> int:
        threads.append(get_ident())
        both_are_here.wait()
        return chunk * 10

    assert list(two_at_once(range(6), work)) == [0, 10, 20, 30, 40, 50]
    assert len(set(threads)) == 2
    assert get_ident() not in threads


def test_chunks_are_asked_for_as_they_are_needed_and_connections_are_closed() -> None:
    asked = []

    def chunks() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    work_done = two_at_once(chunks(), lambda _chunk: backend())
    processes = [next(work_done) for _ in range(4)]
    work_done.close()

    assert len(asked) < 10
    assert len(set(processes)) == 2
    deadline = monotonic() + 30
    while running(processes) and monotonic() < deadline:
        sleep(0.05)
    assert running(processes) == 0


def backend() -> int:
    """Return the database's process that serves this thread."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((process,),) = cursor.fetchall()
    return int(process)


def running(processes: list[int]) -> int:
    """Return how many of the database's processes still serve a connection: they end a moment after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [processes])
        ((count,),) = cursor.fetchall()
    return int(count)
