"""The feed files in the order in which they arrived, from the stores to last night's purchases."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from demo.story.accidents import accidents
from demo.story.calendar import PARIS, Period, days_before, periods
from demo.story.dice import Dice
from demo.story.lines import CardholderRow, PurchaseRow, StoreRow, euros
from demo.story.people import Person, Plastic, by_reference, people
from demo.story.places import PARTNER_NAMES, Place, places
from demo.story.shopping import Sale, numbered, sales_of, told_sales

CHANCE_OF_DELAY = 0.02
REPEATED_LINES = 4


@dataclass(frozen=True, slots=True)
class Story:
    """All that the story tells. `delivered` holds each period's sales, a few of them from the one before."""

    day: date
    persons: Sequence[Person]
    places: Sequence[Place]
    delivered: Mapping[int, Sequence[Sale]]
    receipts: Mapping[Sale, str]


def tell(day: date) -> Story:
    """Tell the story as of a day. The same day always gives the same story."""
    persons, shops = people(), places(day)
    sales = [sale for person in persons for sale in sales_of(person, shops, day)]
    sales += told_sales(by_reference(persons), day)
    return Story(day, persons, shops, _delivered(sales, day), numbered(sales))


def _delivered(sales: Sequence[Sale], day: date) -> dict[int, list[Sale]]:
    """Put each sale in the file of its period; a few come one file late."""
    number_of = {
        days_ago: period.number
        for period in periods()
        for days_ago in range(period.end + 1, period.first + 1)
    }
    last = max(number_of.values())
    delivered: dict[int, list[Sale]] = defaultdict(list)
    chance = Dice("delays")
    for sale in sorted(sales, key=lambda sale: (sale.at, sale.token, sale.partner, sale.cents)):
        number = number_of[days_before(day, sale.at)]
        is_late = chance.happens(CHANCE_OF_DELAY)
        delivered[min(last, number + is_late)].append(sale)
    return delivered


def store_rows(story: Story) -> Iterator[StoreRow]:
    """Yield the lines of the stores file."""
    for place in story.places:
        yield StoreRow(
            partner=place.partner,
            partner_name=PARTNER_NAMES[place.partner],
            store=place.code,
            store_name=place.name,
            channel=place.channel,
            address=place.address,
            postcode=place.postcode,
            city=place.city,
            country="FR",
            latitude=place.latitude,
            longitude=place.longitude,
            opened_on=place.opened_on.isoformat() if place.opened_on else "",
            closed_on=place.closed_on.isoformat() if place.closed_on else "",
        )


def cardholder_rows(story: Story, period: Period) -> list[CardholderRow]:
    """Return the cards issued and the cards closed in a period; the first file holds the older ones too."""
    rows = []
    for person in story.persons:
        for card in person.cards:
            is_first = period.number == 0 and card.issued_days_ago >= period.first
            if is_first or period.holds(card.issued_days_ago):
                rows.append(_cardholder(person, card, "active"))
            if card.closed_days_ago is not None and period.holds(card.closed_days_ago):
                rows.append(_cardholder(person, card, "closed"))
    return rows


def _cardholder(person: Person, card: Plastic, status: str) -> CardholderRow:
    postcode, town = person.home
    return CardholderRow(
        card_token=card.token,
        card_last4=card.last4,
        card_product=card.product,
        card_status=status,
        member_reference=person.reference,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        birth_date=person.birth_date.isoformat(),
        email=person.email_on_file,
        phone=person.phone,
        address=person.address,
        postcode=postcode,
        city=town,
        country="FR",
        language=person.language,
    )


def purchase_rows(story: Story, period: Period) -> list[PurchaseRow]:
    """Return the lines of a period's file; the last one repeats some lines and brings what went wrong."""
    rows = [purchase_row(story, sale) for sale in story.delivered.get(period.number, [])]
    if period.end == 0:
        rows += accidents(story.persons, story.day)
        earlier = story.delivered[period.number - 1]
        rows += [purchase_row(story, sale) for sale in earlier[-REPEATED_LINES:]]
    return rows


def purchase_row(story: Story, sale: Sale) -> PurchaseRow:
    """Return the line of a purchase or a return in its file."""
    return PurchaseRow(
        partner=sale.partner,
        store=sale.store,
        reference=story.receipts[sale],
        kind=sale.kind,
        card_token=sale.token,
        purchased_at=sale.at.astimezone(PARIS).isoformat(),
        amount=euros(sale.cents),
        currency="EUR",
        channel=sale.channel,
        original_reference=story.receipts[sale.original] if sale.original else "",
    )
