"""The panels of the home page that apps above this one add: gift cards, promotions.

An app above registers its panels when it starts; this app knows neither them nor their templates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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


PanelMaker = Callable[[Visit], Panel]
_makers: dict[str, PanelMaker] = {}


def add_panel(name: str, maker: PanelMaker) -> None:
    """Add a panel below those added before, or replace the one of this name."""
    _makers[name] = maker


def panels_for(visit: Visit) -> list[Panel]:
    """Return the panels for this visit, in the order in which they were added."""
    return [maker(visit) for maker in _makers.values()]
