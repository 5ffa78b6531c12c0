"""What tests ask of the proofs that `verify_ledger` runs."""

from django.db import connection
from time_machine import escape_hatch

from core.proof import Violation, proofs
from loyalty.proofs.ledger import PROOFS

OF_THE_CLOCK = "instant of a movement"


def violations() -> list[Violation]:
    """Run every proof and return what it found.

    Tests post at instants of their own. Whether these have come is asked where a test stops the clock.

    A server that is tidied up while a test's transaction is open takes its tables for empty, and would go
    through all of them again for each row of another: for minutes, where a test has some hundred rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET enable_nestloop TO off")
        found = [
            violation
            for name, proof in proofs().items()
            if name != OF_THE_CLOCK or escape_hatch.is_travelling()
            for violation in proof()
        ]
        cursor.execute("RESET enable_nestloop")
    return found


def broken_rules() -> list[tuple[str, str]]:
    """Return the rules that are broken, each with the row that breaks it."""
    return [(violation.rule, violation.row) for violation in violations()]


def ledger_violations() -> list[Violation]:
    """Return what breaks the rules of the ledger itself, where nobody asked for what staff may do."""
    return [one for one in violations() if one.rule in PROOFS]


def violations_between_strangers() -> list[Violation]:
    """Return what breaks any other rule, where nobody merged those whose points move, nor left.

    Points move between them, and are given up, by the ledger's own functions.
    """
    deeds = {"transfer of a merge", "transfer of a separation", "points given up"}
    return [one for one in violations() if one.rule not in deeds]
