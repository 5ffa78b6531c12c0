"""What points of an old programme become in the new one, worked out without a database.

Whatever leaves an account counts together, for ever: a part that follows later brings what is missing to the
rounded value of all that left so far. So the total is that of one conversion, in however many parts and in
whatever order the points came, and nothing is gained by splitting.

A fraction is treated alike for points and for points owed: rounded down means towards zero for both.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from loyalty.ledger.movements import LotDates
from loyalty.models import RoundedOver, Rounding


class Terms(NamedTuple):
    """So many new points for so many old ones, how a fraction is rounded, and over what it is.

    Over an account, all that left it is rounded together, and each lot gets what brings the sum of the lots
    up to it to the rounded value. Over a lot, each lot is rounded by itself, and points owed by themselves.
    """

    new_points: int
    old_points: int
    rounding: Rounding = Rounding.DOWN
    over: RoundedOver = RoundedOver.ACCOUNT

    def worth(self, points: int) -> int:
        """Return what so many old points are worth, rounded; the same below zero."""
        whole, rest = divmod(abs(points) * self.new_points, self.old_points)
        if self.rounding is Rounding.UP:
            whole += rest > 0
        elif self.rounding is Rounding.HALF_UP:
            whole += 2 * rest >= self.old_points
        return whole if points >= 0 else -whole

    def difference(self, *, left: int, arrived: int) -> int:
        """Return by how much more arrived than left, in fractions of a new point: one is 1 / `old_points`."""
        return arrived * self.old_points - left * self.new_points


Bucket = LotDates | None
"""A lot by its days, or None for points owed that belong to no lot."""


@dataclass(slots=True)
class Moved:
    """What left an account so far and what arrived for it, by lot. Points owed that left count below zero."""

    left: dict[Bucket, int] = field(default_factory=dict)
    arrived: dict[Bucket, int] = field(default_factory=dict)

    @property
    def total_left(self) -> int:
        """All that left."""
        return sum(self.left.values())

    @property
    def total_arrived(self) -> int:
        """All that arrived."""
        return sum(self.arrived.values())

    def add(self, part: "Converted") -> None:
        """Count another part."""
        self.left[part.lot] = self.left.get(part.lot, 0) + part.left
        self.arrived[part.lot] = self.arrived.get(part.lot, 0) + part.arrived


class Converted(NamedTuple):
    """Old points that left a lot and the new ones that arrived in their place, both below zero for a debt.

    Points that come back go to the lot `back_to`; without one they repay points owed.
    """

    lot: Bucket
    left: int
    arrived: int
    back_to: LotDates | None = None


class LateReturn(NamedTuple):
    """What a return, or a separation of members, did not find in its lot because the points had moved.

    It took them from another lot instead, or without one left them owed.
    """

    own: LotDates
    points: int
    instead: LotDates | None = None


Wanted = dict[tuple[LotDates, LotDates | None], int]
"""How many points are to come back from a lot, by the lot to which they go; without one, they repay debts."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds: the points of its live lots, what it owes, its late returns (newest first).

    `moved_behind` is what left the lots of accounts that lead to it: a late return may look for that as well.
    """

    lots: Mapping[LotDates, int] = field(default_factory=dict)
    owed: int = 0
    late_returns: Sequence[LateReturn] = ()
    moved_behind: Mapping[LotDates, int] = field(default_factory=dict)


def convert(held: Held, terms: Terms, moved: Moved) -> list[Converted]:
    """Return what becomes of all that an account holds; `moved` then counts it as well.

    What late returns are to find comes back first, then the lots leave in the order in which they expire,
    then points owed that belong to no lot.
    """
    parts = settle_late_returns(held, terms, moved)
    lots, owed = _once_back(held, parts)
    parts += [_convert_part(lot, lots[lot], terms, moved) for lot in sorted(lots) if lots[lot]]
    return parts + ([_convert_part(None, -owed, terms, moved)] if owed else [])


def _once_back(held: Held, parts: Sequence[Converted]) -> tuple[dict[LotDates, int], int]:
    """Return lots and points owed once the parts are back: the ledger lets them repay points owed first.

    What another return left owed, because the points of its purchase had been taken instead, is repaid so.
    """
    lots = dict(held.lots)
    owed = held.owed + sum(part.left for part in parts if part.back_to is None)
    back = [(part.back_to, -part.left) for part in parts if part.back_to is not None]
    for lot, points in sorted(back):
        repaid = min(owed, points)
        owed -= repaid
        lots[lot] = lots.get(lot, 0) + points - repaid
    return lots, owed


def settle_late_returns(held: Held, terms: Terms, moved: Moved) -> list[Converted]:
    """Return what comes back for late returns from the lots of their purchases; `moved` then counts it too.

    No more comes back than what left such a lot: the rest was spent or lost before, in the old programme.
    """
    back: Wanted = {}
    left = defaultdict(int, {lot: points for lot, points in moved.left.items() if lot is not None})
    for lot, behind in held.moved_behind.items():
        left[lot] += behind
    for (own, instead), wanted in _joined(_wanted(held)).items():
        points = min(wanted, left[own])
        if points > 0:
            left[own] -= points
            back[own, instead] = points
    return [
        _convert_part(own, -points, terms, moved)._replace(back_to=instead)
        for (own, instead), points in back.items()
    ]


def _wanted(held: Held) -> Wanted:
    """Return what late returns look for, the newest first; what was repaid since is not looked for."""
    wanted: Wanted = {}
    owed = held.owed
    for one in held.late_returns:
        points = min(one.points, owed) if one.instead is None else one.points
        if points > 0:
            owed -= points if one.instead is None else 0
            wanted[one.own, one.instead] = wanted.get((one.own, one.instead), 0) + points
    return wanted


def _joined(wanted: Wanted) -> Wanted:
    """Join late returns of which one took its points from the lot in which another looked for its own.

    What comes back to that lot would go on at once: it goes straight to where it ends, and stays where that
    is the lot from which it would come. So no lot gets and gives, and no debt is repaid from what another lot
    is to get back.
    """
    found = dict(wanted)
    while meet := next(((one, on) for one in found for on in found if one[1] == on[0]), None):
        (source, _lot), (_same, end) = meet
        points = min(found[one] for one in meet)
        for one in meet:
            found[one] -= points
            if not found[one]:
                del found[one]
        if source != end:
            found[source, end] = found.get((source, end), 0) + points
    return found


def _convert_part(lot: Bucket, points: int, terms: Terms, moved: Moved) -> Converted:
    before = moved.total_left if terms.over is RoundedOver.ACCOUNT else moved.left.get(lot, 0)
    part = Converted(lot, points, terms.worth(before + points) - terms.worth(before))
    moved.add(part)
    return part


def shared_out(moved: Moved, terms: Terms) -> list[Converted]:
    """Return what left each lot and has not come back, and its share of what arrived for all lots.

    It is what arrived in the lot itself, if that can be. Otherwise rounding gave it to other lots, or counted
    it together with points owed of no lot; the shares then add up to it as far as none is below zero.
    """
    left = {lot: points for lot, points in moved.left.items() if lot is not None}
    exact = [Converted(lot, points, moved.arrived[lot]) for lot, points in sorted(left.items())]
    if all(part.arrived >= 0 if part.left else not part.arrived for part in exact):
        return [part for part in exact if part.left]
    shares = convert(Held(lots=left), terms, Moved())
    arrived = sum(points for lot, points in moved.arrived.items() if lot is not None)
    missing = arrived - sum(share.arrived for share in shares)
    for place in reversed(range(len(shares))):
        change = max(missing, -shares[place].arrived)
        shares[place] = shares[place]._replace(arrived=shares[place].arrived + change)
        missing -= change
    return shares
