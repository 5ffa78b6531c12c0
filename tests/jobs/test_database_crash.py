"""PostgreSQL itself is killed in the middle of an expiry or an import: the same command finishes it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from config.embedded import DURABLE, Cluster
from loyalty.feeds.chunks import LINES_AT_ONCE
from tests.jobs.conftest import wait_until
from tests.jobs.story import MEMBERS, POINTS_OVER
from tests.loyalty.feeds.files import CARDHOLDER, PURCHASE, STORE, as_csv

TELL_THE_STORY = """
import django
django.setup()
from tests.jobs.story import make_programme_with_points_over
make_programme_with_points_over("a")
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="portal-test-") as folder:
        Path(folder).chmod(0o711)  # the server's account must pass, when it is not ours
        server = Cluster(Path(folder) / "postgres", DURABLE)
        server.hold()
        yield server
        server.release(immediately=True)


def start(cluster: Cluster, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": cluster.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(program: subprocess.Popen[str]) -> str:
    output, _ = program.communicate()
    assert program.returncode == 0, output
    return output


def kill_every_process(cluster: Cluster) -> None:
    pid = int((cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    postmaster = psutil.Process(pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)
    postmaster.wait()


def test_an_expiry_is_finished_after_postgresql_was_killed_in_it(cluster: Cluster) -> None:
    finish(start(cluster, "manage.py", "migrate", "--verbosity", "0"))
    finish(start(cluster, "-c", TELL_THE_STORY))
    with psycopg.connect(cluster.url) as holder, psycopg.connect(cluster.url, autocommit=True) as watcher:
        holder.execute(
            "SELECT id FROM loyalty_pointaccount WHERE id = "
            "(SELECT id FROM loyalty_pointaccount ORDER BY id OFFSET 250 LIMIT 1) FOR UPDATE"
        )
        expiry = start(cluster, "manage.py", "expire_points")
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: watcher.execute(waiting).fetchone(), "The command never came to the second chunk.")
        kill_every_process(cluster)
        holder.close()
        watcher.close()
    assert expiry.wait() != 0
    assert expiry.stdout is not None
    expiry.stdout.close()

    cluster.release()
    cluster.hold()
    finished = finish(start(cluster, "manage.py", "expire_points"))

    # Two chunks are posted at once. While the second waited, the first may have committed, and then the
    # third: what did not is done now.
    first, second = (sum(10 + number for number in range(start, start + 200)) for start in (0, 200))
    left = [(MEMBERS, POINTS_OVER), (MEMBERS - 200, POINTS_OVER - first), (200, second)]
    assert finished in [f"accounts={lots} lots={lots} points={points}\n" for lots, points in left]
    with psycopg.connect(cluster.url) as connection:
        totals = "SELECT count(*), -sum(points) FROM loyalty_entry WHERE kind = 6"
        assert connection.execute(totals).fetchone() == (MEMBERS, POINTS_OVER)


def test_an_import_is_finished_after_postgresql_was_killed_in_it(cluster: Cluster, tmp_path: Path) -> None:
    lines = LINES_AT_ONCE + 100
    cards = [CARDHOLDER | {"card_token": f"tok-{n}", "member_reference": f"M-{n}"} for n in range(2)]
    rows = [
        PURCHASE
        | {"partner": STORE["partner"], "store": STORE["store"], "reference": f"P-{number}"}
        | {"card_token": "tok-0" if number < LINES_AT_ONCE else "tok-1"}
        for number in range(lines)
    ]
    finish(start(cluster, "manage.py", "migrate", "--verbosity", "0"))
    finish(start(cluster, "manage.py", "load_preset", "happy-card"))
    for kind, content in (("stores", [STORE]), ("cardholders", cards), ("purchases", rows)):
        (tmp_path / f"{kind}.csv").write_bytes(as_csv(content, kind))
    commands = {
        kind: ("manage.py", f"import_{kind}", str(tmp_path / f"{kind}.csv"), "--programme", "happy-card")
        for kind in ("stores", "cardholders", "purchases")
    }
    finish(start(cluster, *commands["stores"]))
    finish(start(cluster, *commands["cardholders"]))
    with psycopg.connect(cluster.url) as holder, psycopg.connect(cluster.url, autocommit=True) as watcher:
        holder.execute(
            "SELECT a.id FROM loyalty_pointaccount a JOIN members_member m ON m.id = a.member_id"
            " WHERE m.reference = 'M-1' FOR UPDATE OF a"
        )
        program = start(cluster, *commands["purchases"])
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: watcher.execute(waiting).fetchone(), "The command never came to the second chunk.")
        kill_every_process(cluster)
        holder.close()
        watcher.close()
    said, _ = program.communicate()
    assert program.returncode != 0
    assert len(said.splitlines()) == 1

    cluster.release()
    cluster.hold()
    finished = finish(start(cluster, *commands["purchases"]))

    assert finished == f"read={lines} accepted={lines} duplicate=0 parked=0 rejected=0 points={12 * lines}\n"
    finish(start(cluster, "manage.py", "verify_ledger"))
    with psycopg.connect(cluster.url) as connection:
        balances = "SELECT balance_points FROM loyalty_pointaccount ORDER BY id"
        assert connection.execute(balances).fetchall() == [(12 * LINES_AT_ONCE,), (12 * 100,)]
