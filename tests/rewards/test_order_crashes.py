"""An order killed half way, or with the whole of PostgreSQL, leaves nothing half done and nothing lost."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config.embedded import DURABLE, Cluster
from core.proof import proofs
from loyalty.models import Entry, EntryKind
from rewards.models import GiftCard, Order
from tests.factories import make_cardholder, make_programme
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.rewards.state import everything
from tests.transactions import PROGRAM, wait_until_blocked, wait_until_programs_left

PREPARE = """
import django
django.setup()
from tests.factories import make_cardholder, make_programme, order
programme = make_programme()
alice = make_cardholder(programme, points=3000)
order(programme, alice.account, points=100)
"""

ORDER = """
import django
django.setup()
from loyalty.models import PointAccount
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.factories import NOW
product = GiftCardProduct.objects.get(code="gift-card-15")
order_gift_card(account=PointAccount.objects.get(), product=product, request_key="tap", at=NOW)
"""

STOP_HALF_WAY = "LOCK TABLE rewards_giftcard IN SHARE MODE"
"""Orders then spend their points, and wait before the gift card is issued."""

STATE = """
SELECT (SELECT balance_points FROM loyalty_pointaccount), (SELECT count(*) FROM loyalty_entry),
       (SELECT sum(spent_points) FROM loyalty_lot), (SELECT count(*) FROM rewards_order),
       (SELECT count(*) FROM rewards_giftcard), (SELECT count(*) FROM core_idempotencyrecord)
"""


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on a database."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | PROGRAM | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(program: subprocess.Popen[str]) -> str:
    """Wait for a program that succeeds."""
    output, _ = program.communicate()
    assert program.returncode == 0, output
    return output


def address_of_the_tests_database() -> str:
    """Return the address under which another program finds the database of this test."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.mark.usefixtures("real_commits")
def test_an_order_whose_process_is_killed_half_way_never_happened_and_can_be_repeated() -> None:
    alice = make_cardholder(make_programme(), points=3000)
    url = address_of_the_tests_database()
    before = everything()

    with psycopg.connect(url) as holder:
        holder.execute(STOP_HALF_WAY)
        program = start(url, "-c", ORDER)
        wait_until_blocked(1)
        program.kill()
        program.communicate()
    wait_until_programs_left()

    assert program.returncode == -signal.SIGKILL
    assert everything() == before
    finish(start(url, "-c", ORDER))
    finish(start(url, "-c", ORDER))
    assert balance(alice.account) == (1500, 0)
    assert Entry.objects.filter(kind=EntryKind.ORDER).count() == 1
    assert (Order.objects.count(), GiftCard.objects.count()) == (1, 1)
    assert violations() == []


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Start a server of its own, as careful about its disk as a real one."""
    with tempfile.TemporaryDirectory(prefix="portal-test-") as folder:
        Path(folder).chmod(0o711)  # the server's account must pass, when it is not ours
        server = Cluster(Path(folder) / "postgres", DURABLE)
        server.hold()
        yield server
        server.release(immediately=True)


def kill_every_process(cluster: Cluster) -> None:
    """Kill the server and all its processes, as a power cut would."""
    pid = int((cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    postmaster = psutil.Process(pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)
    postmaster.wait()


def test_a_killed_postgresql_loses_no_order_and_leaves_none_half_done(cluster: Cluster) -> None:
    finish(start(cluster.url, "manage.py", "migrate", "--verbosity", "0"))
    finish(start(cluster.url, "-c", PREPARE))
    proved = f"proofs={len(proofs())} violations=0\n"
    with psycopg.connect(cluster.url) as watcher:
        before = watcher.execute(STATE).fetchone()
    assert before == (2900, 2, 100, 1, 1, 1)

    with psycopg.connect(cluster.url, autocommit=True) as watcher, psycopg.connect(cluster.url) as holder:
        holder.execute(STOP_HALF_WAY)
        program = start(cluster.url, "-c", ORDER)
        blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while watcher.execute(blocked).fetchone() is None:
            assert program.poll() is None
        kill_every_process(cluster)
        holder.close()
        watcher.close()
    output, _ = program.communicate()
    assert program.returncode != 0, output

    cluster.release()
    cluster.hold()
    with psycopg.connect(cluster.url) as watcher:
        assert watcher.execute(STATE).fetchone() == before
    assert finish(start(cluster.url, "manage.py", "verify_ledger")) == proved
    finish(start(cluster.url, "-c", ORDER))
    with psycopg.connect(cluster.url) as watcher:
        assert watcher.execute(STATE).fetchone() == (1400, 3, 1600, 2, 2, 2)
    assert finish(start(cluster.url, "manage.py", "verify_ledger")) == proved
