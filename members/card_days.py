"""In which status a card was on a day. Pure: whoever knows the changes can ask, without a query."""

from collections.abc import Iterable
from datetime import date

from members.models import CardStatus


def status_on_day(changes: Iterable[tuple[date, str]], day: date) -> CardStatus:
    """Return the status of a card on a day: active if it was so at any time of it.

    `changes` are the days and statuses of its history, the oldest first. Nobody knows the hour of a change,
    so its day counts for the member: the one on which a card is blocked, and the one on which it lives again.
    """
    status = CardStatus.ACTIVE
    for since_on, new in changes:
        if since_on > day:
            break
        if since_on == day and CardStatus.ACTIVE in (status, new):
            return CardStatus.ACTIVE
        status = CardStatus(new)
    return status
