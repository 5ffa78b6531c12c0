"""Limits per member and counts of purchases: what a rule grants follows from sums that no order changes.

A tally adds up what a rule would have given an account in a period, less what was brought back. What it gave
is the smaller of that sum and the limit, so purchases and returns may come in any order and the account ends
with the same points. A purchase under a full limit gives nothing now; it gives its points once a return makes
room, which then shows as a return that takes back less.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from loyalty.earning.terms import Part, Rule
from loyalty.models import LimitPeriod

LIFE_STARTS_ON = date(1970, 1, 1)
"""The first day of the one period of a limit that counts for the rule's whole life."""


class TallyKey(NamedTuple):
    """Which tally: of an account, under a family of versions, in a period."""

    account_id: int
    family_id: int
    period: LimitPeriod
    starts_on: date


@dataclass(slots=True)
class Tally:
    """Sums of one key; see `loyalty.models.RuleTally`."""

    purchases: int = 0
    entitled_points: int = 0
    granted_points: int = 0


class Granted(NamedTuple):
    """What a part gave once limits were looked at: what it counted for, and the points that it moved."""

    entitled_points: int
    points: int


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


def add_to_tally(part: Part, tally: Tally) -> Granted:
    """Count a purchase's part in its tally and return what it grants; never more than it counted for."""
    entitled = part.entitled_points
    if part.is_counted:
        tally.purchases += 1
        entitled = bonus_for_count(part.rule, tally.purchases) - bonus_for_count(
            part.rule, tally.purchases - 1
        )
    tally.entitled_points += entitled
    points = min(entitled, max(0, _allowed(part.rule, tally) - tally.granted_points))
    tally.granted_points += points
    return Granted(entitled, points)


def take_from_tally(rule: Rule, tally: Tally, *, entitled_lost: int, is_uncounted: bool = False) -> Granted:
    """Take what a return loses out of a tally; both values returned are zero or below.

    `entitled_lost` is what the part counted for less what it counts for now. A purchase that no longer
    counts for an n-th one says so with `is_uncounted`; what it counted for follows from the tally.
    """
    if is_uncounted:
        tally.purchases -= 1
        entitled_lost = bonus_for_count(rule, tally.purchases + 1) - bonus_for_count(rule, tally.purchases)
    tally.entitled_points -= entitled_lost
    taken = max(0, tally.granted_points - _allowed(rule, tally))
    tally.granted_points -= taken
    return Granted(-entitled_lost, -taken)


def _allowed(rule: Rule, tally: Tally) -> int:
    if rule.limit_points is None:
        return tally.entitled_points
    return min(rule.limit_points, tally.entitled_points)
