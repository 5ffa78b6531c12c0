"""The second programme of the demo, on a host name of its own, through the same imports and services."""

from datetime import date, time
from functools import partial
from typing import TYPE_CHECKING

from campaigns.models import Promotion
from demo.activations import activate_members
from demo.imports import import_rows
from demo.letters import told_at
from demo.story import department_store as tale
from demo.story.calendar import Period, days_before, instant
from demo.story.deliveries import Story, cardholder_rows, purchase_row, store_rows
from demo.story.shopping import numbered
from loyalty.expiry.service import expire_points
from loyalty.models import FeedKind, PointAccount, Programme
from partners.models import Partner
from rewards.models import GiftCardProduct
from rewards.presets.load import load_preset
from rewards.services.orders import order_gift_card

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAMME = "galeries-lafayette"
HOST = "galeries-lafayette.localhost"
PERIODS = (Period(0, tale.FIRST_DAYS_AGO, 480), Period(1, 480, 180), Period(2, 180, 21), Period(3, 21, 0))
ORDERED_DAYS_AGO = (150, 18)


def department_store_steps(day: date) -> "Iterator[Callable[[], object]]":
    """Yield the steps that load it; each can be done again."""
    persons, places = tale.members(), tale.stores()
    sales = list(tale.sales(persons, places, day))
    delivered = {
        period.number: [sale for sale in sales if period.holds(days_before(day, sale.at))]
        for period in PERIODS
    }
    story = Story(day, persons, places, delivered, numbered(sales))
    yield partial(_open, story)
    for period in PERIODS:
        yield partial(_live_through, story, period)
        yield partial(_order, story, PERIODS[period.number + 1 : period.number + 2])
    yield partial(_announce, story)


def _open(story: Story) -> None:
    load_preset(code=PROGRAMME, at=instant(story.day, tale.FIRST_DAYS_AGO))
    programme = Programme.objects.get(code=PROGRAMME)
    programme.host_names = [HOST]
    programme.save(update_fields=["host_names"])
    at = instant(story.day, tale.FIRST_DAYS_AGO)
    import_rows(programme, FeedKind.STORES, "galeries-lafayette-magasins", list(store_rows(story)), at)


def _live_through(story: Story, period: Period) -> None:
    programme = Programme.objects.select_related("issuer").get(code=PROGRAMME)
    closes_at = instant(story.day, period.end)
    cards = cardholder_rows(story, period)
    cards_at = instant(story.day, period.first)
    import_rows(
        programme, FeedKind.CARDHOLDERS, f"galeries-lafayette-porteurs-{period.number}", cards, cards_at
    )
    activate_members(programme, story, period)
    lines = [purchase_row(story, sale) for sale in story.delivered[period.number]]
    import_rows(programme, FeedKind.PURCHASES, f"galeries-lafayette-achats-{period.number}", lines, closes_at)
    expire_points(programme=programme, as_of=days_on(story.day, period), at=closes_at)


def days_on(day: date, period: Period) -> date:
    """Return the day in whose night a period's file arrives."""
    return instant(day, period.end, time(12)).date()


def _order(story: Story, following: tuple[Period, ...]) -> None:
    """Order what was ordered before the following period's file arrived: movements stand as they happened."""
    programme = Programme.objects.select_related("issuer").get(code=PROGRAMME)
    for days_ago in ORDERED_DAYS_AGO:
        if any(period.holds(days_ago) for period in following):
            at = instant(story.day, days_ago, time(21, 5))
            with told_at(at):
                order_gift_card(
                    account=PointAccount.objects.get(programme=programme, member__reference=tale.ELISE),
                    product=GiftCardProduct.objects.get(programme=programme),
                    request_key=f"demo {PROGRAMME} {days_ago}",
                    at=at,
                )


def _announce(story: Story) -> None:
    programme = Programme.objects.get(code=PROGRAMME)
    Promotion.objects.get_or_create(
        programme=programme,
        slug="noel-sous-la-coupole",
        defaults={
            "partner": Partner.objects.get(code=tale.PARTNER),
            "illustration": "season",
            "title_fr": "Noël sous la coupole",
            "title_en": "Christmas under the dome",
            "summary_fr": "Ateliers, emballages offerts et nocturnes jusqu'à 22 h au pied du grand sapin.",
            "summary_en": "Workshops, free gift wrapping and late openings until 10 pm by the great tree.",
            "body_fr": (
                "Chaque jeudi soir, les ateliers sont ouverts sur présentation de votre carte.\n\n"
                "Vos achats rapportent leurs points comme d'habitude, en magasin et en ligne."
            ),
            "body_en": (
                "Every Thursday evening the workshops are open to whoever shows their card.\n\n"
                "Purchases earn points as usual, in the stores and online."
            ),
            "starts_at": instant(story.day, 6, time.min),
            "ends_at": instant(story.day, -33, time(23, 59)),
            "is_published": True,
        },
    )
