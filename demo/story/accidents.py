"""What went wrong at the tills in the last weeks, so that every kind of verdict can be seen."""

from collections.abc import Sequence
from datetime import date, time

from demo.story.calendar import PARIS, instant
from demo.story.lines import PurchaseRow
from demo.story.people import Person


def accidents(persons: Sequence[Person], day: date) -> list[PurchaseRow]:
    """Return lines that wait or are refused, each for its own reason, all of the last week."""
    token = persons[4].cards[0].token
    closed = next(card for person in persons for card in person.cards if card.closed_days_ago is not None)

    def row(number: int, days_ago: int, clock: time, **other: str) -> PurchaseRow:
        at = instant(day, days_ago, clock).astimezone(PARIS)
        usual = {
            "partner": "nocibe",
            "store": "nantes",
            "reference": f"NO-{at:%y%m%d}-{9000 + number}",
            "kind": "purchase",
            "card_token": token,
            "purchased_at": at.isoformat(),
            "amount": "24.90",
            "currency": "EUR",
            "channel": "store",
            "original_reference": "",
        }
        return PurchaseRow(**(usual | other))

    return [
        row(1, 2, time(10, 12), card_token="tok_notyetdelivered"),  # noqa: S106 - a card token of the story
        row(2, 2, time(15, 40), card_token="tok_alsoontheway", amount="61.00"),  # noqa: S106 - a card token of the story
        row(3, 3, time(11, 5), kind="return", original_reference="NO-TICKET-PERDU", amount="15.00"),
        row(4, 3, time(12, 30), store="part-dieu"),
        row(5, 3, time(14, 2), amount="0.00"),
        row(6, 4, time(16, 45), currency="GBP"),
        row(7, 4, time(18, 20), amount="12,50"),
        row(8, 5, time(9, 55), purchased_at=f"{day:%Y}-02-31T10:00:00+01:00"),
        row(9, 5, time(13, 15), card_token=closed.token, amount="42.00"),
        row(10, 6, time(17, 30), partner="maison-du-coin", store="nantes"),
    ]
