"""What tests ask of the proofs that `verify_ledger` runs."""

from core.proof import Violation, proofs


def violations() -> list[Violation]:
    """Run every proof and return what it found."""
    return [violation for proof in proofs().values() for violation in proof()]


def broken_rules() -> list[tuple[str, str]]:
    """Return the rules that are broken, each with the row that breaks it."""
    return [(violation.rule, violation.row) for violation in violations()]
