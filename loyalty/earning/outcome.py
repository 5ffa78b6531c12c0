"""What a purchase would earn, rule by rule, and in words why: for previews. It knows no database.

It is the evaluation that records purchases, with copies of the tallies and budgets as they are now; nothing
that it counts is kept.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext, ngettext

from core.formatting import points
from loyalty.earning.evaluate import evaluate
from loyalty.earning.limits import BUDGET, Budget, Granted, Tally, TallyKey, grant, key_of
from loyalty.earning.shares import is_reduction
from loyalty.earning.terms import Facts, Part, Rule
from loyalty.earning.times_in_words import joined
from loyalty.earning.why_not import unmet_in_words
from loyalty.earning.words import Names, ordinal, quoted
from loyalty.models import RuleEffect

NOBODY = 0
"""Stands for the account of somebody who has no purchases yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule would give, and what is to be said about it: why nothing, or why less."""

    rule: Rule
    points: int
    is_applied: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """All rules that were looked at: those that apply in front, the others with their reasons."""

    lines: tuple[Line, ...]

    @property
    def points(self) -> int:
        """What the purchase would earn."""
        return sum(line.points for line in self.lines)

    @property
    def applied(self) -> tuple[Line, ...]:
        """The rules that the purchase meets."""
        return tuple(line for line in self.lines if line.is_applied)

    @property
    def not_applied(self) -> tuple[Line, ...]:
        """The rules that it does not meet."""
        return tuple(line for line in self.lines if not line.is_applied)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known besides the purchase: names for the words, and what limits and budgets have let through.

    `titles` are the names of rules by their version's number; `account_id` is whose tallies count.
    """

    names: Names
    titles: Mapping[int, str]
    today: date
    account_id: int = NOBODY
    tallies: Mapping[TallyKey, Tally] | None = None
    budgets: Mapping[int, Budget] | None = None


def outcome_of(facts: Facts, rules: Sequence[Rule], setting: Setting) -> Outcome:
    """Return what each rule would give for a purchase, limits and budgets as they are now."""
    parts = evaluate(facts, rules)
    applied = [_applied(part, facts, setting) for part in parts]
    met = {part.rule.rule_id for part in parts}
    others = [
        Line(rule, 0, is_applied=False, reasons=tuple(_why_not(rule, facts, parts, setting)))
        for rule in rules
        if rule.rule_id not in met
    ]
    return Outcome((*applied, *others))


def _applied(part: Part, facts: Facts, setting: Setting) -> Line:
    rule = part.rule
    tally, budget = _tally(rule, facts, setting), _budget(rule, setting)
    before = tally.granted_points + tally.carried_points if tally else 0
    spent = budget.granted_points if budget else 0
    granted = grant(part, tally, budget)
    return Line(
        rule, granted.points, is_applied=True, reasons=tuple(_why_less(part, granted, tally, before, spent))
    )


def _tally(rule: Rule, facts: Facts, setting: Setting) -> Tally | None:
    if not rule.is_tallied:
        return None
    kept = (setting.tallies or {}).get(key_of(rule, setting.account_id, facts.local_time.date()))
    return deepcopy(kept) if kept else Tally()


def _budget(rule: Rule, setting: Setting) -> Budget | None:
    if rule.budget_points is None:
        return None
    kept = (setting.budgets or {}).get(rule.family_id)
    return deepcopy(kept) if kept else Budget()


def _why_less(part: Part, granted: Granted, tally: Tally | None, before: int, spent: int) -> list[str]:
    rule = part.rule
    if is_reduction(rule):
        return [gettext("it makes the points of the other rules fewer")]
    said = []
    if part.is_counted and tally is not None:
        said.append(
            gettext("this would be the %(nth)s purchase that counts")
            % {"nth": ordinal(tally.counted_purchases)}
        )
    if granted.stopped_by == BUDGET:
        left = max(0, (rule.budget_points or 0) - spent)
        said.append(
            gettext("the budget of %(budget)s has %(left)s left")
            % {"left": points(left), "budget": points(rule.budget_points or 0)}
        )
    elif granted.stopped_by:
        said.append(_limited(rule, tally, before))
    return said


def _limited(rule: Rule, tally: Tally | None, before: int) -> str:
    """Say what the limit leaves. Versions of a rule whose limits differ share what they let through."""
    limits = {under.limit_points for under in tally.under.values()} if tally else set()
    if limits - {rule.limit_points}:
        return gettext("the limits of the offer leave no more: the member has %(before)s already") % {
            "before": points(before)
        }
    return gettext("the limit is %(limit)s, of which the member has %(before)s already") % {
        "limit": points(rule.limit_points or 0),
        "before": points(before),
    }


def _why_not(rule: Rule, facts: Facts, parts: Sequence[Part], setting: Setting) -> list[str]:
    if unmet := unmet_in_words(facts, rule, setting.names, today=setting.today):
        return unmet
    counted = [
        quoted(setting.titles[part.rule.rule_id])
        for part in parts
        if part.rule.effect == RuleEffect.MULTIPLIER
    ]
    if counted:
        return [
            ngettext(
                "%(rules)s counts instead: the two do not combine",
                "%(rules)s count instead: this one does not combine with them",
                len(counted),
            )
            % {"rules": joined(counted)}
        ]
    return [gettext("no rule gives points for the amount, which it could multiply")]
