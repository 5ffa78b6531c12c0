"""The movements of points that can be posted. Points are integers; instants and dates are passed in."""

from collections.abc import Sequence
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
    names the order's entry that a cancellation undoes, the expiry that a reinstatement undoes, or the entry
    that an adjustment takes back. An EXPIRY carries no points: it expires whatever is over. GIVEN_UP carries
    none either: it ends all points there are, those that wait included.
    """

    account_id: int
    kind: EntryKind
    points: int
    occurred_at: datetime
    lot: LotDates | None = None
    purchase_id: int | None = None
    corrects_id: int | None = None

    @property
    def account_ids(self) -> tuple[int, ...]:
        """The account that it moves."""
        return (self.account_id,)


class Part(NamedTuple):
    """Points that leave one lot and arrive in another: as many, unless two programmes count differently."""

    leaves: LotDates
    leaving_points: int
    arrives: LotDates
    arriving_points: int


def part_of(lot: LotDates, points: int) -> Part:
    """Return points that keep their dates and their number."""
    return Part(lot, points, lot, points)


class Move(NamedTuple):
    """Points that move from one account to another, under a transfer that says why.

    `parts` None moves everything: all points that are not over, those that wait included, and points owed.
    Otherwise each part leaves its own lot, and points owed move as many as given. What the lots of the parts
    no longer hold is refused, unless the source `may_owe`: then it pays from its own lot, then from its other
    lots, then owes. Points owed that arrive are paid from the target's lots `paid_from` first, from each at
    most so many and even from what expired there, then from its others.
    """

    account_id: int
    target_id: int
    transfer_id: int
    occurred_at: datetime
    parts: Sequence[Part] | None = None
    leaving_owed: int = 0
    arriving_owed: int = 0
    may_owe: bool = False
    paid_from: Sequence[tuple[LotDates, int]] = ()

    @property
    def kind(self) -> EntryKind:
        """The kind of its first entry."""
        return EntryKind.MOVED_OUT

    @property
    def account_ids(self) -> tuple[int, ...]:
        """The accounts that it moves."""
        return self.account_id, self.target_id


class Handover(NamedTuple):
    """Purchases and returns posted to one account that are another's: they go there under a transfer.

    By the lots of the purchases: points `earned`, and points `returned`, also of purchases that had no lot.
    What the returns took from lots goes back to them (`uses`), as does what they left owing.
    """

    transfer_id: int
    earned: Sequence[tuple[LotDates, int]]
    returned: Sequence[tuple[LotDates, int]]
    uses: Sequence[tuple[LotDates, int]]
    owed: int
    returned_of_no_lot: int = 0


class MoveBack(NamedTuple):
    """The undoing of transfers between two accounts: the source gets its own points back, in their own lots.

    The account that had got them, `account_id`, pays from the lots that the transfers grew, then from its
    others, then owes. `undoing` names for each new transfer the one that it undoes, the latest first. `lot`
    takes what neither lots nor points owed can take back: a repaid debt. With a `handover`, what was posted
    to the account and belongs to the other goes along.
    """

    account_id: int
    target_id: int
    undoing: Sequence[tuple[int, int]]
    occurred_at: datetime
    lot: LotDates
    handover: Handover | None = None

    @property
    def kind(self) -> EntryKind:
        """The kind of its first entry."""
        return EntryKind.MOVE_UNDONE_OUT

    @property
    def account_ids(self) -> tuple[int, ...]:
        """The accounts that it moves."""
        return self.account_id, self.target_id


AnyMovement = Movement | Move | MoveBack
