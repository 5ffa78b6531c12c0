"""The panels of the home page that apps above this one add: gift cards, promotions.

An app above registers its panels when it starts; this app knows neither them nor their templates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from loyalty.models import PointAccount, Programme


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at the home page, and when. Without an account it is somebody who is not signed in."""

    programme: Programme
    account: PointAccount | None
    available_points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the home page: a template and what it shows, in its variable `panel`."""

    template: str
    content: object


class Place(Enum):
    """Where a panel stands: beside the points, or below the latest movements."""

    BESIDE_POINTS = "beside_points"
    BELOW_MOVEMENTS = "below_movements"


PanelMaker = Callable[[Visit], Panel]
_makers: dict[tuple[Place, str], PanelMaker] = {}


def add_panel(name: str, maker: PanelMaker, *, place: Place) -> None:
    """Add a panel below those added before in this place, or replace the one of this name."""
    _makers[place, name] = maker


def panels_for(visit: Visit, place: Place) -> list[Panel]:
    """Return the panels of a place for this visit, in the order in which they were added."""
    return [maker(visit) for (where, _), maker in _makers.items() if where is place]
