"""`make real`: a real retailer's year through the ordinary commands, into a database of its own.

With `--backtest`, which `make backtest` adds, a rule is then tried on that year: see `tools.real.backtest`.

Exits with 1 when the counts do not add up, when the ledger is not proved or when the import needs too much
memory. The files are written by a process of their own: the peak memory of a child counts that of its parent
when it was started.
"""

import argparse
import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tools.real.backtest import run_back_test
from tools.real.baskets import BASKETS, read_baskets
from tools.real.commands import ROOT, Done, Trouble, command, manage, summary
from tools.real.files import Feeds, write_feeds
from tools.real.server import database_made_anew, with_a_server

DATABASE = "portal_real"
PROGRAMME = "happy-card"
MEMORY_LIMIT_MB = 300


def main() -> int:
    """Write the files, import them, prove the ledger and print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".data" / "real", help="where the files go")
    parser.add_argument("--convert", action="store_true", help="only write the three files")
    parser.add_argument("--backtest", action="store_true", help="then back-test a rule on the year")
    arguments = parser.parse_args()
    if arguments.convert:
        convert(arguments.folder)
        return 0

    def run(server_url: str) -> bool:
        environment = import_feeds(converted(arguments.folder), server_url)
        if arguments.backtest:
            run_back_test(environment, PROGRAMME, today=date.today())  # noqa: DTZ011 - as the files are written
        return True

    return with_a_server(run)


def convert(folder: Path) -> None:
    """Write the three files and, beside them, what must come out of them."""
    feeds = write_feeds(read_baskets(), folder, today=date.today())  # noqa: DTZ011 - the day of whoever asks
    expected = {"lines": feeds.lines, "zero_amounts": feeds.zero_amounts, "points": feeds.points}
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


def converted(folder: Path) -> Feeds:
    """Write the files in a process of their own; raise Trouble when the year is not whole."""
    print("Reading the retailer's year …", file=sys.stderr)
    command([sys.executable, "-m", "tools.real", "--convert", "--folder", str(folder)], os.environ)
    feeds = Feeds(folder, **json.loads((folder / "expected.json").read_text(encoding="utf-8")))
    if feeds.lines != BASKETS:
        raise Trouble(f"The package holds {feeds.lines} baskets instead of {BASKETS}.")
    return feeds


def import_feeds(feeds: Feeds, server_url: str) -> dict[str, str]:
    """Import the files into a database made anew, prove the ledger, print a table.

    Returns the environment in which commands work on that database. Raises Trouble.
    """
    url = database_made_anew(server_url, DATABASE)
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    environment.pop("DEBUG", None)
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "load_preset", PROGRAMME)
    manage(environment, "import_stores", str(feeds.stores), "--programme", PROGRAMME)
    manage(environment, "import_cardholders", str(feeds.cardholders), "--programme", PROGRAMME)
    verdicts = feeds.folder / "purchases.csv.verdicts.csv"
    verdicts.unlink(missing_ok=True)
    imported = manage(environment, "import_purchases", str(feeds.purchases), "--programme", PROGRAMME)
    expired = manage(environment, "expire_points")
    proved = manage(environment, "verify_ledger")
    counts = summary(imported.output)
    reasons = count_verdicts(verdicts)
    print_table(counts, reasons, imported, (expired, proved))
    refuse_wrong_counts(feeds, counts, reasons)
    if imported.megabytes >= MEMORY_LIMIT_MB:
        raise Trouble(f"The import needed {imported.megabytes:.0f} MB; {MEMORY_LIMIT_MB} MB is the limit.")
    return environment


def count_verdicts(path: Path) -> Counter[tuple[str, str]]:
    """Count the verdicts by outcome and reason."""
    with path.open(encoding="utf-8", newline="") as file:
        return Counter((row["outcome"], row["reason"]) for row in csv.DictReader(file))


def refuse_wrong_counts(feeds: Feeds, counts: Mapping[str, int], reasons: Counter[tuple[str, str]]) -> None:
    """Raise Trouble unless every line has its verdict and the points are those the amounts earn."""
    outcomes = ("accepted", "duplicate", "parked", "rejected")
    by_outcome = {
        name: sum(count for (outcome, _), count in reasons.items() if outcome == name) for name in outcomes
    }
    expected = {"accepted": feeds.lines - feeds.zero_amounts, "duplicate": 0, "parked": 0}
    expected |= {"rejected": feeds.zero_amounts, "read": feeds.lines, "points": feeds.points}
    for name, count in expected.items():
        if counts.get(name) != count:
            raise Trouble(f"The import says {name}={counts.get(name)} where {count} is right.")
        if by_outcome.get(name, count) != count:
            raise Trouble(f"The verdicts hold {by_outcome[name]} lines {name} where {count} is right.")


def print_table(
    counts: Mapping[str, int], reasons: Counter[tuple[str, str]], imported: Done, after: tuple[Done, Done]
) -> None:
    """Print what the run showed."""
    expired, proved = after
    rows = [("lines", f"{counts['read']:,}")]
    rows += [
        (f"{outcome} {reason}".strip(), f"{count:,}") for (outcome, reason), count in sorted(reasons.items())
    ]
    rows += [
        ("points", f"{counts['points']:,}"),
        ("seconds of the import", f"{imported.seconds:.1f}"),
        ("lines per second", f"{counts['read'] / imported.seconds:,.0f}"),
        ("peak memory of the import", f"{imported.megabytes:.0f} MB"),
        ("seconds of the expiry", f"{expired.seconds:.1f}"),
        ("seconds of the proof", f"{proved.seconds:.1f}"),
    ]
    width = max(len(label) for label, _ in rows)
    print()
    for label, value in rows:
        print(f"{label:<{width}}  {value:>12}")
    print()
    print(proved.output.strip())


if __name__ == "__main__":
    sys.exit(main())
