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

    The database does the adding up and hands over only the rows that break the rule, one at a time. That is
    no server-side cursor: for one PostgreSQL plans as if only its first rows were wanted, and on one core.
    """
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for row, found in cursor.stream(query, parameters):
            yield Violation(rule, row, found)
