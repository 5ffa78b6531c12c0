"""The one evaluation of earning rules: till, file, preview and back-test share it. It knows no database.

Base rules add up. Multipliers apply to their sum by falling priority: when the first that matches does not
combine with others, it alone applies; otherwise all that combine do. The amount stays an exact fraction until
the end, where it is rounded down once, and is then shared among the rules (`loyalty.earning.shares`). Fixed
bonuses are whole points.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty.earning.conditions import Test, meets_minimum, tests_of
from loyalty.earning.shares import Shares
from loyalty.earning.terms import NO_CONDITIONS, Facts, Part, Rule
from loyalty.models import RuleEffect


def evaluate(facts: Facts, rules: Iterable[Rule]) -> tuple[Part, ...]:
    """Return what each of the rules that the purchase meets gives, before any limit.

    The order of the rules given does not matter. A rule that is met and gives zero is among the parts. Who
    evaluates many purchases makes one RuleBook of the rules.
    """
    return RuleBook(rules).at(facts.local_time).evaluate(facts)


def evaluate_kept(kept_cents: int, gave: Iterable[Rule]) -> tuple[Part, ...]:
    """Return what the rules that gave something would give for the part of a purchase that is kept.

    Of what they ask, only the smallest amount is looked at again: the rest is about the purchase, which was
    made once. A purchase that was brought back whole meets no rule.
    """
    if kept_cents <= 0:
        return ()
    return Met.of([rule for rule in gave if meets_minimum(kept_cents, rule.conditions)]).parts(kept_cents)


@dataclass(frozen=True, slots=True)
class Met:
    """Rules that a purchase meets together, looked at once and used for every such purchase."""

    shares: Shares | None
    bonuses: tuple[Part, ...]
    is_metered: bool
    """Whether a limit or a budget has to be looked at before anything is given."""

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Met":
        """Choose the rules that count: of the coefficients only those that combine."""
        bases = [rule for rule in rules if rule.effect == RuleEffect.BASE]
        multipliers = [rule for rule in rules if rule.effect == RuleEffect.MULTIPLIER]
        bonuses = [rule for rule in rules if rule.effect == RuleEffect.BONUS]
        sharing = [*bases, *_that_combine(sorted(multipliers, key=_rank))] if bases else []
        return cls(
            Shares.of(sharing) if sharing else None,
            tuple(Part(rule, rule.points, rule.nth_purchase is not None) for rule in bonuses),
            any(rule.is_metered for rule in (*sharing, *bonuses)),
        )

    def parts(self, amount_cents: int) -> tuple[Part, ...]:
        """Return what each rule gives for an amount, before any limit."""
        if self.shares is None:
            return self.bonuses
        return (*self.shares.parts(amount_cents), *self.bonuses)


class InForce:
    """The versions that decide on purchases at the same instants, looked at once and used for many."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=_rank))
        self._tested: tuple[tuple[int, int, tuple[Test, ...]], ...] = tuple(
            (1 << place, rule.conditions.minimum_cents or 0, tests_of(rule.conditions))
            for place, rule in enumerate(self.rules)
        )
        self._met: dict[int, Met] = {}
        self.asks_who_buys = any(rule.conditions.asks_who_buys for rule in self.rules)
        """Whether what a purchase earns depends on more than what its line says."""
        self.only_base = _only_base(self.rules)
        """The one rule that decides on every purchase and needs no look at it; usually there is one."""

    @property
    def has_base(self) -> bool:
        """Whether any rule gives points for an amount or a bonus: multipliers alone give nothing."""
        return any(rule.effect != RuleEffect.MULTIPLIER for rule in self.rules)

    def evaluate(self, facts: Facts) -> tuple[Part, ...]:
        """Return what each rule that the purchase meets gives, before any limit."""
        return self.met_by(facts).parts(facts.amount_cents)

    def met_by(self, facts: Facts) -> Met:
        """Return the rules that the purchase meets."""
        amount = facts.amount_cents
        which = 0
        for bit, minimum, tests in self._tested:
            if amount >= minimum:
                for test in tests:
                    if not test(facts):
                        break
                else:
                    which |= bit
        met = self._met.get(which)
        if met is None:
            met = Met.of([rule for place, rule in enumerate(self.rules) if which >> place & 1])
            self._met[which] = met
        return met


class RuleBook:
    """All versions that a batch of purchases may need, by the instants at which they decide."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        instants = {rule.applies_from for rule in self.rules} | {rule.applies_until for rule in self.rules}
        self._cuts = sorted(instant.astimezone(UTC) for instant in instants if instant is not None)
        self._between: list[InForce | None] = [None] * (len(self._cuts) + 1)

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups of members that a rule asks for."""
        return frozenset[int]().union(*(rule.conditions.group_ids for rule in self.rules))

    @property
    def needs_birth_month(self) -> bool:
        """Whether a rule asks for the month of the member's birthday."""
        return any(rule.conditions.is_birthday_month for rule in self.rules)

    def at(self, instant: datetime) -> InForce:
        """Return the versions that decide on purchases made at an instant."""
        place = bisect_right(self._cuts, instant.astimezone(UTC)) if self._cuts else 0
        found = self._between[place]
        if found is None:
            found = InForce(rule for rule in self.rules if rule.decides_at(instant))
            self._between[place] = found
        return found


def _rank(rule: Rule) -> tuple[int, int, int]:
    """Put the highest priority first, the older family where they are equal."""
    return (-rule.priority, rule.family_id, rule.rule_id)


def _only_base(rules: Sequence[Rule]) -> Rule | None:
    if len(rules) != 1:
        return None
    rule = rules[0]
    decides_alone = rule.effect == RuleEffect.BASE and rule.conditions == NO_CONDITIONS
    return rule if decides_alone and not rule.is_metered else None


def _that_combine(multipliers: Sequence[Rule]) -> Sequence[Rule]:
    if multipliers and not multipliers[0].is_stackable:
        return multipliers[:1]
    return [rule for rule in multipliers if rule.is_stackable]
