"""`make long`: what takes too long for every change. The build machine runs it every night (`.ci/long`).

Each part can be asked for by name: `python -m tools.long machine`. Numbers in the environment go before ours.
"""

import argparse
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130
PROCESSES = os.cpu_count() or 1
PYTEST = [sys.executable, "-m", "pytest", "--quiet", "--durations", "10", "-p", "no:cacheprovider"]

PROPERTIES = (
    "tests/loyalty/backtest/test_equality.py",
    "tests/loyalty/succession/test_late_lines.py",
    "tests/loyalty/succession/test_reversal_properties.py",
    "tests/loyalty/test_merging_properties.py",
    "tests/loyalty/test_purchases_in_any_order.py",
    "tests/loyalty/test_rules_in_any_order.py",
    "tests/site/test_statement_filters.py",
)

PARTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "machine": (
        {"LEDGER_EXAMPLES": "2000", "LEDGER_STEPS": "50", "LEDGER_SHARDS": str(PROCESSES)},
        [*PYTEST, "--numprocesses", str(PROCESSES), "tests/loyalty/test_ledger_machine.py"],
    ),
    "lives": (
        {"LIFE_EXAMPLES": "2000", "LIFE_STEPS": "50", "LIFE_SHARDS": str(PROCESSES)},
        [*PYTEST, "--numprocesses", str(PROCESSES), "tests/loyalty/test_life_machine.py"],
    ),
    "rules": ({"RULE_EXAMPLES": "300"}, [*PYTEST, "tests/loyalty/test_rule_machine.py"]),
    "orders": ({"EXAMPLES_TIMES": "20"}, [*PYTEST, *PROPERTIES]),
    "crashes": (
        {"CRASH_KILLS": "25", "CRASH_SEED": secrets.token_hex(4)},
        [*PYTEST, "tests/integrity/test_crashes_at_random.py"],
    ),
    "races": ({}, [*PYTEST, "tests/integrity/test_races_on_one_account.py"]),
    "removal": ({}, [sys.executable, "-m", "tools.removal", "--jobs", str(PROCESSES)]),
}
"""2,000 sequences of 50 movements, and 2,000 lives of 50 deeds by the services; 300 under changing rules;
twenty times the usual examples of what must not depend on the order; 25 kills of the worker and 25 of
PostgreSQL in each kind of work; races of 50 and 200 connections; every lock, trigger and constraint
taken out in turn."""


def main() -> int:
    """Run the parts asked for, or all; return 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.long", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}")
    asked = parser.parse_args().parts or list(PARTS)
    if unknown := set(asked) - PARTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    lines = []
    for part in asked:
        numbers, command = PARTS[part]
        environment = numbers | {name: os.environ[name] for name in numbers if name in os.environ}
        said = " ".join(f"{name}={value}" for name, value in environment.items())
        print(f"\n== {part} {said}".rstrip(), flush=True)
        started = time.monotonic()
        done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | environment)
        verdict = "failed" if done.returncode else "ok"
        lines.append(f"{part:<12}{verdict:<8}{time.monotonic() - started:7.0f} s  {said}".rstrip())
    print("\n" + "\n".join(lines))
    return 1 if any(" failed " in line for line in lines) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
