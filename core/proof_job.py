"""Proving the ledger when an operator asks for it, in the background: one proof a step.

It never starts by itself. Each proof looks at one state of the database, but not all of them at the same.
"""

from datetime import datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from core.jobs import Job, Progress, Scope, register_job
from core.models import JobRun
from core.proof import proofs

JOB = "verify-ledger"
KEPT = 20
"""So many rows that break a rule are kept with the run; the count goes further."""


def prove_step(run: JobRun, _at: datetime) -> Progress:
    """Run the next proof; count what breaks it, and keep the first rows."""
    names = sorted(proofs())
    place = int(run.cursor.get("next", 0))
    if place >= len(names):
        return Progress(cursor=None)
    violations = proofs()[names[place]]()
    found = list(islice(violations, KEPT))
    kept = [*run.cursor.get("found", []), *(f"{one.rule}: {one.row}: {one.found}" for one in found)]
    return Progress(
        cursor={"next": place + 1, "found": kept[:KEPT]},
        counts={"proofs": 1, "violations": len(found) + sum(1 for _ in violations)},
    )


def demand(at: datetime) -> Scope:
    """Return the scope of a demand: each second has its own, so that proofs can be asked for again."""
    return Scope(f"{at:%H%M%S}", ZoneInfo("UTC"))


def register_proof_job() -> None:
    """Add the job, which has no scope of its own accord."""
    register_job(
        Job(
            name=JOB,
            scopes=lambda: (),
            not_before=time(0, 0),
            step=prove_step,
            label=_("Proof of the ledger"),
            is_on_demand=True,
        )
    )
