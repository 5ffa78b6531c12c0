"""Tests on real transactions: threads with connections of their own, and tables emptied afterwards."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from django.db import connection, connections

Result = TypeVar("Result")


@pytest.fixture
def real_commits(transactional_db: None) -> Iterator[None]:  # noqa: ARG001 - for its effect
    """Commit for real, and let the flush after the test truncate tables whose triggers refuse that.

    No trigger fires in a session that says it is a replica; Django closes this session after the flush.
    """
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def race(work: Callable[[int], Result], *, runners: int) -> list[Result | Exception]:
    """Run the work on so many connections at once; return each result, or the error it ended with."""
    start = threading.Barrier(runners)
    results: list[Result | Exception] = [RuntimeError("The runner never came back.")] * runners

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at how each runner ended
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results
