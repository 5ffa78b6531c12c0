"""What coefficients below 1 take away: they give nothing, and leave fewer points to the other rules."""

from collections.abc import Iterable, Mapping, Sequence

from loyalty.earning.conditions import meets_minimum
from loyalty.earning.evaluate import Met
from loyalty.earning.shares import is_reduction
from loyalty.earning.terms import Rule

NOTHING: Mapping[int, int] = {}


class Coefficients:
    """Knows what each coefficient below 1 took; rules that count together are looked at once."""

    def __init__(self) -> None:
        self._met: dict[tuple[int, ...], Met] = {}

    def taken(self, counted: Iterable[Rule], kept_cents: int) -> Mapping[int, int]:
        """Return how many more points the rules that counted for an amount give without each coefficient.

        Limits and budgets are not looked at: what they let through depends on other purchases as well.
        """
        rules = [rule for rule in counted if meets_minimum(kept_cents, rule.conditions)]
        coefficients = [rule for rule in rules if is_reduction(rule)]
        if not coefficients:
            return NOTHING
        given = self._points(rules, kept_cents)
        return {
            one.rule_id: self._points([rule for rule in rules if rule is not one], kept_cents) - given
            for one in coefficients
        }

    def _points(self, rules: Sequence[Rule], kept_cents: int) -> int:
        which = tuple(rule.rule_id for rule in rules)
        met = self._met.get(which)
        if met is None:
            met = self._met[which] = Met.of(rules)
        return sum(part.entitled_points for part in met.parts(kept_cents))
