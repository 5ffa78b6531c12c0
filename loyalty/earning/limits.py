"""Limits per member and counts of purchases: what a rule grants follows from sums that no order changes.

A tally adds up what a rule would have given an account in a period, less what was brought back. What it gave
is the smaller of that sum and the limit, so purchases and returns may come in any order and the account ends
with the same points. A purchase under a full limit gives nothing now; it gives its points once a return makes
room, which then shows as a return that takes back less.

Versions of a rule share the tally of a period. When their limits differ, the older version counts first, as
if its purchases had come first: they were made first.

A member to whom others lead has one limit: what the others had when they were merged is carried over, as far
as what the account has by then stays within the limit, so that nothing is taken back for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from loyalty.earning.terms import Part, Rule
from loyalty.models import LimitPeriod

LIFE_STARTS_ON = date(1970, 1, 1)
"""The first day of the one period of a limit that counts for the rule's whole life."""

BUDGET = "budget"
"""What stopped a part when it was no limit of the member's."""


class TallyKey(NamedTuple):
    """Which tally: of an account, under a family of versions, in a period."""

    account_id: int
    family_id: int
    period: LimitPeriod
    starts_on: date


@dataclass(slots=True)
class Under:
    """What one version would have given without its limit."""

    limit_points: int | None
    entitled_points: int = 0


@dataclass(slots=True)
class Tally:
    """Sums of one key; see `loyalty.models.RuleTally`. What counted is kept for each version."""

    purchases: int = 0
    granted_points: int = 0
    under: dict[int, Under] = field(default_factory=dict)
    carried_points: int = 0
    carried_purchases: int = 0

    @property
    def entitled_points(self) -> int:
        """What all versions would have given without their limits."""
        return sum(under.entitled_points for under in self.under.values())

    @property
    def counted_purchases(self) -> int:
        """How many purchases count towards an n-th one, those of merged members among them."""
        return self.purchases + self.carried_purchases

    @property
    def allowed_points(self) -> int:
        """What the limits let through of that."""
        allowed = 0
        for _, under in sorted(self.under.items()):
            reached = allowed + under.entitled_points
            if under.limit_points is not None:
                reached = min(reached, max(0, under.limit_points - self.carried_points))
            allowed = max(allowed, reached)
        return allowed

    def count(self, rule: Rule, *, purchases: int, entitled: int, granted: int) -> None:
        """Add what a version counted."""
        self.purchases += purchases
        self.granted_points += granted
        _under(rule, self).entitled_points += entitled

    def hand_over(self, counted: "Tally", to: "Tally") -> None:
        """Let what counted here count in another tally."""
        for tally, sign in ((self, -1), (to, 1)):
            tally.purchases += sign * counted.purchases
            tally.granted_points += sign * counted.granted_points
            for version, part in counted.under.items():
                under = tally.under.setdefault(version, Under(part.limit_points))
                under.entitled_points += sign * part.entitled_points


def kept_tally(
    purchases: int,
    granted_points: int,
    by_version: Mapping[str, Sequence[Any]],
    carried: Mapping[str, Sequence[int]],
) -> Tally:
    """Return a tally as it is stored."""
    return Tally(
        purchases,
        granted_points,
        {int(version): Under(*sums) for version, sums in by_version.items()},
        sum(points for points, *_ in carried.values()),
        sum(counted for _, counted, *_ in carried.values()),
    )


@dataclass(slots=True)
class Budget:
    """What a family of versions has given in all so far."""

    granted_points: int = 0


class Carried(NamedTuple):
    """Points and purchases that count for an account because another one, which leads there, had them."""

    points: int
    purchases: int


class Granted(NamedTuple):
    """What a part gave once limits were looked at: what it counted for, and the points that it moved.

    `stopped_by` is the period of the limit, or the budget, that kept it from giving more. `is_past` says that
    the bonus for one n-th purchase was due for another purchase before.
    """

    entitled_points: int
    points: int
    stopped_by: str | None = None
    is_past: bool = False


def key_of(rule: Rule, account_id: int, local_day: date) -> TallyKey:
    """Return the tally that a purchase of a day falls into."""
    starts_on = {
        LimitPeriod.DAY: local_day,
        LimitPeriod.MONTH: local_day.replace(day=1),
        LimitPeriod.LIFE: LIFE_STARTS_ON,
    }[rule.limit_period]
    return TallyKey(account_id, rule.family_id, rule.limit_period, starts_on)


def bonus_for_count(rule: Rule, purchases: int) -> int:
    """Return all that a rule for the n-th purchase gives for so many purchases."""
    if rule.nth_purchase is None or purchases < rule.nth_purchase:
        return 0
    times = purchases // rule.nth_purchase if rule.is_every_nth else 1
    return rule.points * times


