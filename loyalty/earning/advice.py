"""What a manager should know about the rules of a programme together: where two meet, and what is amiss.

Everything here is said in words and decides nothing. It knows no database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from core.formatting import day, number, points
from loyalty.earning.overlaps import Together, common_ground, that_counts, together
from loyalty.earning.terms import Conditions, Rule
from loyalty.earning.times_in_words import joined
from loyalty.earning.words import Names, conditions_in_words, quoted
from loyalty.models import RuleEffect

NEARLY_SPENT_PERCENT = 90


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules are looked at with: names, titles by version, and what budgets gave by family.

    `agreed_until` is the last day of each partner's agreement, None where it has no end; a partner without an
    agreement is missing.
    """

    names: Names
    titles: Mapping[int, str]
    zone: ZoneInfo
    today: date
    granted: Mapping[int, int]
    agreed_until: Mapping[int, date | None]


class Overlap(NamedTuple):
    """Another rule that some purchases meet as well, and what then happens, in a sentence."""

    other: Rule
    sentence: str
    is_undecided: bool = False
    """Whether only the age of the two decides which of them counts."""


class Advice(NamedTuple):
    """Something to look at, about one rule or, with 0, the programme; grave when points are at stake."""

    rule_id: int
    sentence: str
    is_grave: bool = False


def overlaps_of(rule: Rule, others: Sequence[Rule], around: Surroundings) -> list[Overlap]:
    """Return the rules of other families that apply together with one, and say where and what happens."""
    found = []
    for other in others:
        if other.family_id == rule.family_id:
            continue
        grounds = common_ground(
            rule,
            other,
            partner_of_store=around.names.partner_of_store,
            zone=around.zone,
            today=around.today,
        )
        if grounds:
            what = together(rule, other)
            said = gettext("%(where)s, %(what)s.") % {
                "where": _where(grounds, around),
                "what": _what(what, rule, other, around.titles),
            }
            found.append(Overlap(other, said[:1].upper() + said[1:], what == Together.OLDER_COUNTS))
    return found


def _where(grounds: Sequence[Conditions], around: Surroundings) -> str:
    said = [conditions_in_words(ground, around.names, today=around.today) for ground in grounds]
    return joined([one for one in said if one]) or gettext("for every purchase")


def _what(what: Together, rule: Rule, other: Rule, titles: Mapping[int, str]) -> str:
    if what == Together.MULTIPLIES:
        multiplier, base = (rule, other) if rule.effect == RuleEffect.MULTIPLIER else (other, rule)
        return gettext("%(multiplier)s multiplies the points of %(base)s") % {
            "multiplier": quoted(titles[multiplier.rule_id]),
            "base": quoted(titles[base.rule_id]),
        }
    if what == Together.BOTH_GIVE:
        return _both(rule, other, titles)
    counts = {"rule": quoted(titles[that_counts(rule, other).rule_id])}
    if what == Together.ONE_COUNTS:
        return gettext("only %(rule)s counts: they do not combine, and its priority is higher") % counts
    return (
        gettext("only %(rule)s counts: they do not combine, have the same priority, and it is older") % counts
    )


def _both(rule: Rule, other: Rule, titles: Mapping[int, str]) -> str:
    if {rule.effect, other.effect} == {RuleEffect.BONUS, RuleEffect.MULTIPLIER}:
        bonus, multiplier = (rule, other) if rule.effect == RuleEffect.BONUS else (other, rule)
        return gettext("%(bonus)s adds its points, which %(multiplier)s does not multiply") % {
            "bonus": quoted(titles[bonus.rule_id]),
            "multiplier": quoted(titles[multiplier.rule_id]),
        }
    if rule.effect == RuleEffect.MULTIPLIER:
        return gettext("both multiply the points")
    return gettext("both give points")


def advice_on(rules: Sequence[Rule], around: Surroundings) -> list[Advice]:
    """Return what is to be looked at among rules that are live or scheduled, the gravest first."""
    found = [advice for rule in rules for advice in advice_about(rule, around)]
    found += _undecided(rules, around)
    if not any(rule.effect == RuleEffect.BASE for rule in rules):
        found.append(
            Advice(
                0,
                gettext("No rule gives points for the amount of a purchase: members earn nothing by it."),
                is_grave=True,
            )
        )
    return sorted(found, key=lambda advice: not advice.is_grave)


def advice_about(rule: Rule, around: Surroundings) -> Iterator[Advice]:
    """Yield what is to be looked at about one rule by itself."""
    yield from _budget(rule, around)
    last = rule.conditions.ends_on
    if last is not None and last < around.today:
        yield Advice(
            rule.rule_id, gettext("Its last day was %(day)s: it can be retired.") % {"day": day(last)}
        )
        return
    yield from _agreements(rule, around)


def _budget(rule: Rule, around: Surroundings) -> Iterator[Advice]:
    if rule.budget_points is None:
        return
    granted = around.granted.get(rule.family_id, 0)
    if granted >= rule.budget_points:
        yield Advice(
            rule.rule_id, gettext("Its budget is used up: it gives nothing any more."), is_grave=True
        )
    elif granted * 100 >= rule.budget_points * NEARLY_SPENT_PERCENT:
        yield Advice(
            rule.rule_id,
            gettext("Its budget is nearly used up: %(left)s left.")
            % {"left": points(rule.budget_points - granted)},
        )


def _agreements(rule: Rule, around: Surroundings) -> Iterator[Advice]:
    asked = rule.conditions
    partners = asked.partner_ids | {
        around.names.partner_of_store[store]
        for store in asked.store_ids
        if store in around.names.partner_of_store
    }
    for partner in sorted(partners, key=lambda one: around.names.partners.get(one, "")):
        name = around.names.partners.get(partner, f"#{partner}")
        if partner not in around.agreed_until:
            yield Advice(rule.rule_id, gettext("%(partner)s has no agreement.") % {"partner": name})
            continue
        until = around.agreed_until[partner]
        if until is not None and (asked.ends_on is None or asked.ends_on > until):
            yield Advice(
                rule.rule_id,
                gettext("The agreement with %(partner)s ends on %(day)s, before the rule does.")
                % {"partner": name, "day": day(until)},
            )


def _undecided(rules: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    multipliers = [rule for rule in rules if rule.effect == RuleEffect.MULTIPLIER]
    for place, rule in enumerate(multipliers):
        for overlap in overlaps_of(rule, multipliers[place + 1 :], around):
            if overlap.is_undecided:
                yield Advice(
                    rule.rule_id,
                    gettext("With %(other)s: %(sentence)s Give them different priorities.")
                    % {"other": quoted(around.titles[overlap.other.rule_id]), "sentence": overlap.sentence},
                )


def percent_of(granted: int, budget: int) -> int:
    """Return how much of a budget is given, in whole per cent, and 100 only when all of it is."""
    return min(100, granted * 100 // budget)


def use_in_words(granted: int, budget: int) -> str:
    """Say how much of a budget is given."""
    return gettext("%(granted)s of %(budget)s") % {"granted": number(granted), "budget": points(budget)}
