"""The movements of points that can be posted. Points are integers; instants and dates are passed in."""

from datetime import date, datetime
from typing import NamedTuple

from loyalty.models import EntryKind


class LotDates(NamedTuple):
    """What tells the lots of an account apart. Its order is the order in which debits take from lots."""

    expires_on: date
    available_on: date


class Movement(NamedTuple):
    """A movement to post on one account.

    `points` is positive for a credit, negative for a debit and may be zero for a purchase that earns nothing.
    `lot` is the lot a credit grows, or for a return the lot of the purchase it takes back. `corrects_id`
    names the order's entry that a cancellation undoes. An EXPIRY carries no points: it expires whatever is
    over. GIVEN_UP carries none either: it ends all points there are, those that wait included.
    """

    account_id: int
    kind: EntryKind
    points: int
    occurred_at: datetime
    lot: LotDates | None = None
    purchase_id: int | None = None
    corrects_id: int | None = None
