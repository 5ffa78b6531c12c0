"""What moving points between two accounts, and undoing that, does to the model's tokens."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
        paid = _reverse(self.target, other, today)
        _reverse(self.source, other, today, paid)


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
    arriving: list[Dates] = []
    for dates, points in Counter(parts).items():
        found = _give(giving, dates, points)
        missing += points - len(found)
        arriving += _arriving(dates, points, found)
    giving.owe(missing, today)
    source.owed -= owed
    giving.owed_change -= owed
    for dates in sorted(arriving):
        getting.get(dates, today)
    getting.owe(owed, today)
    target.expire(today, only=set(arriving))
    for side in (giving, getting):
        side.repaid_before = len(side.account.repaid)
    return ModelTransfer(giving, getting)


def _give(side: Side, dates: Dates, points: int) -> list[Dates]:
    """Let points leave their own lot, be they expired or reinstated; return with which days."""
    found = [token.dates for token in side.account.own(dates, points)]
    for token in side.account.own(dates, points):
        token.place = "gone"
        side.left.append(token.dates)
    return found


def _arriving(dates: Dates, points: int, found: Sequence[Dates]) -> list[Dates]:
    """Return with which days points of a lot arrive: those found reinstated have the days they got then."""
    later = [other for other in found if other != dates][:points]
    return [*later, *[dates] * (points - len(later))]


def _reverse(
    before: Side, other: Dates, today: date, paid: Mapping[Dates, Sequence[Dates]] | None = None
) -> Mapping[Dates, Sequence[Dates]]:
    """Do the opposite; return with which days it gave the points of each lot. `paid`: what the other gave."""
    account = before.account
    side = Side(account)
    owing = max(0, -before.owed_change)
    gave: dict[Dates, Sequence[Dates]] = {}
    for dates, points in sorted(Counter(before.came).items()):
        gave[dates] = _give(side, dates, points)
        owing += points - len(gave[dates])
    relief = min(account.owed, max(0, before.owed_change))
    account.owed -= relief
    repaid = max(0, before.owed_change) - relief
    lots = account.repaid[before.repaid_before :][::-1][:repaid]
    for dates in [*lots, *[other] * (repaid - len(lots))]:
        account.tokens.append(Token(dates))
    back = [
        days
        for dates, points in sorted(Counter(before.left).items())
        for days in _arriving(dates, points, (paid or {}).get(dates, ()))
    ]
    for dates in back:
        side.get(dates, today)
    side.owe(owing, today)
    touched = {*before.came, *side.left, *back, *lots, other}
    account.expire(today, only=touched)
    return gave
