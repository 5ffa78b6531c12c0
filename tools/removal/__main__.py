"""`python -m tools.removal`: take out every lock, trigger and constraint; show that a test fails."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent.parent
INTERRUPTED = 130
JOBS = 2

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from tools.removal.items import Item, all_items, forgotten  # noqa: E402 - the models must be ready
from tools.removal.runs import Outcome, Trouble, Workshop  # noqa: E402 - the models must be ready


def main() -> int:
    """Do what the command line asks; return 0 when each item was missed by its test."""
    asked = _arguments()
    started = time.monotonic()
    try:
        with _server() as url, tempfile.TemporaryDirectory(prefix="portal-removal-") as folder:
            Path(folder).chmod(0o711)
            workshop = Workshop(ROOT, Path(folder), url, asked.jobs)
            workshop.migrate()
            untested, unknown = forgotten(workshop.fetch, ROOT)
            for name in untested:
                print(f"NO TEST     {name}: no test is named for it")
            for name in unknown:
                print(f"NOTHING     {name}: a test is named for what is not there")
            items = [item for item in all_items(workshop.fetch, ROOT) if item.test and _is_asked(item, asked)]
            if asked.list:
                for item in items:
                    print(f"{item.name}: {item.test}")
                return 1 if untested or unknown else 0
            survivors = _take_out(workshop, items, asked.jobs)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    seconds = round(time.monotonic() - started)
    print(
        f"items={len(items)} caught={len(items) - survivors} survived={survivors} untested={len(untested)}"
        f" unknown={len(unknown)} seconds={seconds}"
    )
    return 1 if survivors or untested or unknown or not items else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.removal", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="items whose name holds this")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"runs at once (default {JOBS})")
    parser.add_argument("--list", action="store_true", help="only list the items and their tests")
    return parser.parse_args()


def _is_asked(item: Item, asked: argparse.Namespace) -> bool:
    return not asked.only or any(part in item.name for part in asked.only)


def _take_out(workshop: Workshop, items: Sequence[Item], jobs: int) -> int:
    """Take out each item; return how many were not missed. With nothing taken out every test must pass."""
    tests = sorted({item.test for item in items})
    whole = workshop.run(tests)
    broken = [test for test in tests if test not in whole.passed]
    if broken:
        print(whole.said)
        raise Trouble(f"With nothing taken out these tests must pass, and do not: {', '.join(broken)}")
    print(f"whole       {len(tests)} tests pass with nothing taken out", flush=True)
    return sum(not _is_caught(item, outcome) for item, outcome in _outcomes(workshop, items, jobs))


def _outcomes(workshop: Workshop, items: Sequence[Item], jobs: int) -> Iterator[tuple[Item, Outcome]]:
    inside = [item for item in items if item.is_taken_out_inside]
    others = [item for item in items if not item.is_taken_out_inside]
    with ThreadPoolExecutor(jobs) as pool:
        of_all = [pool.submit(workshop.run_inside, inside)] if inside else []
        of_each = [pool.submit(workshop.run, [item.test], without=item) for item in others]
        for outcome in of_all:
            yield from ((item, outcome.result()) for item in inside)
        for item, outcome in zip(others, of_each, strict=True):
            yield item, outcome.result()


def _is_caught(item: Item, outcome: Outcome) -> bool:
    """Say on one line whether the test missed the item."""
    is_caught = (item.name if item.is_taken_out_inside else item.test) in outcome.failed
    also = f" (with {', '.join(item.beside)})" if item.beside else ""
    verdict = "caught" if is_caught else "NOT CAUGHT"
    print(f"{verdict:<12}{item.name}{also}: {item.test.split('::')[-1]}", flush=True)
    if not is_caught:
        print(outcome.said)
    return is_caught


@contextmanager
def _server() -> Iterator[str]:
    """Run a throw-away PostgreSQL."""
    with subprocess.Popen(
        [sys.executable, "-m", "config.embedded"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdout is not None  # noqa: S101 - asked for above
        url = server.stdout.readline().strip()
        if not url:
            raise Trouble("The throw-away PostgreSQL did not start; its reason stands above.")
        yield url


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
