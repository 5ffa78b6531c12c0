"""Which members turned points into gift cards, and what they paid with them.

Whether somebody has enough points is worked out with caution from the story alone, not from the ledger: only
points far from their expiry count, and everything spent so far is taken off.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from demo.story.calendar import Period, days_before, instant, periods
from demo.story.deliveries import Story
from demo.story.dice import Dice
from demo.story.people import ALICE, Person
from demo.story.places import CLOSED_STORE, YOUNG_STORE
from demo.story.shopping import Sale

PRICES = {15: 1500, 30: 3000, 60: 6000}
"""Points for a gift card by its face value in euros, as in the preset."""

SAFE_DAYS = 1400
CHANCE_OF_CHANGED_MIND = 0.02
USED_WITHIN_DAYS = 250
ALICES_CANCELLED_ORDER = 2
"""Alice's second order is the one that she cancels."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment with a gift card, at a store given by partner and code."""

    at: datetime
    cents: int
    store: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """A gift card ordered, what it paid for, and when the order was cancelled if it was."""

    member: str
    face_value: int
    at: datetime
    payments: tuple[Payment, ...] = ()
    cancelled_at: datetime | None = None


def wishes(story: Story) -> dict[int, list[Wish]]:
    """Return the orders of each period, by the period after whose file they were placed."""
    by_member: dict[str, list[tuple[int, Sale]]] = defaultdict(list)
    for number, sales in story.delivered.items():
        for sale in sales:
            by_member[sale.member].append((number, sale))
    found: dict[int, list[Wish]] = defaultdict(list)
    for person in story.persons:
        if person.habits.chance_of_order and person.activated_days_ago is not None:
            for number, wish in _wishes_of(person, by_member[person.reference], story):
                found[number].append(wish)
    return {number: sorted(those, key=lambda wish: (wish.at, wish.member)) for number, those in found.items()}


def _wishes_of(person: Person, sales: list[tuple[int, Sale]], story: Story) -> Iterator[tuple[int, Wish]]:
    chance = Dice("orders", person.reference)
    spent = orders = 0
    timeline = periods()
    for period, following in pairwise(timeline):
        if person.activated_days_ago is None or person.activated_days_ago <= period.end:
            continue
        points = _safe_points(sales, period, story) - spent
        affordable = [value for value in person.habits.face_values if PRICES[value] <= points]
        if not affordable or not chance.happens(person.habits.chance_of_order):
            continue
        orders += 1
        wish = _wish(person, chance, chance.choice(affordable), (period, following), story)
        if (person.reference == ALICE and orders == ALICES_CANCELLED_ORDER) or (
            person.reference != ALICE and chance.happens(CHANCE_OF_CHANGED_MIND)
        ):
            soon = min(days_before(story.day, wish.at) - 1, period.end - 1)
            wish = Wish(
                wish.member, wish.face_value, wish.at, cancelled_at=instant(story.day, soon, time(20, 10))
            )
        else:
            spent += PRICES[wish.face_value]
        yield period.number, wish


def _safe_points(sales: list[tuple[int, Sale]], period: Period, story: Story) -> int:
    points = 0
    for number, sale in sales:
        if number > period.number or days_before(story.day, sale.at) - period.end > SAFE_DAYS:
            continue
        # A return counts whole, and one point more for the rounding.
        points += sale.cents // 100 if sale.kind == "purchase" else -(sale.cents // 100) - 1
    return points


def _wish(
    person: Person, chance: Dice, face_value: int, between: tuple[Period, Period], story: Story
) -> Wish:
    """Order in an evening between one file and the next, and use the card in the months after."""
    period, following = between
    days_ago = chance.randint(following.end + 1, period.end)
    at = instant(story.day, days_ago, time(chance.randint(18, 21), chance.randint(0, 59)))
    payments: list[Payment] = []
    rest = face_value * 100
    stores = [
        (place.partner, place.code)
        for place in story.places
        if place.channel == "store" and (place.partner, place.code) not in (CLOSED_STORE, YOUNG_STORE)
    ]
    paid_days_ago = days_ago
    while rest and chance.happens(0.75):
        paid_days_ago -= chance.randint(2, 60)
        if paid_days_ago < 1 or days_ago - paid_days_ago > USED_WITHIN_DAYS:
            break
        cents = rest if chance.happens(0.4) else min(rest, chance.randint(400, face_value * 100))
        clock = time(chance.randint(10, 18), chance.randint(0, 59))
        payments.append(Payment(instant(story.day, paid_days_ago, clock), cents, chance.choice(stores)))
        rest -= cents
    return Wish(person.reference, face_value, at, tuple(payments))
