"""`make backtest`: what double points on Saturdays would have cost a real retailer's year, and how fast.

The rule has a limit for each member and month and a budget over all members. The ledger's tables are compared
before and after. Raises Trouble when they changed, or when the replay takes too long or too much memory.
"""

import sys
from collections.abc import Mapping
from datetime import date, timedelta

import psycopg
from psycopg import sql

from tools.real.baskets import BASKETS
from tools.real.commands import Done, Trouble, command, manage, summary

SECONDS_AT_MOST = 30
MEMORY_LIMIT_MB = 300
LEDGER = (
    "loyalty_entry",
    "loyalty_lot",
    "loyalty_lotuse",
    "loyalty_pointaccount",
    "loyalty_purchase",
    "loyalty_rulespending",
    "loyalty_ruletally",
)

Fingerprints = dict[str, tuple[int, int]]
"""By table: how many rows it has, and the sum of their hashes."""


def run_back_test(environment: Mapping[str, str], programme: str, *, today: date) -> None:
    """Draft the rule, back-test it over the year that was imported, and print a table."""
    drafted = command([sys.executable, "-m", "tools.real.rule", programme], environment)
    last_on = today - timedelta(days=1)
    first_on = last_on - timedelta(days=364)
    before = fingerprints(environment["DATABASE_URL"])
    done = manage(
        environment,
        "back_test",
        "--programme",
        programme,
        "--rules",
        drafted.output.strip(),
        "--from",
        first_on.isoformat(),
        "--to",
        last_on.isoformat(),
    )
    after = fingerprints(environment["DATABASE_URL"])
    counts = summary(done.output)
    print_answer(counts, done)
    refuse_wrong_answers(counts, done, before, after)


def fingerprints(url: str) -> Fingerprints:
    """Return what tells a change of any row of the ledger's tables."""
    found: Fingerprints = {}
    with psycopg.connect(url) as connection:
        for table in LEDGER:
            query = sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::numeric FROM {} t"
            ).format(sql.Identifier(table))
            rows, hashes = connection.execute(query).fetchone() or (0, 0)
            found[table] = (int(rows), int(hashes))
    return found


def refuse_wrong_answers(
    counts: Mapping[str, int], done: Done, before: Fingerprints, after: Fingerprints
) -> None:
    """Raise Trouble unless the ledger is as it was, and the replay was quick and small."""
    changed = sorted(table for table in before if before[table] != after[table])
    if changed:
        raise Trouble(f"The back-test changed {', '.join(changed)}.")
    if counts["real"] + counts["difference"] != counts["replayed"]:
        raise Trouble(f"The figures do not add up: {counts}.")
    if done.seconds >= SECONDS_AT_MOST and counts["purchases"] <= BASKETS:
        raise Trouble(f"The back-test took {done.seconds:.1f} s; {SECONDS_AT_MOST} s is the limit.")
    if done.megabytes >= MEMORY_LIMIT_MB:
        raise Trouble(f"The back-test needed {done.megabytes:.0f} MB; {MEMORY_LIMIT_MB} MB is the limit.")


def print_answer(counts: Mapping[str, int], done: Done) -> None:
    """Print what the back-test found, and what it took."""
    rows = [
        ("purchases replayed", f"{counts['purchases']:,}"),
        ("members", f"{counts['members']:,}"),
        ("points really given", f"{counts['real']:,}"),
        ("points by the rules tried", f"{counts['replayed']:,}"),
        ("difference in points", f"{counts['difference']:,}"),
        ("difference in EUR", f"{counts['cents'] / 100:,.2f}"),
        ("members who gain", f"{counts['gaining']:,}"),
        ("members who lose", f"{counts['losing']:,}"),
        ("seconds of the back-test", f"{done.seconds:.1f}"),
        ("seconds of its processor", f"{done.processor_seconds:.1f}"),
        ("peak memory of the back-test", f"{done.megabytes:.0f} MB"),
    ]
    width = max(len(label) for label, _ in rows)
    print()
    for label, value in rows:
        print(f"{label:<{width}}  {value:>14}")