def grant(part: Part, tally: Tally | None, budget: Budget | None) -> Granted:
    """Count a purchase's part and return what it grants; never more than it counted for.

    What the budget refuses does not stay in the tally, except that the purchase counts for the n-th one.
    A rule without a limit or a count has no tally, one without a budget no budget.
    """
    rule, entitled = part.rule, part.entitled_points
    points, stopped_by, is_past = entitled, None, False
    if tally is not None:
        if part.is_counted:
            entitled, is_past = _next_bonus(rule, tally), _has_been_due(rule, tally)
            tally.purchases += 1
        _under(rule, tally).entitled_points += entitled
        points = min(entitled, max(0, tally.allowed_points - tally.granted_points))
        if rule.limit_points is None:
            # More than the bonuses due was given to whoever was separated: no limit holds back the next one.
            entitled = points
        elif points < entitled:
            stopped_by = str(rule.limit_period)
    if budget is not None and rule.budget_points is not None:
        left = max(0, rule.budget_points - budget.granted_points)
        if points > left:
            points, stopped_by = left, BUDGET
            if tally is not None and not part.is_counted:
                # Counted, a return of another purchase would make room for what the budget refused.
                _under(rule, tally).entitled_points -= entitled - points
        budget.granted_points += points
    if tally is not None:
        tally.granted_points += points
    return Granted(entitled, points, stopped_by, is_past)


def take_from_tally(rule: Rule, tally: Tally, *, entitled_lost: int, is_uncounted: bool = False) -> Granted:
    """Take what a return loses out of a tally; both values returned are zero or below.

    `entitled_lost` is what the part counted for less what it counts for now. A purchase that no longer
    counts for an n-th one says so with `is_uncounted`; what it counted for follows from the tally.
    """
    if is_uncounted:
        tally.purchases -= 1
        entitled_lost = _next_bonus(rule, tally)
    _under(rule, tally).entitled_points -= entitled_lost
    taken = max(0, tally.granted_points - tally.allowed_points)
    # After a separation more may have been given than is allowed: no return takes more of that than its own.
    taken = min(taken, rule.points if is_uncounted else entitled_lost)
    tally.granted_points -= taken
    return Granted(-entitled_lost, -taken)


def _next_bonus(rule: Rule, tally: Tally) -> int:
    """Return what one more purchase gives under a rule that counts them."""
    counted = tally.counted_purchases
    return bonus_for_count(rule, counted + 1) - bonus_for_count(rule, counted)


def _has_been_due(rule: Rule, tally: Tally) -> bool:
    """Say whether the one bonus that a rule gives a member was due before."""
    return not rule.is_every_nth and bonus_for_count(rule, tally.counted_purchases) > 0


def carried_over(rule: Rule, *, gone: Tally, staying: Tally) -> Carried:
    """Return what the tally of an account that leads to another takes from that one's, of the same period.

    No more than leaves what is there as it is: points already granted stay within the limit, and no bonus for
    a purchase that was made is due or lost by it.
    """
    limits = [
        under.limit_points for under in (*gone.under.values(), *staying.under.values()) if under.limit_points
    ]
    free = min(limits) - staying.carried_points - staying.granted_points if limits else 0
    return Carried(
        max(0, min(gone.granted_points, free)), _carried_purchases(rule, gone.counted_purchases, staying)
    )


def _carried_purchases(rule: Rule, gone: int, staying: Tally) -> int:
    if rule.nth_purchase is None:
        return 0
    last = rule.nth_purchase - 1
    counted = staying.counted_purchases
    if rule.is_every_nth:
        size = rule.nth_purchase
        return min(gone % size, last - counted % size, last - staying.carried_purchases)
    if counted > last:
        return 0
    return gone if gone > last else min(gone, last - counted)


def purchases_still_carried(rule: Rule, tally: Tally, carried: int) -> int:
    """Return how many purchases go on counting beside a tally's own ones after a separation.

    So many were `carried`, and count no more. As few as make the bonuses right that were given, or not given,
    while two were one. Where no number does, none: the bonuses due are those that its own purchases come to.
    """
    if rule.nth_purchase is None:
        return 0
    for purchases in (0, carried, rule.nth_purchase - 1, rule.nth_purchase):
        if _bonuses(rule, tally.purchases, tally.carried_purchases + purchases) == tally.entitled_points:
            return purchases
    _under(rule, tally).entitled_points = _bonuses(rule, tally.purchases, tally.carried_purchases)
    return 0


def _bonuses(rule: Rule, purchases: int, carried: int) -> int:
    return bonus_for_count(rule, purchases + carried) - bonus_for_count(rule, carried)


def _under(rule: Rule, tally: Tally) -> Under:
    """Return the sum of a version; versions that count purchases share one, since all give the same."""
    version = rule.family_id if rule.nth_purchase is not None else rule.rule_id
    return tally.under.setdefault(version, Under(rule.limit_points))
