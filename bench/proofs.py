"""`python -m bench.proofs`: how long `verify_ledger` takes on many entries, and how much memory."""

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import psutil
import psycopg

from bench.server import BASE, ROOT, database, environment, make_tables, own_server

ENTRIES = 10_000_000
MEMBERS = 400
YEARS = 5


def main() -> int:
    """Fill a ledger, prove it and print the figures."""
    parser = argparse.ArgumentParser(prog="bench.proofs", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help=f"how many (default {ENTRIES:,})")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        fill(asked.inside)
        return 0
    with own_server() as server_url:
        url = database(server_url, BASE)
        own = environment(url)
        make_tables(own)
        command = [sys.executable, "-m", "bench.proofs", "--inside", str(asked.entries)]
        subprocess.run(command, cwd=ROOT, env=own, check=True)
        proved = prove(url, own)
        print(
            f"{proved.seconds:.0f} s; client {proved.client_bytes / 1e6:.0f} MB, server's own memory"
            f" {proved.server_bytes / 1e6:.0f} MB, {proved.temporary_bytes / 1e9:.1f} GB written to temporary"
            f" files"
        )
        return proved.status


def fill(entries: int) -> None:
    """Let a few members live for years through the services, then copy them."""
    import django  # noqa: PLC0415 - only this process has the settings

    django.setup()
    from bench.lives import live  # noqa: PLC0415 - the models must be ready
    from bench.multiply import multiply  # noqa: PLC0415 - the models must be ready
    from loyalty.models import Entry  # noqa: PLC0415 - the models must be ready

    live(MEMBERS, years=YEARS, random=Random(0))
    lived = Entry.objects.count()
    started = time.monotonic()
    for table in multiply(max(1, entries // lived)):
        print(f"{time.monotonic() - started:7.0f} s  {table}", flush=True)


class Proved(NamedTuple):
    """What the command said and what it took."""

    status: int
    seconds: float
    client_bytes: int
    server_bytes: int
    temporary_bytes: int


def prove(url: str, own: Mapping[str, str]) -> Proved:
    """Run the command, watch its memory and that of the server, and return what it took."""
    with psycopg.connect(url) as connection:
        size, temporary = _space(connection)
        counts = {
            table: _count(connection, table)
            for table in (
                "loyalty_pointaccount",
                "loyalty_entry",
                "loyalty_lot",
                "loyalty_lotuse",
                "loyalty_purchase",
            )
        }
    print(f"{size / 1e9:.1f} GB; " + ", ".join(f"{count:,} {table}" for table, count in counts.items()))
    started = time.monotonic()
    program = psutil.Popen([sys.executable, "manage.py", "verify_ledger", "--verbose"], cwd=ROOT, env=own)
    client = server = 0
    while program.poll() is None:
        client = max(client, _memory([program]))
        server = max(server, _memory(_backends(url)))
        time.sleep(0.5)
    seconds = time.monotonic() - started
    with psycopg.connect(url) as connection:
        _, spilled = _space(connection)
    return Proved(int(program.returncode), seconds, client, server, spilled - temporary)


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0])  # noqa: S608 - a name of ours


def _space(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Return the size of the database and how much it ever wrote to temporary files, in bytes."""
    row = connection.execute(
        "SELECT pg_database_size(current_database()),"
        " (SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database())"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _backends(url: str) -> list[psutil.Process]:
    """Return the server's processes that work for a client or help one that does."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type IN ('client backend', 'parallel worker')"
        ).fetchall()
    return [psutil.Process(pid) for (pid,) in rows if psutil.pid_exists(pid)]


def _memory(processes: Sequence[psutil.Process]) -> int:
    """Return the memory of the processes that they share with nobody, in bytes."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total


if __name__ == "__main__":
    sys.exit(main())
