"""What moving points between two accounts, and undoing that, does to the model's tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.loyalty.points_model import Dates, ModelAccount, Token


@dataclass
class Side:
    """What a transfer did to one account: points that left and came, by their dates, and points owed."""

    account: ModelAccount
    left: list[Dates] = field(default_factory=list)
    came: list[Dates] = field(default_factory=list)
    owed_change: int = 0
    repaid_before: int = 0

    def get(self, dates: Dates, today: date) -> None:
        """Get a point; one that can still be spent repays a point owed first."""
        if self.account.owed and dates.expires_on >= today:
            self.account.owed -= 1
            self.owed_change -= 1
        else:
            self.account.tokens.append(Token(dates))
            self.came.append(dates)

    def owe(self, points: int, today: date) -> None:
        """Pay points from what there is, those that wait last, and owe the rest."""
        taken = self.account.take(points, today)
        self.left += [token.dates for token in taken]
        self.account.owed += points - len(taken)
        self.owed_change += points - len(taken)


@dataclass
class ModelTransfer:
    """A transfer that can be undone."""

    source: Side
    target: Side

    def undo(self, other: Dates, today: date) -> None:
        """Give everything back."""
        for side in (self.target, self.source):
            _reverse(side, other, today)


def move(
    source: ModelAccount, target: ModelAccount, parts: Sequence[Dates] | None, today: date
) -> ModelTransfer:
    """Move the points of the dates given, from their own lot, another or owing them; None: everything."""
    giving, getting = Side(source), Side(target)
    owed = 0
    if parts is None:
        source.expire(today)
        parts = [token.dates for token in source.tokens if token.place == "live"]
        owed = source.owed
    missing = 0
    for dates in parts:
        missing += _give(giving, dates)
    giving.owe(missing, today)
    source.owed -= owed
    giving.owed_change -= owed
    for dates in sorted(parts):
        getting.get(dates, today)
    getting.owe(owed, today)
    target.expire(today, only=set(parts))
    for side in (giving, getting):
        side.repaid_before = len(side.account.repaid)
    return ModelTransfer(giving, getting)


def _give(side: Side, dates: Dates) -> int:
    """Let a point leave its own lot, be it expired; return 1 when it is missing."""
    own = side.account.own(dates, 1)
    for token in own:
        token.place = "gone"
        side.left.append(dates)
    return 1 - len(own)


def _reverse(before: Side, other: Dates, today: date) -> None:
    account = before.account
    side = Side(account)
    owing = max(0, -before.owed_change)
    for dates in sorted(before.came):
        owing += _give(side, dates)
    relief = min(account.owed, max(0, before.owed_change))
    account.owed -= relief
    repaid = max(0, before.owed_change) - relief
    lots = account.repaid[before.repaid_before :][::-1][:repaid]
    for dates in [*lots, *[other] * (repaid - len(lots))]:
        account.tokens.append(Token(dates))
    for dates in sorted(before.left):
        side.get(dates, today)
    side.owe(owing, today)
    account.expire(today, only={*before.came, *before.left, *lots, other})
