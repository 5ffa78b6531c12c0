"""What a return takes back of what rules gave. It knows no database: recording and back-test share it.

The versions that gave points for a purchase are evaluated again for the amount that is kept. What a rule
without a limit gives less is taken back, never more than it gave; what a rule with one gives less leaves the
tally, which says how much is taken back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from loyalty.earning.breakdown import GivenPart
from loyalty.earning.evaluate import evaluate_kept
from loyalty.earning.limits import BUDGET
from loyalty.earning.terms import Part, Rule


class TakeFromTally(Protocol):
    """Takes what a rule gives less out of the member's tally, and says what is taken back."""

    def __call__(self, rule: Rule, *, entitled_lost: int, is_uncounted: bool) -> GivenPart:
        """See `loyalty.earning.limits.take_from_tally`."""


def taken_back(
    given: Sequence[GivenPart],
    rules: Mapping[int, Rule],
    *,
    kept_before: int,
    kept_after: int,
    take: TakeFromTally,
) -> tuple[GivenPart, ...]:
    """Return what is taken back of the parts given when the amount kept, in cents, shrinks."""
    gave = [rules[part.rule_id] for part in given]
    was = _by_rule(evaluate_kept(kept_before, gave))
    now = _by_rule(evaluate_kept(kept_after, gave))
    taken = []
    for part in given:
        rule = rules[part.rule_id]
        lost = _entitled(part, was) - _entitled(part, now)
        is_uncounted = part.is_counted and part.rule_id in was and part.rule_id not in now
        if rule.is_tallied:
            if lost or is_uncounted:
                tallied = _tallied(part, was) - _tallied(part, now)
                took = take(rule, entitled_lost=tallied, is_uncounted=is_uncounted)
                taken.append(took if part.is_counted else _of_part(took, part, lost))
        elif lost:
            points = min(part.points, _entitled(part, now)) - min(part.points, _entitled(part, was))
            taken.append(GivenPart(part.rule_id, part.kind, -lost, points))
    return tuple(taken)


def _by_rule(parts: Iterable[Part]) -> dict[int, Part]:
    return {part.rule.rule_id: part for part in parts}


def _entitled(part: GivenPart, found: Mapping[int, Part]) -> int:
    """Return what a part counts for; those that count purchases only know from their tally."""
    if part.is_counted or part.rule_id not in found:
        return 0
    return min(part.entitled_points, found[part.rule_id].entitled_points)


def _of_part(took: GivenPart, part: GivenPart, lost: int) -> GivenPart:
    """Return what is taken back with what the part really counts for less; a refusing budget stays named."""
    return took._replace(entitled_points=-lost, limit=BUDGET if part.limit == BUDGET else None)


def _tallied(part: GivenPart, found: Mapping[int, Part]) -> int:
    """Return what of that stands in the tally: where the budget refused the rest, no more than was given."""
    entitled = _entitled(part, found)
    return min(entitled, part.points) if part.limit == BUDGET else entitled
