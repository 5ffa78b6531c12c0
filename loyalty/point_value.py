"""What a point is worth in money. An app above knows what points are turned into and says so."""

from collections.abc import Callable
from dataclasses import dataclass

from loyalty.models import Programme


@dataclass(frozen=True, slots=True)
class PointValue:
    """So many cents for so many points: an exact fraction, and an assumption, since not all are spent."""

    cents: int
    points: int

    def cents_of(self, points: int) -> int:
        """Return what so many points are worth, rounded to the nearest cent, half a cent away from zero."""
        doubled = 2 * abs(points) * self.cents + self.points
        cents = doubled // (2 * self.points)
        return -cents if points < 0 else cents


ValueSource = Callable[[Programme], PointValue | None]
_sources: list[ValueSource] = []


def register_point_value(source: ValueSource) -> None:
    """Let a function say what the points of a programme are worth, in place of the one that did before."""
    _sources[:] = [source]


def point_value(programme: Programme) -> PointValue | None:
    """Return what a point of the programme is worth, or None where it can be turned into nothing."""
    return next((value for source in _sources if (value := source(programme))), None)
