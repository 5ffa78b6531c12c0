"""What tests ask of the proofs that `verify_ledger` runs."""

from core.proof import Violation, proofs
from loyalty.proofs.ledger import PROOFS


def violations() -> list[Violation]:
    """Run every proof and return what it found."""
    return [violation for proof in proofs().values() for violation in proof()]


def broken_rules() -> list[tuple[str, str]]:
    """Return the rules that are broken, each with the row that breaks it."""
    return [(violation.rule, violation.row) for violation in violations()]


def ledger_violations() -> list[Violation]:
    """Return what breaks the rules of the ledger itself, where nobody asked for what staff may do."""
    return [one for one in violations() if one.rule in PROOFS]


def violations_between_strangers() -> list[Violation]:
    """Return what breaks any other rule, where points move between members whom nobody merged."""
    merges = {"transfer of a merge", "transfer of a separation"}
    return [one for one in violations() if one.rule not in merges]
