"""A tiny model of an account, to compare the ledger with: every single point is a token with a place.

It knows no lot, no entry and no SQL. Whatever it does is a loop over tokens.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Dates(NamedTuple):
    """When a point can be spent: through a day, and from a day. Points are used in this order."""

    expires_on: date
    available_on: date


Way = tuple[tuple[Dates, Dates], ...]
"""Steps from lot to lot by which a point was reinstated."""


@dataclass(eq=False)
class Token:
    """One point. Its place is live, expired, gone or the name of the order it was spent on."""

    dates: Dates
    place: str = "live"


@dataclass
class Bought:
    """A purchase of one point for each full euro, and how much of it was kept."""

    dates: Dates
    cents: int
    kept_cents: int


def four_years_after(day: date) -> date:
    """Return the same day four years later; only 29 February may be missing there."""
    try:
        return day.replace(year=day.year + 4)
    except ValueError:
        return day.replace(year=day.year + 4, day=28)


@dataclass
class ModelAccount:
    """The tokens of one account and what it owes."""

    tokens: list[Token] = field(default_factory=list)
    owed: int = 0
    purchases: dict[str, Bought] = field(default_factory=dict)
    repaid: list[Dates] = field(default_factory=list)
    """The dates of points, earned or of cancelled orders, that repaid points owed, in their order."""
    reinstated: dict[Dates, dict[Dates, int]] = field(default_factory=dict)
    """Where expired points live again: for old and new dates, how many were not taken there since."""

    @property
    def balance(self) -> int:
        """What the account shows: below zero, points are owed."""
        return len(self._at("live")) - self.owed

    def available(self, today: date) -> int:
        """Count the points that can be spent today."""
        return len(self._spendable(today))

    def remaining(self) -> dict[Dates, int]:
        """Count the live points by their dates, those that are over but not written down included."""
        counts: dict[Dates, int] = {}
        for token in self._at("live"):
            counts[token.dates] = counts.get(token.dates, 0) + 1
        return counts

    def buy(self, reference: str, cents: int, dates: Dates, today: date) -> int:
        """Earn a point for each full euro; points that can still be spent repay points owed first."""
        self.purchases[reference] = Bought(dates, cents, cents)
        self.earn(cents // 100, dates, today)
        return cents // 100

    def earn(self, points: int, dates: Dates, today: date) -> None:
        """Get points of these dates; those that can still be spent repay points owed first."""
        for _ in range(points):
            if self.owed and dates.expires_on >= today:
                self.owed -= 1
                self.repaid.append(dates)
            else:
                self.tokens.append(Token(dates))

    def bring_back(self, reference: str, cents: int, today: date) -> int:
        """Take back what the returned part had earned; return how many points."""
        purchase = self.purchases[reference]
        before = purchase.kept_cents // 100
        purchase.kept_cents = max(0, purchase.kept_cents - cents)
        taken = before - purchase.kept_cents // 100
        self.owed += taken - len(self.take(taken, today, own=purchase.dates, waiting_first=True))
        return taken

    def take(
        self, wanted: int, today: date, *, own: Dates | None = None, waiting_first: bool = False
    ) -> list[Token]:
        """Take points for good: the own lot, even its expired ones, then others; return what there was."""
        others = sorted(
            (token for token in self._live(today) if token.dates != own),
            key=lambda token: (token.dates.available_on > today) is not waiting_first,
        )
        ways = self.ways(own, wanted) if own else []
        for _token, way in ways:
            for old, later in way:
                self.reinstated[old][later] -= 1
        found = [token for token, _way in ways]
        taken = [*found, *(token for token in others if token not in found)][:wanted]
        for token in taken:
            token.place = "gone"
        return taken

    def own(self, dates: Dates, wanted: int) -> list[Token]:
        """Return so many points of a lot: the live ones, those that expired, then those reinstated since."""
        return [token for token, _way in self.ways(dates, wanted)]

    def ways(self, dates: Dates, wanted: int, besides: Sequence[Token] = ()) -> list[tuple[Token, Way]]:
        """Return them with the steps from lot to lot on which each was reinstated."""
        points = [token for token in self.tokens if token.dates == dates and token not in besides]
        here = [token for place in ("live", "expired") for token in points if token.place == place][:wanted]
        found: list[tuple[Token, Way]] = [(token, ()) for token in here]
        for later, left in sorted(self.reinstated.get(dates, {}).items()):
            known = [*besides, *(token for token, _way in found)]
            there = self.ways(later, min(wanted - len(found), left), known)
            found += [(token, ((dates, later), *way)) for token, way in there]
        return found

    def reinstate(self, points: int, old: Dates, new: Dates, today: date) -> None:
        """Let expired points live again with other dates."""
        expired = [token for token in self._at("expired") if token.dates == old][:points]
        assert len(expired) == points
        for token in expired:
            token.place = "gone"
        later = self.reinstated.setdefault(old, {})
        later[new] = later.get(new, 0) + points
        self.earn(points, new, today)

    def spendable(self, today: date) -> list[Dates]:
        """Return the dates of the points that can be spent today."""
        return [token.dates for token in self._spendable(today)]

    def order(self, name: str, price: int, today: date) -> bool:
        """Spend the points that expire first; say whether there were enough."""
        spendable = self._spendable(today)
        if len(spendable) < price:
            return False
        for token in spendable[:price]:
            token.place = name
        return True

    def cancel(self, name: str, today: date) -> None:
        """Give the points of an order back; those that are not over repay points owed first."""
        for token in sorted(self._at(name), key=lambda token: token.dates):
            if token.dates.expires_on < today:
                token.place = "expired"
            elif self.owed:
                self.owed -= 1
                self.repaid.append(token.dates)
                token.place = "gone"
            else:
                token.place = "live"
        self.expire(today)

    def expire(self, today: date, *, only: Collection[Dates] | None = None) -> None:
        """Write down what is over."""
        for token in self._at("live"):
            if token.dates.expires_on < today and (only is None or token.dates in only):
                token.place = "expired"

    def give_up(self, today: date) -> int:
        """End all points as if their last day were over; return how many were not over yet."""
        self.expire(today)
        given_up = self._at("live")
        for token in given_up:
            token.place = "expired"
        return len(given_up)

    def _at(self, place: str) -> list[Token]:
        return [token for token in self.tokens if token.place == place]

    def _live(self, today: date) -> list[Token]:
        live = [token for token in self._at("live") if token.dates.expires_on >= today]
        return sorted(live, key=lambda token: token.dates)

    def _spendable(self, today: date) -> list[Token]:
        return [token for token in self._live(today) if token.dates.available_on <= today]
