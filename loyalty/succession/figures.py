"""What a walk through the accounts found or did: sums that reconcile to the point. It knows no database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from loyalty.succession.accounts import OldAccount
from loyalty.succession.convert import Converted, Terms


@dataclass(slots=True)
class Month:
    """The points that expire in a month: how many leave, how many arrive, and in how many lots."""

    left: int = 0
    arrived: int = 0
    lots: int = 0


@dataclass(slots=True)
class Staying:
    """The accounts that stay for one reason, the points they hold and owe, and how many do either.

    Only the first walk passes accounts that hold and owe nothing.
    """

    accounts: int = 0
    points: int = 0
    owed: int = 0
    holding: int = 0


@dataclass(slots=True)
class Figures:
    """Sums over accounts.

    Each account moves, stays for a reason, or is empty: then its member moves without points. `balance` is
    the sum of the balances in the ledger; what leaves, stays and is over adds up to it. `fractions` is by how
    much more arrives than the exact rate gives, in fractions of a new point. A reversal counts what it undid.
    """

    accounts: int = 0
    moving: int = 0
    empty: int = 0
    owing: int = 0
    balance: int = 0
    lots: int = 0
    left: int = 0
    arrived: int = 0
    owed_left: int = 0
    owed_arrived: int = 0
    over: int = 0
    fractions: int = 0
    undone_left: int = 0
    undone_arrived: int = 0
    staying: dict[str, Staying] = field(default_factory=dict)
    months: dict[str, Month] = field(default_factory=dict)

    @property
    def net_left(self) -> int:
        """By how much what has left the old programme grew."""
        return self.left - self.owed_left - self.undone_left

    @property
    def net_arrived(self) -> int:
        """By how much what has arrived in the new programme grew."""
        return self.arrived - self.owed_arrived - self.undone_arrived

    @property
    def staying_accounts(self) -> int:
        """The accounts that stay, for whatever reason."""
        return sum(one.accounts for one in self.staying.values())

    @property
    def staying_holding(self) -> int:
        """Those of them that hold or owe points."""
        return sum(one.holding for one in self.staying.values())

    @property
    def staying_points(self) -> int:
        """The points that stay."""
        return sum(one.points for one in self.staying.values())

    @property
    def staying_owed(self) -> int:
        """The points owed that stay."""
        return sum(one.owed for one in self.staying.values())

    @property
    def gap(self) -> int:
        """What the ledger holds more than all that leaves, stays and is over; zero when it reconciles."""
        accounted = self.left - self.owed_left + self.staying_points - self.staying_owed + self.over
        return self.balance - accounted

    def count(self, account: OldAccount, parts: list[Converted], terms: Terms) -> None:
        """Count an account and what becomes of it: its parts, or nothing where it stays."""
        self.accounts += 1
        self.balance += account.balance
        self.over += account.over_points
        if (stay := account.stay) is not None:
            staying = self.staying.setdefault(str(stay), Staying())
            staying.accounts += 1
            staying.points += account.held_points
            staying.owed += account.owed
            staying.holding += account.held_points > 0 or account.owed > 0
            return
        if not parts:
            self.empty += 1
            return
        self.moving += 1
        self.owing += account.owed > 0
        for part in parts:
            self._count_part(part, terms)

    def _count_part(self, part: Converted, terms: Terms) -> None:
        self.fractions += terms.difference(left=part.left, arrived=part.arrived)
        if part.left < 0 or part.lot is None:
            self.owed_left -= part.left
            self.owed_arrived -= part.arrived
            return
        self.lots += 1
        self.left += part.left
        self.arrived += part.arrived
        month = self.months.setdefault(f"{part.lot.expires_on:%Y-%m}", Month())
        month.left += part.left
        month.arrived += part.arrived
        month.lots += 1

    def add(self, other: "Figures") -> None:
        """Count what the other counted."""
        for name, value in asdict(other).items():
            if name not in _BY_KEY:
                setattr(self, name, getattr(self, name) + value)
        for reason, staying in other.staying.items():
            _add(self.staying.setdefault(reason, Staying()), staying)
        for key, month in other.months.items():
            _add(self.months.setdefault(key, Month()), month)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them."""
        return asdict(self)

    @classmethod
    def of_json(cls, held: Mapping[str, Any]) -> "Figures":
        """Read what `as_json` wrote; nothing is nothing counted."""
        own = {name: value for name, value in held.items() if name not in _BY_KEY}
        return cls(
            **own,
            staying={reason: Staying(**one) for reason, one in held.get("staying", {}).items()},
            months={month: Month(**one) for month, one in held.get("months", {}).items()},
        )


_BY_KEY = frozenset({"staying", "months"})


def _add(counted: Month | Staying, other: Month | Staying) -> None:
    for name, value in asdict(other).items():
        setattr(counted, name, getattr(counted, name) + value)
