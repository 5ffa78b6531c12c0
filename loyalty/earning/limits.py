"""Limits per member and counts of purchases: what a rule grants follows from sums that no order changes.

A tally adds up what a rule would have given an account in a period, less what was brought back. What it gave
is the smaller of that sum and the limit, so purchases and returns may come in any order and the account ends
with the same points. A purchase under a full limit gives nothing now; it gives its points once a return makes
room, which then shows as a return that takes back less.

Versions of a rule share the tally of a period. When their limits differ, the older version counts first, as
if its purchases had come first: they were made first.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

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

    @property
    def entitled_points(self) -> int:
        """What all versions would have given without their limits."""
        return sum(under.entitled_points for under in self.under.values())

    @property
    def allowed_points(self) -> int:
        """What the limits let through of that."""
        allowed = 0
        for _, under in sorted(self.under.items()):
            reached = allowed + under.entitled_points
            if under.limit_points is not None:
                reached = min(reached, under.limit_points)
            allowed = max(allowed, reached)
        return allowed


@dataclass(slots=True)
class Budget:
    """What a family of versions has given in all so far."""

    granted_points: int = 0


class Granted(NamedTuple):
    """What a part gave once limits were looked at: what it counted for, and the points that it moved.

    `stopped_by` is the period of the limit, or the budget, that kept it from giving more.
    """

    entitled_points: int
    points: int
    stopped_by: str | None = None


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

    A rule without a limit or a count has no tally, one without a budget no budget.
    """
    rule, entitled = part.rule, part.entitled_points
    points, stopped_by = entitled, None
    if tally is not None:
        if part.is_counted:
            tally.purchases += 1
            entitled = bonus_for_count(rule, tally.purchases) - bonus_for_count(rule, tally.purchases - 1)
        _under(rule, tally).entitled_points += entitled
        points = min(entitled, max(0, tally.allowed_points - tally.granted_points))
        if points < entitled:
            stopped_by = str(rule.limit_period)
    if budget is not None and rule.budget_points is not None:
        left = max(0, rule.budget_points - budget.granted_points)
        if points > left:
            points, stopped_by = left, BUDGET
        budget.granted_points += points
    if tally is not None:
        tally.granted_points += points
    return Granted(entitled, points, stopped_by)


def take_from_tally(rule: Rule, tally: Tally, *, entitled_lost: int, is_uncounted: bool = False) -> Granted:
    """Take what a return loses out of a tally; both values returned are zero or below.

    `entitled_lost` is what the part counted for less what it counts for now. A purchase that no longer
    counts for an n-th one says so with `is_uncounted`; what it counted for follows from the tally.
    """
    if is_uncounted:
        tally.purchases -= 1
        entitled_lost = bonus_for_count(rule, tally.purchases + 1) - bonus_for_count(rule, tally.purchases)
    _under(rule, tally).entitled_points -= entitled_lost
    taken = max(0, tally.granted_points - tally.allowed_points)
    tally.granted_points -= taken
    return Granted(-entitled_lost, -taken)


def _under(rule: Rule, tally: Tally) -> Under:
    """Return the sum of a version; versions that count purchases share one, since all give the same."""
    version = rule.family_id if rule.nth_purchase is not None else rule.rule_id
    return tally.under.setdefault(version, Under(rule.limit_points))
