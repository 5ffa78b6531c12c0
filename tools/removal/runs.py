"""Runs tests where something was taken out, each time on a fresh copy of a migrated database."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tools.removal.inside import ITEMS
from tools.removal.items import Item
from tools.removal.outcomes import FILE

SECONDS = 180
"""A test that takes longer waits for something that was taken out."""

MIGRATED = "migrated"
PLUGINS = ("-p", "no:cacheprovider", "-p")
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".data", ".*_cache", ".hypothesis", "screenshots", "results"
)


class Trouble(Exception):
    """Nothing can be shown; the message is the whole story."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which tests failed and passed, or without which items they did, and what pytest said."""

    failed: frozenset[str]
    passed: frozenset[str]
    said: str


class Workshop:
    """A server with a migrated database, and as many copies of the source as runs at once."""

    def __init__(self, root: Path, folder: Path, url: str, copies: int) -> None:
        self._root = root
        self._folder = folder
        self._url = url
        self._copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(copies):
            copy = folder / f"source-{number}"
            shutil.copytree(root, copy, ignore=LEFT_OUT)
            self._copies.put(copy)

    def address(self, database: str) -> str:
        """Return the address of a database on the server."""
        return urlsplit(self._url)._replace(path=f"/{database}").geturl()

    def migrate(self) -> None:
        """Make the database that all others are copied from."""
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(MIGRATED)))
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            check=False,
            cwd=self._root,
            env=os.environ | {"DATABASE_URL": self.address(MIGRATED)},
        )
        if done.returncode:
            raise Trouble("The database could not be migrated; the reason stands above.")

    def fetch(self, query: str, parameters: dict[str, list[str]]) -> Sequence[tuple[str, str]]:
        """Ask the migrated database."""
        with psycopg.connect(self.address(MIGRATED)) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def run(self, tests: Sequence[str], *, without: Item | None = None) -> Outcome:
        """Run the tests where the item was taken out, or with nothing taken out."""
        copy = self._copies.get()
        name = copy.name.replace("-", "_")
        try:
            with self._database(f"test_{name}", without), _edited(copy, self._root, without):
                return self._run(copy, self.address(name), tests, "tools.removal.outcomes")
        finally:
            self._copies.put(copy)

    def run_inside(self, items: Sequence[Item]) -> Outcome:
        """Run the test of each item with the item taken out inside the test's own transaction.

        Raises Trouble when a test does not pass there with nothing taken out.
        """
        copy = self._copies.get()
        name = copy.name.replace("-", "_")
        tests: dict[str, dict[str, Sequence[str]]] = {}
        for item in items:
            tests.setdefault(item.test, {f"nothing of {item.test}": ()})[item.name] = item.statements
        copy.with_suffix(".items").write_text(json.dumps(tests), encoding="utf-8")
        try:
            with self._database(f"test_{name}", None):
                outcome = self._run(copy, self.address(name), sorted(tests), "tools.removal.inside")
        finally:
            self._copies.put(copy)
        if any(f"nothing of {test}" not in outcome.passed for test in tests):
            raise Trouble(f"With nothing taken out a test fails:\n{outcome.said}")
        return outcome

    def _run(self, copy: Path, address: str, tests: Sequence[str], plugin: str) -> Outcome:
        outcomes = copy.with_suffix(".outcomes")
        outcomes.write_text("", encoding="utf-8")
        program = subprocess.Popen(
            [sys.executable, "-m", "pytest", *PLUGINS, plugin, "--reuse-db", "--quiet", "--tb=short", *tests],
            cwd=copy,
            env=os.environ
            | {
                "TEST_DATABASE_URL": address,
                FILE: str(outcomes),
                ITEMS: str(copy.with_suffix(".items")),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = program.communicate(timeout=SECONDS * (1 if len(tests) == 1 else 10))
        except BaseException as error:
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            said = f"It did not end within {SECONDS} seconds."
        lines = [line.split("\t", 1) for line in outcomes.read_text(encoding="utf-8").splitlines()]
        failed = frozenset(name for outcome, name in lines if outcome == "failed")
        return Outcome(failed, frozenset(name for _, name in lines) - failed, said)

    @contextmanager
    def _database(self, name: str, without: Item | None) -> Iterator[None]:
        identifier = sql.Identifier(name)
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(MIGRATED)))
        try:
            if without is not None and without.statements:
                with psycopg.connect(self.address(name), autocommit=True) as connection:
                    for statement in without.statements:
                        connection.execute(statement.encode())
            yield
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def _edited(copy: Path, root: Path, without: Item | None) -> Iterator[None]:
    """Let the copy of the source stand without the lock."""
    edits = without.edits if without is not None else ()
    try:
        for edit in edits:
            (copy / edit.path.relative_to(root)).write_text(edit.text, encoding="utf-8")
        yield
    finally:
        for edit in edits:
            place = copy / edit.path.relative_to(root)
            if edit.path.exists():
                shutil.copy2(edit.path, place)
            else:
                place.unlink(missing_ok=True)
