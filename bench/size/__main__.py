"""`python -m bench.size`: fill so many accounts with histories, then measure what grows and what does not.

A few members live for years through the services; every row about them is then copied, a table at a time, so
the histories hold every kind of movement and are proved. Each part runs in a process of its own, whose memory
is measured. A part that fails is told and the others still run.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import psycopg

from bench.__main__ import RESULTS
from bench.server import BASE, ROOT, database, environment, make_tables, own_server
from bench.size.figures import Figure, table

FOLDER = ROOT / ".data" / "size"
PARTS = ("pages", "file_import", "proof", "night")
"""The night is last: where histories are short it is one to come, with movements ahead of the clock."""
BYTES_A_PURCHASE, BYTES_AN_ACCOUNT = 1_100, 3_000
"""Roughly, with entries, lots and all indexes: to say beforehand that a disk is too small."""


def main() -> int:
    """Fill, measure and print; return 1 when a part failed."""
    asked = _arguments()
    if asked.inside:
        _inside(asked)
        return 0
    needed = asked.accounts * (BYTES_AN_ACCOUNT + BYTES_A_PURCHASE * asked.years * asked.purchases_a_year)
    free = shutil.disk_usage(ROOT).free
    if needed > free:
        print(
            f"About {needed / 1e9:.0f} GB are needed and {free / 1e9:.0f} GB are free: ask for fewer"
            f" accounts, years or purchases a year.",
            file=sys.stderr,
        )
        return 1
    figures: list[Figure] = []
    failed: list[str] = []
    with own_server(FOLDER) as server_url:
        url = database(server_url, BASE)
        own = environment(url, FOLDER)
        make_tables(own)
        for part in ("fill", *(asked.part or PARTS)):
            print(f"Measuring: {part.replace('_', ' ')} …", file=sys.stderr, flush=True)
            try:
                figures += _run(part, own)
            except subprocess.CalledProcessError:
                failed.append(part)
                if part == "fill":
                    break
            else:
                _write(asked, figures)
            print(f"The database has {_size(url) / 1e9:.1f} GB.", file=sys.stderr, flush=True)
    print(f"\n{table(figures)}\n")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.size", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000, help="how many (default 200,000)")
    parser.add_argument("--years", type=int, default=5, help="how long each takes part (default 5)")
    parser.add_argument(
        "--purchases-a-year", type=float, default=4.0, help="how many of each on average (default 4)"
    )
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (may be given again)")
    parser.add_argument("--inside", nargs=2, metavar=("PART", "FILE"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(part: str, own: dict[str, str]) -> list[Figure]:
    result = FOLDER / f"{part}.json"
    command = [sys.executable, "-m", "bench.size", *sys.argv[1:], "--inside", part, str(result)]
    subprocess.run(command, cwd=ROOT, env=own, check=True)
    return [Figure(**row) for row in json.loads(result.read_text(encoding="utf-8"))]


def _inside(asked: argparse.Namespace) -> None:
    import django  # noqa: PLC0415 - only this process has the settings

    django.setup()
    part, result = asked.inside
    started = time.monotonic()
    figures: list[Figure] = import_module(f"bench.size.{part}").measure(asked)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = part.replace("_", " ")
    figures.append(Figure(f"{name}: most memory of the program", megabytes, "MB"))
    figures.append(Figure(f"{name}: all of it", time.monotonic() - started, "s"))
    Path(result).write_text(json.dumps([asdict(one) for one in figures]), encoding="utf-8")


def _write(asked: argparse.Namespace, figures: list[Figure]) -> None:
    """Write what is known by now: a long run that is interrupted leaves its figures."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "accounts": asked.accounts,
        "years": asked.years,
        "purchases_a_year": asked.purchases_a_year,
        "cores": os.cpu_count(),
        "figures": [asdict(one) for one in figures],
    }
    file = RESULTS / f"size-{asked.accounts}.json"
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _size(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())
