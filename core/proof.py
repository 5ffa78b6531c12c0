"""The proofs that `verify_ledger` runs. Each app that keeps points or money adds its own when it starts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks a rule: the rule's name, the row and what was found instead."""

    rule: str
    row: str
    found: str


Proof = Callable[[], Iterator[Violation]]
_proofs: dict[str, Proof] = {}


def register_proof(name: str, proof: Proof) -> None:
    """Add a proof under a name that is shown to the operator."""
    _proofs[name] = proof


def proofs() -> dict[str, Proof]:
    """Return every registered proof by name."""
    return dict(_proofs)


def rows_that_break(rule: str, query: str, parameters: Mapping[str, int | str]) -> Iterator[Violation]:
    """Yield a violation for each row of a query that names the row and says what was found.

    The database does the adding up and hands over only the rows that break the rule, a few at a time.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        for row, found in cursor:
            yield Violation(rule, row, found)
