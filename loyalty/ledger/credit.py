"""What purchases earn, posted in sets: points grow the lots that they name, so nothing is planned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from core.bulk import Columns, bulk_cursor
from loyalty.ledger.lots import new_lot
from loyalty.ledger.movements import LotDates
from loyalty.ledger.statement import CREDIT_STATEMENT
from loyalty.models import Programme


class Credit(NamedTuple):
    """The points of an accepted purchase, zero included, and the lot they grow."""

    purchase_id: int
    account_id: int
    points: int
    purchased_at: datetime
    lot: LotDates


def credit_of(
    *, purchase_id: int, account_id: int, points: int, purchased_at: datetime, programme: Programme
) -> Credit:
    """Return the credit of a purchase. Its lot is fixed now, by the programme's rules of today."""
    return Credit(purchase_id, account_id, points, purchased_at, new_lot(programme, at=purchased_at))


def columns_of(earned: Sequence[Credit]) -> dict[str, list[Any]]:
    """Return the credits as the columns of the statement that posts them."""
    return {
        "purchase": [credit.purchase_id for credit in earned],
        "account": [credit.account_id for credit in earned],
        "points": [credit.points for credit in earned],
        "occurred": [credit.purchased_at for credit in earned],
        "expires": [credit.lot.expires_on for credit in earned],
        "available": [credit.lot.available_on for credit in earned],
    }


@transaction.atomic
def post_credits(
    earned: Sequence[Credit], *, zone: ZoneInfo, at: datetime, columns: Columns | None = None
) -> None:
    """Lock the accounts and post the credits in the order of their purchases, all or none.

    It writes what `post_batch` would for a PURCHASE each; a repeat is refused as there. Points owed are
    repaid first, but not by points that are over on the day of `at` in `zone`. `columns` are those of the
    credits when they were packed before.
    """
    if not earned:
        return
    with bulk_cursor() as cursor:
        cursor.execute(
            CREDIT_STATEMENT,
            {**(columns or columns_of(earned)), "today": at.astimezone(zone).date(), "at": at},
        )
        ((posted,),) = cursor.fetchall()
    if posted != len(earned):
        message = f"The ledger wrote {posted} entries for {len(earned)} purchases."
        raise RuntimeError(message)
