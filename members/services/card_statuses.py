"""The history of the statuses of cards. Rows are added in the transaction that changes the card itself."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from members.models import CardStatusChange


class StatusChange(NamedTuple):
    """A card whose status changes on a day, and the status it had before, since when; none for a new card."""

    card_id: int
    status: str
    on: date
    former: str = ""
    former_since: date | None = None


def record_status_changes(changes: Sequence[StatusChange], *, at: datetime) -> None:
    """Add the changes to the history. A card's first change brings the status it had before along.

    A change never comes before the one that was recorded before it.
    """
    known = CardStatusChange.objects.filter(card__in=[change.card_id for change in changes])
    last: dict[int, date] = dict(known.order_by("pk").values_list("card_id", "since_on"))
    rows = []
    for change in changes:
        if change.card_id not in last and change.former_since is not None:
            last[change.card_id] = change.former_since
            rows.append(_row(change.card_id, change.former, change.former_since, at))
        since_on = max(change.on, last.get(change.card_id, change.on))
        last[change.card_id] = since_on
        rows.append(_row(change.card_id, change.status, since_on, at))
    CardStatusChange.objects.bulk_create(rows)


def _row(card_id: int, status: str, since_on: date, at: datetime) -> CardStatusChange:
    return CardStatusChange(card_id=card_id, status=status, since_on=since_on, recorded_at=at)
