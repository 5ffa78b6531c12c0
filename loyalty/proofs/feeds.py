"""The proof that no imported line was lost: each has one outcome, and the outcomes have their rows.

The verdicts kept with each chunk are read again one by one, so memory stays flat.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count

from core.proof import Violation, register_proof
from loyalty.feeds.verdicts import kept_rows
from loyalty.models import FeedChunk, FeedImport, FeedKind, FeedState, Purchase, RejectedLine
from loyalty.purchases.lines import Outcome
from loyalty.purchases.reasons import RECORDED_REFUSALS

RULE = "import"


@dataclass(slots=True)
class Verdicts:
    """What the verdicts of an import add up to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    recorded_refusals: int = 0
    points: int = 0
    last_line: int = 0
    repeated_lines: int = 0


def imports_add_up() -> Iterator[Violation]:
    """Yield the imports whose counts differ from their verdicts, their rejected lines or their purchases."""
    purchases = _rows_by_import(Purchase)
    rejected = _rows_by_import(RejectedLine)
    for feed_import in FeedImport.objects.order_by("pk").iterator(chunk_size=100):
        verdicts = _recount(feed_import)
        for problem in _problems(
            feed_import, verdicts, purchases.get(feed_import.pk, 0), rejected.get(feed_import.pk, 0)
        ):
            yield Violation(RULE, f"import {feed_import.pk}", problem)


def _rows_by_import(model: type[Purchase | RejectedLine]) -> dict[int, int]:
    rows = model.objects.filter(feed_import__isnull=False).values_list("feed_import")
    return dict(rows.annotate(rows=Count("pk")).order_by("feed_import"))


def _recount(feed_import: FeedImport) -> Verdicts:
    verdicts = Verdicts()
    chunks = FeedChunk.objects.filter(feed_import=feed_import).order_by("first_line")
    for packed in chunks.values_list("verdicts", flat=True).iterator(chunk_size=20):
        for number, _, outcome, reason, points, *_purchase in kept_rows(bytes(packed)):
            verdicts.outcomes[outcome] += 1
            verdicts.points += int(points)
            verdicts.recorded_refusals += outcome == Outcome.REJECTED and reason in RECORDED_REFUSALS
            verdicts.repeated_lines += int(number) <= verdicts.last_line
            verdicts.last_line = max(verdicts.last_line, int(number))
    return verdicts


def _problems(
    feed_import: FeedImport, verdicts: Verdicts, purchases: int, rejected_lines: int
) -> Iterator[str]:
    counted = {
        Outcome.ACCEPTED: feed_import.accepted_lines,
        Outcome.DUPLICATE: feed_import.duplicate_lines,
        Outcome.PARKED: feed_import.parked_lines,
        Outcome.REJECTED: feed_import.rejected_lines,
    }
    for outcome, lines in counted.items():
        if lines != verdicts.outcomes[outcome]:
            yield f"{lines} lines {outcome}, {verdicts.outcomes[outcome]} verdicts"
    if feed_import.read_lines != verdicts.outcomes.total():
        yield f"{feed_import.read_lines} lines read, {verdicts.outcomes.total()} verdicts"
    if feed_import.state == FeedState.DONE and feed_import.read_lines != feed_import.total_lines:
        yield f"done with {feed_import.read_lines} of {feed_import.total_lines} lines read"
    if feed_import.points != verdicts.points:
        yield f"{feed_import.points} points, {verdicts.points} by the verdicts"
    if verdicts.repeated_lines:
        yield f"{verdicts.repeated_lines} lines have more than one verdict"
    if rejected_lines != verdicts.outcomes[Outcome.REJECTED]:
        yield f"{rejected_lines} rejected lines kept, {verdicts.outcomes[Outcome.REJECTED]} verdicts"
    if feed_import.kind == FeedKind.PURCHASES:
        recorded = verdicts.outcomes[Outcome.ACCEPTED] + verdicts.outcomes[Outcome.PARKED]
        recorded += verdicts.recorded_refusals
        if purchases != recorded:
            yield f"{purchases} purchases recorded, {recorded} by the verdicts"


def register_feed_proofs() -> None:
    """Add the proof of the imports to those that `verify_ledger` runs."""
    register_proof(RULE, imports_add_up)
