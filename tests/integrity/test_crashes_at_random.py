"""Whoever works is killed at random points, or PostgreSQL under it: it ends as if nothing had happened.

Each time the work begins on a fresh database, is killed once or a few times, each time anywhere in what is
left of it, and is then done to its end. CRASH_KILLS asks for more kills than usual, CRASH_SEED for the points
of an earlier run; a failure names its seed.
"""

import json
import logging
import os
import pickle
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from config.embedded import DURABLE, Cluster

logger = logging.getLogger(__name__)

KILLS = int(os.environ.get("CRASH_KILLS", "3"))
SEED = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
MOST_KILLS_IN_ONE = 3
WORK = ("import", "expire", "succeed")
KILLED = DURABLE | {"fsync": "off", "shared_buffers": "64MB"}
"""A kill loses nothing that the operating system was told to write, so nobody needs to wait for the disk."""

Content = dict[str, list[tuple[object, ...]]]


@dataclass
class Site:
    """A server of its own, and the program that does the work in children of its own."""

    cluster: Cluster
    folder: Path
    forge: "subprocess.Popen[str]"
    databases: int = 0

    def new_database(self, template: str, name: str = "") -> str:
        """Copy a database and the files that its story left; return the name of the copy."""
        self.databases += 1
        name = name or f"{template}_{self.databases}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        # A sequence writes ahead of what it hands out. Of a copied one the log knows only where the copy
        # began, so that a crash would let it hand out the same numbers again, until the first checkpoint.
        self._execute("CHECKPOINT")
        told = self.folder / template
        if told.exists():
            shutil.copytree(told, self.folder / name)
        else:
            (self.folder / name).mkdir()
        return name

    def forget(self, database: str) -> None:
        """Drop a database."""
        self._execute(f"DROP DATABASE {database} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        address = urlsplit(self.cluster.url)._replace(path="/postgres").geturl()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def do(self, work: str, database: str, **kill: object) -> tuple[int, int]:
        """Do the work in a child; return how it ended, below zero when killed, and its calls of functions."""
        order = {"work": work, "database": database, "folder": str(self.folder / database)} | kill
        assert self.forge.stdin is not None
        assert self.forge.stdout is not None
        self.forge.stdin.write(json.dumps(order) + "\n")
        self.forge.stdin.flush()
        answer = json.loads(self.forge.stdout.readline())
        return answer["status"], answer["calls"]

    def do_to_the_end(self, work: str, database: str) -> int:
        """Do the work undisturbed; return its calls of functions."""
        status, calls = self.do(work, database)
        assert status == 0
        return calls

    def what_remains(self, database: str) -> tuple[Content, bytes]:
        """Return every row, and the verdicts if there are any; the proofs must be clean."""
        self.do_to_the_end("dump", database)
        content, found = pickle.loads((self.folder / database / "dump").read_bytes())  # noqa: S301 - by our own child
        assert found == []
        verdicts = self.folder / database / "feed.csv.verdicts.csv"
        return content, verdicts.read_bytes() if verdicts.exists() else b""

    def restart_server(self) -> None:
        """Start the server again after it was killed."""
        self.cluster.release(immediately=True)
        self.cluster.hold()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Start a server and the program, and tell each story once."""
    with tempfile.TemporaryDirectory(prefix="portal-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's account must pass, when it is not ours
        cluster = Cluster(folder / "postgres", KILLED)
        cluster.hold()
        environment = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": cluster.url}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            check=True,
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
        )
        with subprocess.Popen(
            [sys.executable, "-m", "tests.integrity.forge"],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as forge:
            site = Site(cluster, folder, forge)
            for work in WORK:
                site.do_to_the_end(f"tell {work}", site.new_database("portal", work))
            yield site
        cluster.release(immediately=True)


@pytest.mark.parametrize("victim", ["worker", "server"])
@pytest.mark.parametrize("work", WORK)
def test_what_was_killed_ends_as_what_was_not(
    site: Site, work: str, victim: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=__name__)
    random = Random(f"{SEED} {work} {victim}")  # noqa: S311 - the same points for the same seed
    undisturbed = site.new_database(work)
    calls = site.do_to_the_end(work, undisturbed)
    expected = site.what_remains(undisturbed)
    server = str(site.cluster.data) if victim == "server" else ""
    kills = 0
    while kills < KILLS:
        database = site.new_database(work)
        points: list[int] = []
        for _ in range(random.randint(1, min(MOST_KILLS_IN_ONE, KILLS - kills))):
            # What was done is not done again, so a later kill of the same work comes sooner.
            points.append(random.randrange(1, calls // (2 * len(points) + 1)))
            seconds = random.choice((0, random.random() / 50))
            status, _ = site.do(work, database, calls=points[-1], seconds=seconds, server=server)
            if victim == "server":
                site.restart_server()
            kills += 1
            if status == 0:
                break  # it was killed after all was done
        site.do_to_the_end(work, database)
        logger.info("CRASH_SEED=%s: %s, the %s killed at calls %s of %s", SEED, work, victim, points, calls)
        content, verdicts = site.what_remains(database)
        for table, rows in expected[0].items():
            assert content[table] == rows, table
        assert verdicts == expected[1]
        site.forget(database)
