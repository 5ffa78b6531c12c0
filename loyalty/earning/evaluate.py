"""The one evaluation of earning rules: till, file, preview and back-test share it. It knows no database.

Base rules add up. Multipliers apply to their sum by falling priority: when the first that matches does not
combine with others, it alone applies; otherwise all that combine do, one after the other. The amount stays an
exact fraction until the end, where it is rounded down once; each rule's part is what the rounded total grows
by when the rule is added, so that the parts always add up to the points. Fixed bonuses are whole points.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor

from loyalty.earning.terms import Conditions, Facts, Part, Rule
from loyalty.models import RuleEffect

WHOLE = 100
"""A factor of 100 per cent changes nothing."""


def evaluate(facts: Facts, rules: Iterable[Rule]) -> tuple[Part, ...]:
    """Return what each of the rules that the purchase meets gives, base rules first; before any limit.

    The order of the rules given does not matter. A rule that is met and gives zero is among the parts.
    """
    met = [rule for rule in rules if rule.decides_at(facts.local_time) and meets(facts, rule.conditions)]
    bases = _ordered(met, RuleEffect.BASE)
    parts: list[Part] = []
    exact = Fraction(0)
    for rule in bases:
        grown = exact + Fraction(facts.amount_cents * rule.points, rule.per_cents)
        parts.append(Part(rule, floor(grown) - floor(exact)))
        exact = grown
    if bases:
        for rule in _that_combine(_ordered(met, RuleEffect.MULTIPLIER)):
            grown = exact * Fraction(rule.factor_percent, WHOLE)
            parts.append(Part(rule, floor(grown) - floor(exact)))
            exact = grown
    parts += [
        Part(rule, rule.points, is_counted=rule.nth_purchase is not None)
        for rule in _ordered(met, RuleEffect.BONUS)
    ]
    return tuple(parts)


def evaluate_kept(facts: Facts, kept_cents: int, gave: Iterable[Rule]) -> tuple[Part, ...]:
    """Return what the rules that gave something would give for the part of a purchase that is kept.

    A purchase that was brought back whole meets no rule.
    """
    if kept_cents <= 0:
        return ()
    return evaluate(facts._replace(amount_cents=kept_cents), gave)


def meets(facts: Facts, asked: Conditions) -> bool:
    """Say whether a purchase meets every condition."""
    return (
        (not asked.partner_ids or facts.partner_id in asked.partner_ids)
        and (not asked.store_ids or facts.store_id in asked.store_ids)
        and (not asked.card_product_ids or facts.card_product_id in asked.card_product_ids)
        and (not asked.channel or facts.channel == asked.channel)
        and (asked.minimum_cents is None or facts.amount_cents >= asked.minimum_cents)
        and _in_time(facts, asked)
        and (not asked.is_birthday_month or facts.birth_month == facts.local_time.month)
        and (not asked.group_ids or not asked.group_ids.isdisjoint(facts.group_ids))
    )


def _in_time(facts: Facts, asked: Conditions) -> bool:
    day = facts.local_time.date()
    return (
        (asked.starts_on is None or day >= asked.starts_on)
        and (asked.ends_on is None or day <= asked.ends_on)
        and (not asked.weekdays or facts.local_time.isoweekday() in asked.weekdays)
        and _in_hours(facts.local_time.hour, asked.from_hour, asked.until_hour)
    )


def _in_hours(hour: int, first: int | None, end: int | None) -> bool:
    after_start = first is None or hour >= first
    before_end = end is None or hour < end
    if first is not None and end is not None and first > end:
        return after_start or before_end
    return after_start and before_end


def _ordered(rules: Iterable[Rule], effect: RuleEffect) -> list[Rule]:
    """Return the rules of one effect, the highest priority first; the older family where they are equal."""
    return sorted(
        (rule for rule in rules if rule.effect == effect),
        key=lambda rule: (-rule.priority, rule.family_id, rule.rule_id),
    )


def _that_combine(multipliers: Sequence[Rule]) -> Sequence[Rule]:
    if multipliers and not multipliers[0].is_stackable:
        return multipliers[:1]
    return [rule for rule in multipliers if rule.is_stackable]
