"""`make bench`: prints ratios beside the goals of the design and writes them to bench/results as JSON.

Every part runs in a process of its own, on a database of its own, on one fresh server.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bench.measures import Measure, table
from bench.server import BASE, FOLDER, ROOT, database, environment, make_tables, own_server

RESULTS = Path(__file__).with_name("results")
PARTS = ("file_import", "single_purchase", "expiry", "pages", "paint")


def main() -> int:
    """Run the parts asked for; return the exit status. A goal that is missed is a figure, not a failure."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and one round: the figures mean little"
    )
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (may be given again)")
    parser.add_argument("--inside", nargs=3, metavar=("PART", "SERVER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        run_inside(*arguments.inside, quick=arguments.quick)
        return 0
    started = time.monotonic()
    with own_server() as server_url:
        print(f"The server keeps its data in {FOLDER}; every commit reaches the disk.", file=sys.stderr)
        base_url = database(server_url, BASE)
        make_tables(environment(base_url))
        measures = [
            one
            for part in arguments.part or PARTS
            for one in run_part(part, server_url, quick=arguments.quick)
        ]
    print(f"\n{table(measures)}\n")
    file = write_results(measures, quick=arguments.quick)
    print(f"{time.monotonic() - started:.0f} s; written to {file.relative_to(ROOT)}")
    return 0


def run_part(part: str, server_url: str, *, quick: bool) -> list[Measure]:
    """Run a part in its own process and return what it measured."""
    print(f"Measuring: {part.replace('_', ' ')} …", file=sys.stderr)
    url = database(server_url, f"bench_{part}", like=BASE)
    result = FOLDER / f"{part}.json"
    options = ["--quick"] if quick else []
    subprocess.run(
        [sys.executable, "-m", "bench", *options, "--inside", part, server_url, str(result)],
        cwd=ROOT,
        env=environment(url),
        check=True,
    )
    return [Measure(**row) for row in json.loads(result.read_text(encoding="utf-8"))]


def run_inside(part: str, server_url: str, result: str, *, quick: bool) -> None:
    """Measure a part in this process and write what came out."""
    import django  # noqa: PLC0415 - only this process has the settings of the part

    django.setup()
    measures: list[Measure] = import_module(f"bench.{part}").measure(server_url, quick=quick)
    Path(result).write_text(json.dumps([asdict(one) for one in measures]), encoding="utf-8")


def write_results(measures: list[Measure], *, quick: bool) -> Path:
    """Write the figures with what they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - git is looked up on the PATH on purpose
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    content = {
        "measured_at": at.isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "quick": quick,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "measures": [asdict(one) | {"ratio": one.ratio, "is_met": one.is_met} for one in measures],
    }
    file = RESULTS / f"{at:%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main())
