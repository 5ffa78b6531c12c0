"""Tests on real transactions: threads with connections of their own, and what each sends and waits for."""

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.db import connection, connections, transaction

Result = TypeVar("Result")
PATIENCE_SECONDS = 60
# What a program started by a test adds to its environment, so that PostgreSQL tells its sessions from those
# of the tests: a test in a browser leaves one behind, because Django keeps its connections per event loop.
PROGRAM = {"PGAPPNAME": "program of a test"}

STATEMENT = re.compile(
    r'^[^\n]*\tF\t\d+\t(?:Query|Parse)\t(?: "")? ?(".*?")(?=[ \d]*\n[^\n]*\t[FB]\t\d+\t|\Z)',
    re.MULTILINE | re.DOTALL,
)
"""What libpq writes about a statement it sends: a statement may itself have several lines."""


@pytest.fixture
def real_commits(transactional_db: None) -> None:
    """Commit for real. What is left is deleted after the test."""


def race(
    work: Callable[[int], Result], *, runners: int, meanwhile: Callable[[], object] = lambda: None
) -> list[Result | Exception]:
    """Run the work on so many connections at once; return each result, or the error it ended with.

    `meanwhile` runs here once all have started.
    """
    start = threading.Barrier(runners)
    results: list[Result | Exception] = [RuntimeError("The runner never came back.")] * runners

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=PATIENCE_SECONDS)
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at how each runner ended
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    try:
        meanwhile()
    finally:
        for thread in threads:
            thread.join(timeout=PATIENCE_SECONDS)
    return results


def wait_until_blocked(sessions: int) -> None:
    """Return once so many other sessions of this database wait for a lock."""
    _wait_for(sessions, wait_event_type="Lock")


def one_after_the_other(first: Callable[[], object], then: Callable[[], Result]) -> Result | Exception:
    """Do the first and keep its transaction open until the second, on another connection, waits for it.

    Returns what came of the second once the first has committed. Fails when the second does not wait.
    """
    with _second_connection(then) as (second, answers), transaction.atomic():
        first()
        second.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _count_sessions("Lock", "") != 1:
            assert second.is_alive(), f"The second did not wait for the first: {answers}"
            assert time.monotonic() < deadline, "The second neither waits nor ends."
            time.sleep(0.01)
    return answers[0]


def beside(first: Callable[[], object], then: Callable[[], Result]) -> Result | Exception:
    """Do the first and keep its transaction open until the second, on another connection, has ended.

    Returns what came of the second. When it waits for a lock, that is an error soon.
    """

    def impatient() -> Result:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        return then()

    with _second_connection(impatient) as (second, answers), transaction.atomic():
        first()
        second.start()
        second.join(timeout=PATIENCE_SECONDS)
    return answers[0]


@contextmanager
def _second_connection(
    work: Callable[[], Result],
) -> Iterator[tuple[threading.Thread, list[Result | Exception]]]:
    answers: list[Result | Exception] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - the test looks at how it ended
            answers.append(error)
        finally:
            connections.close_all()

    second = threading.Thread(target=run)
    try:
        yield second, answers
    finally:
        if second.ident is not None:
            second.join(timeout=PATIENCE_SECONDS)


def wait_until_programs_left() -> None:
    """Return once no program of this test has a session here: whatever it left undone is rolled back."""
    _wait_for(0, application_name=PROGRAM["PGAPPNAME"])


def _wait_for(sessions: int, *, wait_event_type: str = "", application_name: str = "") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := _count_sessions(wait_event_type, application_name)) != sessions:
        assert time.monotonic() < deadline, f"There are {found} such sessions instead of {sessions}."
        time.sleep(0.02)


def _count_sessions(wait_event_type: str, application_name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction keeps what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND %s IN ('', wait_event_type) AND %s IN ('', application_name)",
            [wait_event_type, application_name],
        )
        return int(cursor.fetchone()[0])


@contextmanager
def sent_statements() -> Iterator[list[str]]:
    """Note every statement that goes to the server, whichever cursor sends it, in order.

    Of a statement whose plan is kept only the name would travel, so nothing is kept meanwhile.
    """
    connection.ensure_connection()
    server = connection.connection.pgconn
    threshold, connection.connection.prepare_threshold = connection.connection.prepare_threshold, None
    statements: list[str] = []
    with tempfile.TemporaryFile() as protocol:
        server.trace(protocol.fileno())
        try:
            yield statements
        finally:
            server.untrace()
            connection.connection.prepare_threshold = threshold
        protocol.seek(0)
        text = protocol.read().decode()
    statements += [" ".join(statement.split()) for statement in re.findall(STATEMENT, text)]
