"""The proofs that `verify_ledger` runs. Each app that keeps points or money adds its own when it starts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


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
