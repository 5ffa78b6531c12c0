"""How base rules and multipliers share the points of an amount: one rounding, and whole parts that add up.

The total is an exact fraction of the amount, rounded down once. The rules are put in a row, each adding to
what those before it give: what can cease first while goods are brought back stands last. The share of the
rules before is then the largest whole number of their points that stands for no more than the total. So each
part is a whole number that never grows when the amount shrinks: a return never gives anything, whatever
limits did to the other parts. Where the amount earns a whole number of points by the rules before, as whole
euros usually do, the share is exactly that number. A coefficient below one makes the others' parts smaller
and has none of its own.

A base rule may stand after a multiplier, because it asks for a larger amount. Then its own points are one
step, and what each of those multipliers adds to them is another, which counts as the multiplier's: a
multiplier's part, which its limit and its budget hold, is all that it adds to whatever it multiplies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from loyalty.earning.terms import Part, Rule
from loyalty.models import RuleEffect

WHOLE = 100
"""A factor of 100 per cent changes nothing."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The rules in a row, their total as a fraction of the amount, and the way back from step to step.

    A step back is the place of its rule in the row and two numbers that turn a total into the one before it.
    """

    rules: tuple[Rule, ...]
    reductions: tuple[Rule, ...]
    numerator: int
    denominator: int
    steps_back: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Shares":
        """Work out the shares of base rules, at least one, and of the multipliers that combine."""
        reductions = tuple(rule for rule in rules if is_reduction(rule))
        row = _in_a_row([rule for rule in rules if not is_reduction(rule)])
        reduced = Fraction(prod(rule.factor_percent for rule in reductions), WHOLE ** len(reductions))
        steps = list(_steps(row, reduced))
        before = [Fraction(0), *(total for _place, total in steps[:-1])]
        total = steps[-1][1]
        steps_back = [
            (place, *(earlier / (later or 1)).as_integer_ratio())
            for earlier, (place, later) in zip(before, steps, strict=True)
        ]
        return cls(row, reductions, total.numerator, total.denominator, tuple(reversed(steps_back)))

    def parts(self, amount_cents: int) -> list[Part]:
        """Return what each rule gives for an amount."""
        total = amount_cents * self.numerator // self.denominator
        shares = [0] * len(self.rules)
        for place, multiplied, divided in self.steps_back:
            before = ((total + 1) * multiplied - 1) // divided if multiplied else 0
            shares[place] += total - before
            total = before
        parts = [Part(rule, share) for rule, share in zip(self.rules, shares, strict=True)]
        parts += [Part(rule, 0) for rule in self.reductions]
        return parts


def _steps(row: Sequence[Rule], reduced: Fraction) -> Iterator[tuple[int, Fraction]]:
    """Yield the places of rules in a row and the total with each, as a fraction of the amount.

    Every place comes once, and that of a multiplier again for each base rule after it.
    """
    total = Fraction(0)
    multipliers: list[tuple[int, Fraction]] = []
    for place, rule in enumerate(row):
        if rule.effect == RuleEffect.MULTIPLIER:
            factor = Fraction(rule.factor_percent, WHOLE)
            multipliers.append((place, factor))
            total *= factor
            yield place, total
            continue
        before, alone = total, reduced * Fraction(rule.points, rule.per_cents)
        total = before + alone
        yield place, total
        for earlier, factor in multipliers:
            alone *= factor
            total = before + alone
            yield earlier, total


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
