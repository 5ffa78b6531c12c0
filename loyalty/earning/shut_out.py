"""When a coefficient never counts, as another one always applies too and comes first. It knows no database.

Only what the conditions of two rules show is found, by whole days. That several others leave no room for one
together is not, so a coefficient of which nothing is found may never count either.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from loyalty.earning.overlaps import Together, that_counts, together
from loyalty.earning.terms import Conditions, Rule
from loyalty.models import RuleEffect

Meet = Callable[[Rule, Rule], tuple[Conditions, ...]]
"""What a purchase must meet for two rules to apply; nothing when none can."""


def that_shuts_out(
    multiplier: Rule, where: Sequence[Conditions], others: Sequence[Rule], meet: Meet, *, today: date
) -> Rule | None:
    """Return a coefficient that is there instead of this one wherever one of some conditions is met.

    It applies as well, comes first, and the two do not combine. None when no such one is found.
    """
    rivals = [other for other in others if _is_rival(multiplier, other)]
    narrowed = [replace(multiplier, conditions=asked) for asked in where]
    for other in rivals:
        if _comes_first(multiplier, other) and all(
            is_within(one, other, meet, today=today) and not _is_let_in(one, other, rivals, meet)
            for one in narrowed
        ):
            return other
    return None


def is_within(one: Rule, other: Rule, meet: Meet, *, today: date) -> bool:
    """Say whether another rule applies to each purchase from today on that one applies to."""
    alone, both = (_compared(meet(one, each), today) for each in (one, other))
    asked, given = other.conditions.group_ids, one.conditions.group_ids
    return bool(alone) and alone == both and (not asked or (bool(given) and given <= asked))


def _compared(grounds: Sequence[Conditions], today: date) -> list[Conditions]:
    """Leave out what is no matter from today on, and the groups, which only add up where two rules meet."""
    return [
        replace(
            ground,
            group_ids=frozenset(),
            starts_on=ground.starts_on if ground.starts_on and ground.starts_on > today else None,
        )
        for ground in grounds
    ]


def _is_rival(multiplier: Rule, other: Rule) -> bool:
    return other.effect == RuleEffect.MULTIPLIER and other.family_id != multiplier.family_id


def _comes_first(multiplier: Rule, other: Rule) -> bool:
    """Say whether another coefficient is there instead of this one when both apply."""
    return together(multiplier, other) != Together.BOTH_GIVE and that_counts(multiplier, other) == other


def _is_let_in(multiplier: Rule, shutting: Rule, rivals: Sequence[Rule], meet: Meet) -> bool:
    """Say whether a coefficient that combines may come before the one that does not, and let this one in."""
    return multiplier.is_stackable and any(
        rival.is_stackable and that_counts(shutting, rival) == rival and meet(multiplier, rival)
        for rival in rivals
    )
