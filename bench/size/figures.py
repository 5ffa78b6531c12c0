"""What was measured at a size: a name, a value and its unit."""

from dataclasses import dataclass

SMALL = 100
"""Values below keep decimals."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    note: str = ""


def table(figures: list[Figure]) -> str:
    """Return the figures as a table with one line each."""
    width = max((len(one.name) for one in figures), default=0)
    return "\n".join(
        f"{one.name.ljust(width)}  {_shown(one.value):>14} {one.unit}  {one.note}".rstrip() for one in figures
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= SMALL else f"{value:,.2f}"
