"""The first page of the admin: cards with what each role has to know, and the way through the pages.

An app adds its cards when it starts; core knows none of them. A card is made once a minute, or less
often, for everybody who may see it, so it holds nothing that depends on the person, and what it reads must
stay cheap on large tables.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language

Text = str | Promise

SECONDS_KEPT = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name; an alert is something that somebody has to look at."""

    name: str
    value: str
    is_alert: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of a chart, or a short list. Cells are texts, the first of a row is its heading."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows, all of it optional but the title. `legend` pairs tones with names."""

    title: str
    figures: Sequence[Figure] = ()
    chart: str = ""
    legend: Sequence[tuple[str, str]] = ()
    table: Table | None = None
    links: Sequence[tuple[str, str]] = ()
    note: str = ""
    is_wide: bool = False


CardMaker = Callable[[datetime], Card | None]


@dataclass(frozen=True, slots=True)
class _Entry:
    maker: CardMaker
    permissions: tuple[str, ...]
    place: int
    seconds: int


_cards: dict[str, _Entry] = {}


def add_card(
    name: str,
    maker: CardMaker,
    *,
    permissions: Sequence[str],
    place: int,
    seconds: int = SECONDS_KEPT,
) -> None:
    """Add a card for those who have all the permissions, or replace the one of this name.

    Cards stand in the order of their places and are made again after so many seconds. A maker may return
    None: there is nothing to show.
    """
    _cards[name] = _Entry(maker, tuple(permissions), place, seconds)


def cards_for(request: HttpRequest, *, at: datetime) -> list[Card]:
    """Return the cards that the person may see. One query when all of them are still kept."""
    wanted = {
        f"card:{name}:{get_language()}": entry
        for name, entry in sorted(_cards.items(), key=lambda named: (named[1].place, named[0]))
        if all(request.user.has_perm(permission) for permission in entry.permissions)
    }
    kept = cache.get_many(list(wanted))
    made = {key: (entry.maker(at),) for key, entry in wanted.items() if key not in kept}
    for key, card in made.items():
        cache.set(key, card, wanted[key].seconds)
    cards = [(kept | made)[key][0] for key in wanted]
    return [card for card in cards if card is not None]


def list_address(model: str, **filters: object) -> str:
    """Return the address of a model's list in the admin, filtered."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return reverse(f"admin:{model.replace('.', '_')}_changelist") + (f"?{query}" if query else "")


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the first page its cards, and the way through the admin as far as the person may go."""
    groups = [
        {"title": group["title"], "pages": [page for page in group["items"] if page["has_permission"]]}
        for group in context["sidebar_navigation"]
    ]
    return context | {
        "groups": [group for group in groups if group["pages"]],
        "cards": cards_for(request, at=timezone.now()),
    }
