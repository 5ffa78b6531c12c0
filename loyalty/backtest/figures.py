"""Sums of a back-test: by month, partner and card product, by rule, and by how much members gain or lose.

Their size depends on months, partners, card products and rules, never on how many purchases or members there
are. Sums of parts add up to those of the whole, so that a chunk of accounts is added to what is there.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from typing import Any, NamedTuple

from loyalty.backtest.coefficients import NOTHING

SPREAD_EDGES = (1, 10, 50, 100, 500, 1_000, 5_000, 10_000)
"""Where the steps of the distribution begin, in points gained or lost by a member."""

EXTREMES_KEPT = 100
"""So many of those who gain and who lose most are kept by their account."""


class Compared(NamedTuple):
    """A purchase of the period: what it really gave and what it would have given, by version of a rule.

    Points are those that are left after returns, and so is the amount. What coefficients below 1 took is
    missing from the points of the others already.
    """

    month: date
    partner_id: int
    card_product_id: int
    kept_cents: int
    real: Mapping[int, int]
    replayed: Mapping[int, int]
    real_taken: Mapping[int, int] = NOTHING
    replayed_taken: Mapping[int, int] = NOTHING


class Extreme(NamedTuple):
    """An account among those that gain or lose most."""

    account_id: int
    real_points: int
    replayed_points: int

    @property
    def change(self) -> int:
        """How many points it gains; below zero, loses."""
        return self.replayed_points - self.real_points


@dataclass(slots=True)
class CellSums:
    """Sums of the purchases of one month, partner and card product."""

    purchases: int = 0
    kept_cents: int = 0
    real_points: int = 0
    replayed_points: int = 0


@dataclass(slots=True)
class RuleSums:
    """To how many purchases a version gave points, and how many in all: really, and when replayed.

    A coefficient below 1 gives none: from so many purchases it took, and so many points.
    """

    real_purchases: int = 0
    real_points: int = 0
    replayed_purchases: int = 0
    replayed_points: int = 0
    real_taken: int = 0
    replayed_taken: int = 0

    def add(self, other: "RuleSums") -> None:
        """Add the sums of another part."""
        self.real_purchases += other.real_purchases
        self.real_points += other.real_points
        self.replayed_purchases += other.replayed_purchases
        self.replayed_points += other.replayed_points
        self.real_taken += other.real_taken
        self.replayed_taken += other.replayed_taken


@dataclass(slots=True)
class SpreadSums:
    """How many accounts gain or lose about as much, and what they gain in all; below zero, lose."""

    accounts: int = 0
    points: int = 0


@dataclass(slots=True)
class MemberSums:
    """How many members gain points by the rules tried, and how many lose some."""

    gaining: int = 0
    losing: int = 0


class Group(NamedTuple):
    """The purchases of one month, of one partner or of one card product."""

    by: str
    key: str


BY_MONTH, BY_PARTNER, BY_PRODUCT = "month", "partner", "product"


def step_of(change: int) -> int:
    """Return the step of the distribution: 0 without a change, 1 and up for gains, -1 and down for losses."""
    step = bisect_right(SPREAD_EDGES, abs(change))
    return -step if change < 0 else step


Cell = tuple[date, int, int]
"""A month, a partner and a card product."""


@dataclass(slots=True)
class Figures:
    """The sums of some accounts."""

    cells: dict[Cell, CellSums] = field(default_factory=dict)
    rules: dict[int, RuleSums] = field(default_factory=dict)
    spread: dict[int, SpreadSums] = field(default_factory=dict)
    members: dict[Group, MemberSums] = field(default_factory=dict)
    gains: list[Extreme] = field(default_factory=list)
    losses: list[Extreme] = field(default_factory=list)

    def add_account(self, account_id: int, purchases: Iterable[Compared]) -> None:
        """Add all purchases of an account; one without any purchase of the period is no member counted."""
        real = replayed = count = 0
        changes: Counter[Group] = Counter()
        for purchase in purchases:
            count += 1
            real_points, replayed_points = sum(purchase.real.values()), sum(purchase.replayed.values())
            real += real_points
            replayed += replayed_points
            key = (purchase.month, purchase.partner_id, purchase.card_product_id)
            cell = self.cells.get(key)
            if cell is None:
                cell = self.cells[key] = CellSums()
            cell.purchases += 1
            cell.kept_cents += purchase.kept_cents
            cell.real_points += real_points
            cell.replayed_points += replayed_points
            self._add_rules(purchase)
            if real_points != replayed_points:
                for group in _groups_of(purchase):
                    changes[group] += replayed_points - real_points
        if count:
            self._add_change(Extreme(account_id, real, replayed))
        for group, change in changes.items():
            sums = self.members.setdefault(group, MemberSums())
            sums.gaining += change > 0
            sums.losing += change < 0

    def _add_rules(self, purchase: Compared) -> None:
        for rule_id, points in purchase.real.items():
            sums = self.rules.setdefault(rule_id, RuleSums())
            taken = purchase.real_taken.get(rule_id, 0)
            sums.real_purchases += points > 0 or taken > 0
            sums.real_points += points
            sums.real_taken += taken
        for rule_id, points in purchase.replayed.items():
            sums = self.rules.setdefault(rule_id, RuleSums())
            taken = purchase.replayed_taken.get(rule_id, 0)
            sums.replayed_purchases += points > 0 or taken > 0
            sums.replayed_points += points
            sums.replayed_taken += taken

    def _add_change(self, account: Extreme) -> None:
        change = account.change
        sums = self.spread.setdefault(step_of(change), SpreadSums())
        sums.accounts += 1
        sums.points += change
        if change > 0:
            self.gains.append(account)
        elif change < 0:
            self.losses.append(account)
        for extremes in (self.gains, self.losses):
            if len(extremes) > 2 * EXTREMES_KEPT:
                extremes[:] = most_extreme(extremes)


def _groups_of(purchase: Compared) -> Iterable[Group]:
    yield Group(BY_MONTH, purchase.month.isoformat())
    yield Group(BY_PARTNER, str(purchase.partner_id))
    yield Group(BY_PRODUCT, str(purchase.card_product_id))


def most_extreme(accounts: Iterable[Extreme]) -> list[Extreme]:
    """Return those whose points change most, the largest change first; the older account where equal."""
    return sorted(accounts, key=lambda account: (-abs(account.change), account.account_id))[:EXTREMES_KEPT]


def details_with(details: Mapping[str, Any], figures: Figures) -> dict[str, Any]:
    """Return what a back-test keeps by rule and by member, as JSON holds it, with the figures added."""
    rules = rules_in(details)
    for rule_id, sums in figures.rules.items():
        rules.setdefault(rule_id, RuleSums()).add(sums)
    spread = spread_in(details)
    for step, found in figures.spread.items():
        kept = spread.setdefault(step, SpreadSums())
        kept.accounts += found.accounts
        kept.points += found.points
    summed = {
        "rules": {rule_id: list(astuple(sums)) for rule_id, sums in rules.items()},
        "spread": {step: [sums.accounts, sums.points] for step, sums in spread.items()},
        "gains": most_extreme([*extremes_in(details, "gains"), *figures.gains]),
        "losses": most_extreme([*extremes_in(details, "losses"), *figures.losses]),
    }
    # Where the first chunks were summed before members were counted so, only some of them would be counted.
    return summed | _members_with(details, figures) if not details or counts_members(details) else summed


def _members_with(details: Mapping[str, Any], figures: Figures) -> dict[str, Any]:
    members = {by: members_in(details, by) for by in (BY_MONTH, BY_PARTNER, BY_PRODUCT)}
    for (by, key), changed in figures.members.items():
        so_far = members[by].setdefault(key, MemberSums())
        so_far.gaining += changed.gaining
        so_far.losing += changed.losing
    return {
        "members": {
            by: {key: [sums.gaining, sums.losing] for key, sums in groups.items()}
            for by, groups in members.items()
        }
    }


def rules_in(details: Mapping[str, Any]) -> dict[int, RuleSums]:
    """Read the sums by version of a rule."""
    return {int(rule_id): RuleSums(*sums) for rule_id, sums in details.get("rules", {}).items()}


def spread_in(details: Mapping[str, Any]) -> dict[int, SpreadSums]:
    """Read the distribution of what members gain and lose, by its steps."""
    return {int(step): SpreadSums(*sums) for step, sums in details.get("spread", {}).items()}


def members_in(details: Mapping[str, Any], by: str) -> dict[str, MemberSums]:
    """Read how many members gain and lose, by `month`, `partner` or `product`, where any do."""
    return {key: MemberSums(*sums) for key, sums in details.get("members", {}).get(by, {}).items()}


def counts_members(details: Mapping[str, Any]) -> bool:
    """Say whether members were counted by month, partner and card product: long ago they were not."""
    return "members" in details


def extremes_in(details: Mapping[str, Any], which: str) -> Sequence[Extreme]:
    """Read those who gain or lose most: `gains` or `losses`."""
    return [Extreme(*row) for row in details.get(which, [])]
