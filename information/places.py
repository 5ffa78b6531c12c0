"""Where purchases earn points and gift cards are accepted, found by partner, by words or by distance.

A visitor's position is used for one answer: nothing here stores it or writes it to a log.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self, TypedDict

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL

from loyalty.models import Programme
from loyalty.selectors.network import partners_taking_part
from partners.models import Channel, Partner, Store
from partners.words import beginning_with, folded_words

PAGE_SIZE = 24
SOON = timedelta(days=60)
"""How long before it opens a store is announced."""

NEW = timedelta(days=90)
"""How long after its first day a store is marked as new."""

POSITION_DECIMALS = 3
"""About a hundred metres: enough to sort stores, too little to tell a house."""

DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")
MOST_LATITUDE, MOST_LONGITUDE = 90, 180


class Measure(TypedDict):
    """What the database computes for each store."""

    metres: float | None


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    MeasuredStore = WithAnnotations[Store, Measure]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a visitor is, in degrees, rounded to about a hundred metres."""

    latitude: float
    longitude: float

    @classmethod
    def read(cls, latitude: str, longitude: str) -> Self | None:
        """Return the position that two texts give in degrees, or none when they give no place on Earth."""
        if not (DEGREES.fullmatch(latitude) and DEGREES.fullmatch(longitude)):
            return None
        position = cls(
            round(float(latitude), POSITION_DECIMALS) + 0.0, round(float(longitude), POSITION_DECIMALS) + 0.0
        )
        is_on_earth = abs(position.latitude) <= MOST_LATITUDE and abs(position.longitude) <= MOST_LONGITUDE
        return position if is_on_earth else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor looks for: a partner's code, words of a town, a postcode or a name, near a position."""

    partner: str = ""
    text: str = ""
    position: Position | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A store as visitors read it. The distance is in metres, where both positions are known."""

    name: str
    partner_name: str
    address: str
    postcode: str
    city: str
    opens_on: date | None
    closes_on: date | None
    is_new: bool
    latitude: float | None
    longitude: float | None
    metres: float | None

    @property
    def is_located(self) -> bool:
        """Whether a map could show it."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Places:
    """A page of stores, and the web shops beside them."""

    partners: tuple[Partner, ...]
    chosen: Partner | None
    places: tuple[Place, ...]
    web_shops: tuple[Store, ...]
    total: int
    page: int
    pages: int

    @property
    def newer(self) -> int:
        """The number of the page before this one, or nothing."""
        return self.page - 1

    @property
    def older(self) -> int:
        """The number of the page after this one, or nothing."""
        return self.page + 1 if self.page < self.pages else 0


def find_places(programme: Programme, wanted: Wanted, *, on: date) -> Places:
    """Return the stores of the programme's partners, those closed left out. Four queries, whatever there is.

    A partner that takes no part is as if none were wanted; a page after the last is the last.
    """
    partners = partners_taking_part(programme, on=on)
    chosen = next((partner for partner in partners if partner.code == wanted.partner), None)
    shown = [chosen] if chosen else partners
    stores = _matching(_standing(shown, Channel.STORE, on), wanted.text, partners)
    total = stores.count()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    found = _sorted(stores, wanted.position)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    web_shops = _standing(shown, Channel.ONLINE, on).order_by("partner__name", "name", "pk")[:PAGE_SIZE]
    return Places(
        partners=tuple(partners),
        chosen=chosen,
        places=tuple(_place(store, on) for store in found),
        web_shops=tuple(web_shops),
        total=total,
        page=page,
        pages=pages,
    )


def _standing(partners: list[Partner], channel: Channel, on: date) -> QuerySet[Store]:
    """Return the stores that are open on a day or will open soon; a store still sells on its last day."""
    return Store.objects.filter(
        Q(opened_on__isnull=True) | Q(opened_on__lte=on + SOON),
        Q(closed_on__isnull=True) | Q(closed_on__gte=on),
        partner__in=[partner.pk for partner in partners],
        channel=channel,
    )


def _matching(stores: QuerySet[Store], text: str, partners: list[Partner]) -> QuerySet[Store]:
    """Keep the stores for which each word begins a word of theirs, or of their partner's name."""
    words = folded_words(text)
    if text.strip() and not words:
        return stores.none()
    for word in words:
        named = [
            partner.pk
            for partner in partners
            if any(part.startswith(word) for part in folded_words(f"{partner.name} {partner.code}"))
        ]
        query = SearchQuery(beginning_with(word), search_type="raw", config="simple")
        stores = stores.filter(Q(words=query) | Q(partner__in=named))
    return stores


def _sorted(stores: QuerySet[Store], position: Position | None) -> "QuerySet[MeasuredStore]":
    """Sort by distance, stores without a position last, else by town, and read only what is shown."""
    metres: RawSQL | Value = Value(None, output_field=FloatField())
    if position is not None:
        # The haversine formula on a sphere of 6,371 km. Rounding may push the root's content above one, and
        # the least of one and nothing is one.
        metres = RawSQL(
            "CASE WHEN partners_store.latitude + partners_store.longitude IS NOT NULL THEN"
            " 12742000 * asin(sqrt(least(1,"
            " power(sin(radians(partners_store.latitude::float8 - %s) / 2), 2)"
            " + cos(radians(%s)) * cos(radians(partners_store.latitude::float8))"
            " * power(sin(radians(partners_store.longitude::float8 - %s) / 2), 2)))) END",
            [position.latitude, position.latitude, position.longitude],
            output_field=FloatField(),
        )
    return (
        stores.select_related("partner")
        .defer("words", "town_key")
        .annotate(metres=metres)
        .order_by(F("metres").asc(nulls_last=True), "town_key", "name", "pk")
    )


def _place(store: "MeasuredStore", on: date) -> Place:
    opened_on = store.opened_on
    return Place(
        name=store.name,
        partner_name=store.partner.name,
        address=store.address,
        postcode=store.postcode,
        city=store.city,
        opens_on=opened_on if opened_on and opened_on > on else None,
        closes_on=store.closed_on,
        is_new=bool(opened_on and on - NEW < opened_on <= on),
        latitude=None if store.latitude is None else float(store.latitude),
        longitude=None if store.longitude is None else float(store.longitude),
        metres=store.metres,
    )
