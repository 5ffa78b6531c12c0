"""How base rules and multipliers share the points of an amount: one rounding, and whole parts that add up.

The total is an exact fraction of the amount, rounded down once. The rules are put in a row, each adding to
what those before it give: what can cease first while goods are brought back stands last. The share of the
rules before is then the largest whole number of their points that stands for no more than the total. So each
part is a whole number that never grows when the amount shrinks: a return never gives anything, whatever
limits did to the other parts. Where the amount earns a whole number of points by the rules before, as whole
euros usually do, the share is exactly that number. A coefficient below one makes the others' parts smaller
and has none of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod

from loyalty.earning.terms import Part, Rule
from loyalty.models import RuleEffect

WHOLE = 100
"""A factor of 100 per cent changes nothing."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The rules in a row, their total as a fraction of the amount, and the way back from step to step.

    A step's two numbers turn a total into the total of the rules before.
    """

    rules: tuple[Rule, ...]
    reductions: tuple[Rule, ...]
    numerator: int
    denominator: int
    steps_back: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Shares":
        """Work out the shares of base rules, at least one, and of the multipliers that combine."""
        reductions = tuple(rule for rule in rules if is_reduction(rule))
        row = _in_a_row([rule for rule in rules if not is_reduction(rule)])
        numerator, denominator = 0, 1
        factor = prod(rule.factor_percent for rule in reductions)
        of_factor = WHOLE ** len(reductions)
        steps_back: list[tuple[int, int]] = []
        for rule in row:
            before, of_before = numerator, denominator
            if rule.effect == RuleEffect.MULTIPLIER:
                factor, of_factor = factor * rule.factor_percent, of_factor * WHOLE
                numerator, denominator = numerator * rule.factor_percent, denominator * WHOLE
            else:
                added, of_added = factor * rule.points, of_factor * rule.per_cents
                numerator = numerator * of_added + added * denominator
                denominator *= of_added
            common = gcd(numerator, denominator)
            numerator, denominator = numerator // common, denominator // common
            steps_back.append((before * denominator, numerator * of_before))
        return cls(row, reductions, numerator, denominator, tuple(steps_back))

    def parts(self, amount_cents: int) -> list[Part]:
        """Return what each rule gives for an amount."""
        total = amount_cents * self.numerator // self.denominator
        parts: list[Part] = []
        for rule, (multiplied, divided) in zip(reversed(self.rules), reversed(self.steps_back), strict=True):
            before = ((total + 1) * multiplied - 1) // divided if multiplied else 0
            parts.append(Part(rule, total - before))
            total = before
        parts.reverse()
        parts += [Part(rule, 0) for rule in self.reductions]
        return parts


def is_reduction(rule: Rule) -> bool:
    """Say whether the rule is a coefficient that makes a purchase earn less."""
    return rule.effect == RuleEffect.MULTIPLIER and rule.factor_percent < WHOLE


def _in_a_row(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    smallest = min(_minimum_of(rule) for rule in rules if rule.effect == RuleEffect.BASE)

    def place(rule: Rule) -> tuple[int, bool, int, int, int]:
        # A multiplier needs a base rule before it: it ceases at the latest with the last of them.
        return (
            max(_minimum_of(rule), smallest),
            rule.effect == RuleEffect.MULTIPLIER,
            -rule.priority,
            rule.family_id,
            rule.rule_id,
        )

    return tuple(sorted(rules, key=place))


def _minimum_of(rule: Rule) -> int:
    return rule.conditions.minimum_cents or 0
