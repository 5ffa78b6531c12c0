"""One purchase at a time through the service, with four processes, beside hordak's transfer and pgbench."""

import os
import subprocess
import sys
import time
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random

from django.db import connection
from django.utils import timezone

from bench.measures import HIGHER, Measure, middle
from bench.population import Population, make_population, purchase_line
from bench.server import FOLDER, database, programs
from loyalty.purchases.record import record_purchases

PROCESSES = 4
HORDAK_REFERENCE = 595.0
"""Transfers a second with four processes, as the design measured it; used when hordak cannot be installed."""

HORDAK = ["django-hordak==2.0.0", "Django==5.2.*", "psycopg[binary]==3.3.9"]
HORDAK_PROGRAM = Path(__file__).with_name("hordak_transfers.py")


def measure(server_url: str, *, quick: bool) -> list[Measure]:
    """Take turns between the three, so that a slow minute of the machine hits all of them."""
    seconds, rounds, cardholders = (2, 1, 2_000) if quick else (6, 3, 20_000)
    now = timezone.now()
    population = make_population(cardholders, at=now)
    hordak = _install_hordak()
    hordak_url = database(server_url, "bench_hordak") if hordak else ""
    if hordak:
        _hordak(hordak, hordak_url, "prepare", seconds)
    pgbench_url = database(server_url, "bench_pgbench")
    _pgbench(pgbench_url, "--initialize", "--quiet", "--scale", "10")
    ours: list[float] = []
    transfers: list[float] = []
    transactions: list[float] = []
    for number in range(rounds):
        ours.append(_purchases(population, number, seconds, now))
        if hordak:
            transfers.append(_hordak(hordak, hordak_url, "run", seconds))
        transactions.append(
            _pgbench(
                pgbench_url, "--client", str(PROCESSES), "--jobs", "2", "--time", str(seconds), "--no-vacuum"
            )
        )
    reference = middle(transfers) if transfers else HORDAK_REFERENCE
    name = "django-hordak's transfer, same run" if transfers else "django-hordak as the design measured it"
    figures = (middle(ours), middle(transactions))
    return [
        Measure(
            "one purchase", figures[0], reference, "per second", 2.0, HIGHER, name, f"{PROCESSES} processes."
        ),
        Measure(
            "one purchase beside pgbench",
            figures[0],
            figures[1],
            "per second",
            0.0,
            HIGHER,
            "pgbench's own transaction (no goal, for scale)",
        ),
    ]


def _purchases(population: Population, run: int, seconds: float, now: datetime) -> float:
    connection.close()
    context = get_context("fork")
    counts = context.SimpleQueue()
    barrier = context.Barrier(PROCESSES)

    def till(number: int) -> None:
        chance = Random(f"{run} {number}")
        done = 0
        connection.ensure_connection()
        barrier.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            reference, token = f"S{run}-{number}-{done}", chance.choice(population.tokens)
            line = purchase_line(reference=reference, token=token, number=done, at=now)
            record_purchases([line], programme=population.programme, at=now)
            done += 1
        counts.put(done)

    processes = [context.Process(target=till, args=(number,)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    total = sum(int(counts.get()) for _ in processes)
    for process in processes:
        process.join()
    return total / seconds


def _pgbench(url: str, *arguments: str) -> float:
    done = subprocess.run(
        [programs() / "pgbench", *arguments, url], capture_output=True, text=True, check=True
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    return float(found[0].split()[2]) if found else 0.0


def _install_hordak() -> Path | None:
    """Install hordak in an environment of its own; return its Python, or None when that fails."""
    folder = FOLDER / "hordak"
    python = folder / "bin" / "python"
    steps = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *HORDAK],
    )
    for step in steps:
        if subprocess.run(step, check=False, capture_output=True).returncode:
            print(
                "django-hordak could not be installed; its figure is taken from the design.", file=sys.stderr
            )
            return None
    return python


def _hordak(python: Path, url: str, step: str, seconds: float) -> float:
    done = subprocess.run(
        [python, HORDAK_PROGRAM, step, str(PROCESSES), str(seconds)],
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])
