"""Rules that give the same for the same purchases: whoever wrote the second one forgot the first.

Their names do not count, nor does a priority, as it only says which one comes first. Only some of their days
need to be the same. A limit or a budget of its own makes a rule another one: one point for each euro and as
much again, up to 1,000 points, is how an offer is made that is worth more at its beginning. It knows no
database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from loyalty.earning.shut_out import Meet
from loyalty.earning.terms import Conditions, Rule
from loyalty.models import RuleEffect
from loyalty.models.rules import DAYS_OF_A_WEEK, HOURS_OF_A_DAY


def twins_among(rule: Rule, others: Sequence[Rule], meet: Meet) -> Iterator[Rule]:
    """Yield the rules of other families that give the same as one and meet some of its purchases."""
    for other in others:
        if other.family_id != rule.family_id and _compared(rule) == _compared(other) and meet(rule, other):
            yield other


def _compared(rule: Rule) -> tuple[object, ...]:
    """Return all that makes a rule another one than its neighbours, written in one way."""
    return (
        rule.effect,
        _given(rule),
        _asked(rule.conditions),
        (rule.nth_purchase, rule.is_every_nth),
        (rule.limit_points, rule.limit_points and rule.limit_period, rule.budget_points),
    )


def _given(rule: Rule) -> object:
    if rule.effect == RuleEffect.MULTIPLIER:
        return rule.factor_percent, rule.is_stackable
    return Fraction(rule.points, rule.per_cents) if rule.effect == RuleEffect.BASE else rule.points


def _asked(asked: Conditions) -> Conditions:
    """Return what is asked besides the days, in the way in which fewest conditions say it."""
    return replace(
        asked,
        partner_ids=frozenset() if asked.store_ids else asked.partner_ids,
        starts_on=None,
        ends_on=None,
        weekdays=frozenset() if len(asked.weekdays) == DAYS_OF_A_WEEK else asked.weekdays,
        from_hour=asked.from_hour or None,
        until_hour=None if asked.until_hour == HOURS_OF_A_DAY else asked.until_hour,
    )
