"""The one evaluation of earning rules: till, file, preview and back-test share it. It knows no database.

Base rules add up. Multipliers apply to their sum by falling priority: when the first that matches does not
combine with others, it alone applies; otherwise all that combine do. The amount stays an exact fraction until
the end, where it is rounded down once, and is then shared among the rules (`loyalty.earning.shares`). Fixed
bonuses are whole points.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
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
    return _parts(kept_cents, (rule for rule in gave if meets_minimum(kept_cents, rule.conditions)), {})


class InForce:
    """The versions that decide on purchases at the same instants, looked at once and used for many."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=_rank))
        self._tested: tuple[tuple[Rule, int, tuple[Test, ...]], ...] = tuple(
            (rule, rule.conditions.minimum_cents or 0, tests_of(rule.conditions)) for rule in self.rules
        )
        self._shares: dict[tuple[int, ...], Shares] = {}
        self.only_base = _only_base(self.rules)
        """The one rule that decides on every purchase and needs no look at it; usually there is one."""

    @property
    def has_base(self) -> bool:
        """Whether any rule gives points for an amount or a bonus: multipliers alone give nothing."""
        return any(rule.effect != RuleEffect.MULTIPLIER for rule in self.rules)

    def evaluate(self, facts: Facts) -> tuple[Part, ...]:
        """Return what each rule that the purchase meets gives, before any limit."""
        amount = facts.amount_cents
        met = [
            rule
            for rule, minimum, tests in self._tested
            if amount >= minimum and all([test(facts) for test in tests])  # noqa: C419 - a list is faster
        ]
        return _parts(amount, met, self._shares)


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


def _parts(amount_cents: int, met: Iterable[Rule], known: dict[tuple[int, ...], Shares]) -> tuple[Part, ...]:
    """Return what rules give for an amount when their conditions are met; `known` keeps the shares."""
    sharing: list[Rule] = []
    multipliers: list[Rule] = []
    bonuses: list[Part] = []
    for rule in met:
        if rule.effect == RuleEffect.BASE:
            sharing.append(rule)
        elif rule.effect == RuleEffect.MULTIPLIER:
            multipliers.append(rule)
        else:
            bonuses.append(Part(rule, rule.points, rule.nth_purchase is not None))
    if not sharing:
        return tuple(bonuses)
    if multipliers:
        sharing += _that_combine(sorted(multipliers, key=_rank))
    key = tuple([rule.rule_id for rule in sharing])
    shares = known.get(key)
    if shares is None:
        shares = known[key] = Shares.of(sharing)
    return (*shares.parts(amount_cents), *bonuses)


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
    if not multipliers[0].is_stackable:
        return multipliers[:1]
    return [rule for rule in multipliers if rule.is_stackable]
