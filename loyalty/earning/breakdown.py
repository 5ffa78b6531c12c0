"""What each rule gave for a purchase or took back with a return, as it is stored with it for ever.

A stored part is `{"rule": 7, "kind": "multiplier", "entitled": 40, "points": 25, "limit": "month"}`: the
number of the version, its effect, what it would have given, what it gave, and the period of the limit, or
"budget", that kept it from giving more; null when nothing did. `"counted": true` marks a part that waits for
the member's n-th purchase, `"past": true` one that comes after it, so that it waits for nothing. In the
breakdown of a return both numbers are zero or below, and "budget" says that the budget had refused a part of
what a rule with a limit would have given. The points of all parts are those of the line.

A purchase to which one base rule without limit and budget gave everything stores no breakdown and names the
rule instead.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from loyalty.earning.limits import Granted
from loyalty.earning.terms import Rule
from loyalty.models import RuleEffect


class GivenPart(NamedTuple):
    """What one version gave or, below zero, what a return took back of it."""

    rule_id: int
    kind: RuleEffect
    entitled_points: int
    points: int
    limit: str | None = None
    is_counted: bool = False
    is_past: bool = False


def part_of(rule: Rule, granted: Granted, *, is_counted: bool = False) -> GivenPart:
    """Return what a version gave once limits were looked at."""
    return GivenPart(
        rule.rule_id,
        rule.effect,
        granted.entitled_points,
        granted.points,
        granted.stopped_by,
        is_counted,
        granted.is_past,
    )


def stored_form(parts: Iterable[GivenPart]) -> list[dict[str, Any]]:
    """Return the parts as they are stored."""
    return [
        {
            "rule": part.rule_id,
            "kind": str(part.kind),
            "entitled": part.entitled_points,
            "points": part.points,
            "limit": part.limit,
        }
        | ({"counted": True} if part.is_counted else {})
        | ({"past": True} if part.is_past else {})
        for part in parts
    ]


def parts_of(
    *, breakdown: Sequence[dict[str, Any]] | None, rule_id: int | None, points: int
) -> tuple[GivenPart, ...]:
    """Return what each rule gave for a stored line, whichever of the two ways it names them."""
    if breakdown is not None:
        return tuple(
            GivenPart(
                part["rule"],
                RuleEffect(part["kind"]),
                part["entitled"],
                part["points"],
                part["limit"],
                part.get("counted", False),
                part.get("past", False),
            )
            for part in breakdown
        )
    if rule_id is None:
        return ()
    return (GivenPart(rule_id, RuleEffect.BASE, points, points),)
