"""`manage.py verify_ledger`: recompute everything and name the rows that break a rule."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Collection, Iterator
from itertools import islice
from time import monotonic

from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction
from tqdm import tqdm

from core.commands import PortalCommand
from core.proof import proofs

SHOWN = 20
_LONGEST_COUNT = 9


class Command(PortalCommand):
    """Runs every proof on one state of the database; exits with status 1 when a rule is broken."""

    help = (
        "Recompute all points and gift cards and compare; exit with status 1 and name the rows that differ."
    )

    unanswered = "The database does not answer. Nothing was proved and nothing was changed."
    stopped = "Stopped. Nothing was proved and nothing was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how many rows are named for each rule."""
        parser.add_argument(
            "--show", type=_count, default=SHOWN, help=f"rows named for each broken rule (default {SHOWN})"
        )
        parser.add_argument(
            "--verbose", action="store_true", help="one line a proof, with how long it took in seconds"
        )

    def handle(self, *_args: object, **options: int) -> None:
        """Run the proofs in one transaction that sees one state, whatever is written meanwhile."""
        broken = self._broken(options["show"], is_verbose=bool(options["verbose"]))
        counts = " ".join(f"{name.replace(' ', '_')}={count}" for name, count in broken.items())
        summary = f"proofs={len(proofs())} violations={sum(broken.values())}"
        if broken:
            message = f"{summary} {counts}"
            raise CommandError(message)
        self.stdout.write(summary)

    def _broken(self, show: int, *, is_verbose: bool) -> dict[str, int]:
        broken: dict[str, int] = {}
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if is_outermost:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for name in _told(proofs()):
                started = monotonic()
                if count := self._run(name, show):
                    broken[name] = count
                if is_verbose:
                    self.stdout.write(f"{name}: violations={count} seconds={monotonic() - started:.1f}")
        return broken

    def _run(self, name: str, show: int) -> int:
        """Run one proof; name the first rows that break it and return how many there are."""
        violations = proofs()[name]()
        count = 0
        for violation in islice(violations, show):
            self.stdout.write(f"{violation.rule}: {violation.row}: {violation.found}")
            count += 1
        return count + sum(1 for _ in violations)


def _told(names: Collection[str]) -> Iterator[str]:
    """Yield the names, and tell on a terminal which of them it is now."""
    with tqdm(
        total=len(names), unit=" proofs", leave=False, file=sys.stderr, disable=not sys.stderr.isatty()
    ) as bar:
        for name in names:
            bar.set_description(name)
            yield name
            bar.update()


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_COUNT:
        sentence = "write how many rows as a whole number, zero or more"
        raise ArgumentTypeError(sentence)
    return int(text)
