"""What the members bought and gave back, told from their habits."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from demo.story.calendar import PARIS, instant
from demo.story.dice import Dice
from demo.story.people import ALICE, DENISE, Person, Plastic
from demo.story.places import CLOSED_STORE, WEB_SHOP, YOUNG_STORE, YOUNG_STORE_DAYS_AGO, Place

# Middle amount in euros, spread of its logarithm, and how likely the web shop is.
BASKETS: Mapping[str, tuple[float, float, float]] = {
    "conforama": (110, 0.8, 0.2),
    "boulanger": (95, 0.8, 0.35),
    "histoire-dor": (70, 0.5, 0.1),
    "jacadi": (55, 0.45, 0.25),
    "nocibe": (34, 0.5, 0.2),
    "galeries-lafayette": (72, 0.6, 0.3),
}
PREFIXES: Mapping[str, str] = {
    "conforama": "CF",
    "boulanger": "BL",
    "histoire-dor": "HO",
    "jacadi": "JA",
    "nocibe": "NO",
    "galeries-lafayette": "GL",
}
BUSY_MONTHS: Mapping[int, float] = {1: 1.2, 7: 1.15, 9: 1.1, 11: 1.3, 12: 1.9}
CHANCE_OF_RETURN = 0.045


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase or a return in cents, as the till recorded it. It is numbered once all sales are known."""

    partner: str
    store: str
    channel: str
    kind: str
    token: str
    at: datetime
    cents: int
    member: str
    original: "Sale | None" = None


def sales_of(person: Person, places: Sequence[Place], day: date) -> Iterator[Sale]:
    """Yield a member's purchases, each followed by its return when there is one."""
    chance = Dice("shopping", person.reference)
    by_partner: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_partner[place.partner].append(place)
    for days_ago in _days(person, chance, day):
        partner = chance.choice(person.habits.partners)
        place = _place(chance, by_partner[partner], person, days_ago)
        card = _card(chance, person.cards, days_ago)
        if card is None:
            continue
        sale = _purchase(chance, person, place, card, day - timedelta(days=days_ago))
        yield sale
        if chance.happens(CHANCE_OF_RETURN) and days_ago > 1:
            yield _return(chance, sale, day)


def _days(person: Person, chance: Dice, day: date) -> list[int]:
    if person.purchases:
        return list(person.purchases)
    habits = person.habits
    found = []
    for days_ago in range(habits.first_days_ago, habits.last_days_ago - 1, -1):
        month = (day - timedelta(days=days_ago)).month
        if chance.random() < habits.per_month / 30 * BUSY_MONTHS.get(month, 0.9):
            found.append(days_ago)
    return found


def _place(chance: Dice, places: Sequence[Place], person: Person, days_ago: int) -> Place:
    """Choose the web shop, the store in the member's town if there is one, or any store open on that day."""
    web = next(place for place in places if place.code == WEB_SHOP)
    if chance.happens(BASKETS[web.partner][2]):
        return web
    stores = [place for place in places if place is not web and _is_usual(place, days_ago)]
    at_home = [place for place in stores if place.city == person.home[1]]
    return chance.choice(at_home or stores)


def _is_usual(place: Place, days_ago: int) -> bool:
    key = (place.partner, place.code)
    return key != CLOSED_STORE and (key != YOUNG_STORE or days_ago < YOUNG_STORE_DAYS_AGO)


def _card(chance: Dice, cards: Sequence[Plastic], days_ago: int) -> Plastic | None:
    usable = [
        card
        for card in cards
        if days_ago <= card.issued_days_ago
        and (card.closed_days_ago is None or days_ago > card.closed_days_ago)
    ]
    return chance.choice(usable) if usable else None


def _purchase(chance: Dice, person: Person, place: Place, card: Plastic, bought_on: date) -> Sale:
    middle, spread, _ = BASKETS[place.partner]
    euros = min(1900.0, middle * math.exp(chance.gauss(0, spread)))
    cents = max(150, round(euros) * 100 - chance.choice((0, 1, 1, 5, 10, 50, 37)))
    first, last = (7, 23) if place.channel == "online" else (10, 19)
    clock = time(chance.randint(first, last - 1), chance.randint(0, 59), chance.randint(0, 59))
    return Sale(
        partner=place.partner,
        store=place.code,
        channel=place.channel,
        kind="purchase",
        token=card.token,
        at=datetime.combine(bought_on, clock, PARIS).astimezone(UTC),
        cents=cents,
        member=person.reference,
    )


def _return(chance: Dice, sale: Sale, day: date) -> Sale:
    """Bring the purchase back within a month and before the story's day, whole or in part."""
    bought_on = sale.at.astimezone(PARIS).date()
    back_on = bought_on + timedelta(days=chance.randint(1, min(28, (day - bought_on).days - 1)))
    cents = sale.cents if chance.happens(0.6) else max(100, sale.cents * chance.randint(20, 70) // 100)
    clock = time(chance.randint(10, 18), chance.randint(0, 59), chance.randint(0, 59))
    return Sale(
        partner=sale.partner,
        store=sale.store,
        channel=sale.channel,
        kind="return",
        token=sale.token,
        at=datetime.combine(back_on, clock, PARIS).astimezone(UTC),
        cents=cents,
        member=sale.member,
        original=sale,
    )


def told_sales(persons: Mapping[str, Person], day: date) -> list[Sale]:
    """Return the sales told one by one: Alice's that need a word, and what Denise brought back."""
    alice, denise = persons[ALICE], persons[DENISE]
    too_small = _told(alice, "nocibe", "lille", instant(day, 12, time(17, 42, 5)), 85)
    closed = _told(alice, *CLOSED_STORE, instant(day, 9, time(11, 8, 30)), 2990)
    bought = _told(denise, "conforama", "lille", instant(day, 75, time(15, 20, 12)), 154_900)
    back = replace(bought, kind="return", at=instant(day, 26, time(10, 45)), original=bought)
    return [too_small, closed, bought, back]


def _told(person: Person, partner: str, store: str, at: datetime, cents: int) -> Sale:
    return Sale(partner, store, "store", "purchase", person.cards[0].token, at, cents, person.reference)


def reference_of(sale: Sale, number: int) -> str:
    """Return the receipt number: brand, day and running number, too short to look like a card number."""
    return f"{PREFIXES[sale.partner]}-{sale.at.astimezone(PARIS):%y%m%d}-{number:04}"


def numbered(sales: Iterable[Sale]) -> dict[Sale, str]:
    """Return the receipt number of each sale, in the order of time."""
    counts: dict[tuple[str, date], int] = defaultdict(int)
    found: dict[Sale, str] = {}
    for sale in sorted(sales, key=lambda sale: (sale.at, sale.partner, sale.store, sale.token, sale.cents)):
        key = (sale.partner, sale.at.astimezone(PARIS).date())
        counts[key] += 1
        found[sale] = reference_of(sale, counts[key])
    return found
