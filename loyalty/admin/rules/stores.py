"""Choosing among thousands of stores: those chosen and those that a search finds, each to be ticked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from loyalty.models import Programme
from partners.models import Store
from partners.words import beginning_with, folded_words

MOST_FOUND = 20
MOST_CHOSEN = 500
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """A store to tick, by its number and its name with its partner's."""

    number: int
    name: str
    place: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class StoreSearch:
    """What was searched for and what there is to tick; `is_more` when only the first of many are shown."""

    text: str
    choices: tuple[StoreChoice, ...]
    is_more: bool

    @property
    def is_empty(self) -> bool:
        """Whether somebody searched and nothing was found."""
        return bool(self.text) and not any(not choice.is_chosen for choice in self.choices)


def numbers_in(values: Iterable[object]) -> list[int]:
    """Return the numbers among what a browser sent; nothing else names a row."""
    texts = [str(value) for value in values]
    return [
        int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    ]


def search_stores(
    programme: Programme, *, text: str, chosen: Iterable[int], partners: Iterable[int]
) -> StoreSearch:
    """Return the stores chosen, and those of the partners, or of all, whose words begin so. Two queries."""
    kept = list(dict.fromkeys(chosen))[:MOST_CHOSEN]
    ticked = _choices(Q(pk__in=kept), MOST_CHOSEN, is_chosen=True)
    words = folded_words(text)
    if not words:
        return StoreSearch(text.strip(), tuple(ticked), is_more=False)
    asked = Q(partner__agreements__programme=programme) & ~Q(pk__in=kept)
    if wanted := list(partners):
        asked &= Q(partner__in=wanted)
    for word in words:
        query = SearchQuery(beginning_with(word), config="simple", search_type="raw")
        asked &= Q(words=query) | Q(partner__name__istartswith=word)
    found = _choices(asked, MOST_FOUND + 1, is_chosen=False)
    return StoreSearch(text.strip(), (*ticked, *found[:MOST_FOUND]), is_more=len(found) > MOST_FOUND)


def _choices(asked: Q, most: int, *, is_chosen: bool) -> list[StoreChoice]:
    stores = (
        Store.objects.filter(asked)
        .select_related("partner")
        .defer("words", "town_key")
        .order_by("partner__name", "name", "pk")[:most]
    )
    return [
        StoreChoice(store.pk, f"{store.partner.name} · {store.name}", _place(store), is_chosen)
        for store in stores
    ]


def _place(store: Store) -> str:
    return " ".join(part for part in (store.postcode, store.city) if part)


def chosen_in(data: Mapping[str, Any], name: str) -> list[int]:
    """Return the numbers that a form sent under a name, whether once or several times."""
    values = data.getlist(name) if hasattr(data, "getlist") else data.get(name, ())
    return numbers_in(values)
