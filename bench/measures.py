"""What a part of the bench measured, and how it is shown beside its goal."""

from dataclasses import dataclass
from statistics import median

HIGHER, LOWER = "at least", "at most"
SMALL = 100
"""Figures below keep a decimal."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: ours beside a reference, and what the goal asks of their ratio."""

    name: str
    ours: float
    reference: float
    unit: str
    goal: float
    direction: str
    reference_name: str
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours divided by the reference."""
        return self.ours / self.reference

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; without a goal (zero) it is."""
        return self.ratio >= self.goal if self.direction == HIGHER else self.ratio <= self.goal


def middle(values: list[float]) -> float:
    """Return the median of several runs."""
    return median(values)


def table(measures: list[Measure]) -> str:
    """Return the measures as a table with one line each and their notes below."""
    rows = [("what", "ours", "reference", "unit", "ratio", "goal", ""), *(_row(one) for one in measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    notes = [f"{one.name}: the reference is {one.reference_name}. {one.note}".rstrip() for one in measures]
    return "\n".join([*lines, "", *notes])


def _row(one: Measure) -> tuple[str, ...]:
    goal = f"{one.direction} {one.goal:g}" if one.goal else "none"
    verdict = ("met" if one.is_met else "missed") if one.goal else ""
    return (one.name, _figure(one.ours), _figure(one.reference), one.unit, f"{one.ratio:.2f}", goal, verdict)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= SMALL else f"{value:.1f}"
