"""What a manager should know about the rules of a programme together: where two meet, and what is amiss.

Everything here is said in words and decides nothing. It knows no database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from core.formatting import day, number, points
from loyalty.earning.contradictions import SENTENCES, Contradiction
from loyalty.earning.overlaps import Together, common_ground, that_counts, together
from loyalty.earning.shares import is_reduction
from loyalty.earning.shut_out import that_shuts_out
from loyalty.earning.terms import Conditions, Rule
from loyalty.earning.times_in_words import joined
from loyalty.earning.twins import twins_among
from loyalty.earning.words import Names, conditions_in_words, quoted, quoted_groups
from loyalty.models import RuleEffect

NEARLY_SPENT_PERCENT = 90


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules are looked at with: names, titles by version, and what budgets gave by family.

    `agreed_until` is the last day of each partner's agreement, None where it has no end; a partner without an
    agreement is missing. `empty_groups` have no member, today or later. `shared_names` are those that several
    rules bear, by version; `titles` tell these apart.
    """

    names: Names
    titles: Mapping[int, str]
    zone: ZoneInfo
    today: date
    granted: Mapping[int, int]
    agreed_until: Mapping[int, date | None]
    empty_groups: frozenset[int] = frozenset()
    shared_names: Mapping[int, str] = field(default_factory=dict)

    def meet(self, one: Rule, other: Rule) -> tuple[Conditions, ...]:
        """Return what a purchase from today on must meet for both rules to apply; nothing when none can."""
        return common_ground(
            one, other, partner_of_store=self.names.partner_of_store, zone=self.zone, today=self.today
        )

    def shutting_out(
        self, multiplier: Rule, base: Rule, grounds: Sequence[Conditions], rules: Sequence[Rule]
    ) -> Rule | None:
        """Return a coefficient instead of which one never multiplies a base rule where they meet, if any."""
        # What an earlier version of the base rule was ends when that rule begins to give points.
        others = [other for other in rules if other.family_id != base.family_id]
        return that_shuts_out(multiplier, grounds, others, self.meet, today=self.today)

    def titled(self, rules: Sequence[Rule]) -> str:
        """Name rules in a sentence."""
        return joined(sorted(quoted(self.titles[rule.rule_id]) for rule in rules))


class Overlap(NamedTuple):
    """Another rule that some purchases meet as well, and what then happens, in a sentence."""

    other: Rule
    sentence: str
    is_undecided: bool = False
    """Whether only the age of the two decides which of them counts."""

    @property
    def after_colon(self) -> str:
        """The sentence as it goes on after the name of the other rule: it begins with where both apply."""
        return self.sentence[:1].lower() + self.sentence[1:]


class Advice(NamedTuple):
    """Something to look at, about one rule or, with 0, the programme; grave when points are at stake.

    `is_in_vain` says that the rule gives nothing as things are: whoever schedules it confirms that.
    """

    rule_id: int
    sentence: str
    is_grave: bool = False
    is_in_vain: bool = False


def overlaps_of(rule: Rule, others: Sequence[Rule], around: Surroundings) -> list[Overlap]:
    """Return the rules of other families that apply together with one, and say where and what happens."""
    found = []
    for other in others:
        if other.family_id == rule.family_id:
            continue
        if grounds := around.meet(rule, other):
            what = together(rule, other)
            said = gettext("%(where)s, %(what)s.") % {
                "where": _where(grounds, around),
                "what": _multiplied(rule, other, grounds, others, around)
                if what == Together.MULTIPLIES
                else _what(what, rule, other, around.titles),
            }
            found.append(Overlap(other, said[:1].upper() + said[1:], what == Together.OLDER_COUNTS))
    return found


def _where(grounds: Sequence[Conditions], around: Surroundings) -> str:
    said = [conditions_in_words(ground, around.names, today=around.today) for ground in grounds]
    return joined([one for one in said if one]) or gettext("for every purchase")


def _multiplied(
    rule: Rule, other: Rule, grounds: Sequence[Conditions], others: Sequence[Rule], around: Surroundings
) -> str:
    multiplier, base = _multiplier_and_base(rule, other)
    named = {"multiplier": around.titled([multiplier]), "base": around.titled([base])}
    if first := around.shutting_out(multiplier, base, grounds, others):
        return gettext(
            "%(multiplier)s does not multiply the points of %(base)s: %(other)s comes first, and the two do"
            " not combine"
        ) % (named | {"other": around.titled([first])})
    if _is_capped(base) and not is_reduction(multiplier):
        return (
            gettext(
                "%(multiplier)s multiplies the points of %(base)s, even those that the limit or the budget of"
                " that rule holds back"
            )
            % named
        )
    return gettext("%(multiplier)s multiplies the points of %(base)s") % named


def _what(what: Together, rule: Rule, other: Rule, titles: Mapping[int, str]) -> str:
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
    found = [advice for rule in rules for advice in advice_about(rule, rules, around)]
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


def advice_about(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    """Yield what is to be looked at about one rule, among others that are live or scheduled."""
    yield from _budget(rule, around)
    last = rule.conditions.ends_on
    if last is not None and last < around.today:
        yield Advice(
            rule.rule_id, gettext("Its last day was %(day)s: it can be retired.") % {"day": day(last)}
        )
        return
    yield from _twins(rule, others, around)
    yield from _in_vain(rule, others, around)
    yield from _beyond_limits(rule, others, around)
    yield from _agreements(rule, around)
    yield from _groups(rule, around)
    yield from _channel(rule, around.names)
    yield from _namesakes(rule, others, around)


def _twins(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    """Find rules that give the same; a draft that does so is not scheduled."""
    for twin in twins_among(rule, _untold(rule, others), around.meet):
        said = str(SENTENCES[Contradiction.TWIN]) % {"rule": around.titled([twin])}
        yield Advice(rule.rule_id, said, is_grave=True)


def _namesakes(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    """Find rules of the same name that count on some of the same days, and are no twins."""
    name = around.shared_names.get(rule.rule_id)
    named = [one for one in others if name is not None and around.shared_names.get(one.rule_id) == name]
    twins = list(twins_among(rule, named, around.meet))
    for other in _untold(rule, named):
        is_another = other.family_id != rule.family_id and other not in twins
        if is_another and around.meet(_in_time(rule), _in_time(other)):
            said = gettext(
                "%(rule)s bears the same name and counts on some of the same days: members cannot tell the"
                " two apart. Give one of them another name."
            )
            yield Advice(rule.rule_id, said % {"rule": around.titled([other])})


def _untold(rule: Rule, others: Sequence[Rule]) -> Sequence[Rule]:
    """Leave out, of rules that all count, the younger ones: what is amiss with two is told of the younger."""
    if rule not in others:
        return others
    return [other for other in others if other.family_id < rule.family_id]


def _in_time(rule: Rule) -> Rule:
    """Return a rule that asks for nothing but its days."""
    asked = rule.conditions
    return replace(rule, conditions=Conditions(starts_on=asked.starts_on, ends_on=asked.ends_on))


def _budget(rule: Rule, around: Surroundings) -> Iterator[Advice]:
    if rule.budget_points is None:
        return
    granted = around.granted.get(rule.family_id, 0)
    if granted >= rule.budget_points:
        yield Advice(
            rule.rule_id,
            gettext("Its budget is used up: it gives nothing any more."),
            is_grave=True,
            is_in_vain=True,
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


def _in_vain(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    """Find a coefficient that never multiplies anything, though it could be met."""
    if rule.effect != RuleEffect.MULTIPLIER or not around.meet(rule, rule):
        return
    met = _met(rule, others, RuleEffect.BASE, around)
    first = {around.shutting_out(rule, base, grounds, others) for base, grounds in met}
    if not first:
        said = gettext(
            "It never multiplies anything: no rule that is live or scheduled gives points for the amount of"
            " the purchases that it asks for."
        )
    elif None not in first:
        shutting = [one for one in first if one is not None]
        said = ngettext(
            "It never multiplies anything: wherever it could, %(rules)s comes first, and the two do not"
            " combine. Give it a higher priority, or let the two combine.",
            "It never multiplies anything: wherever it could, %(rules)s come first, and it does not combine"
            " with them. Give it a higher priority, or let them combine.",
            len(shutting),
        ) % {"rules": around.titled(shutting)}
    else:
        return
    yield Advice(rule.rule_id, said, is_grave=True, is_in_vain=True)


def _beyond_limits(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    """Find coefficients that go on multiplying what a base rule would give without its limit or budget."""
    if rule.effect == RuleEffect.BASE and _is_capped(rule):
        endless = [one for one in _multiplying(rule, others, around) if _is_endless(one)]
        if endless:
            said = ngettext(
                "Even once %(it_is_used_up)s, %(rules)s goes on multiplying what this rule would give. For it"
                " to stop as well, give that coefficient a limit or a budget of its own.",
                "Even once %(it_is_used_up)s, %(rules)s go on multiplying what this rule would give. For them"
                " to stop as well, give each of those coefficients a limit or a budget of its own.",
                len(endless),
            )
            said %= {"it_is_used_up": _used_up(rule), "rules": around.titled(endless)}
            yield Advice(rule.rule_id, said)
    elif _is_endless(rule):
        capped = [one for one in _multiplying(rule, others, around) if _is_capped(one)]
        if capped:
            said = ngettext(
                "It goes on multiplying what %(rules)s would give, even once the limit or the budget of that"
                " rule is used up. For it to stop as well, give it a limit or a budget of its own.",
                "It goes on multiplying what %(rules)s would give, even once the limits or the budgets of"
                " those rules are used up. For it to stop as well, give it a limit or a budget of its own.",
                len(capped),
            )
            yield Advice(rule.rule_id, said % {"rules": around.titled(capped)})


def _multiplying(rule: Rule, others: Sequence[Rule], around: Surroundings) -> Iterator[Rule]:
    """Yield the coefficients that multiply a base rule somewhere, or the base rules that one multiplies."""
    is_base = rule.effect == RuleEffect.BASE
    for other, grounds in _met(rule, others, RuleEffect.MULTIPLIER if is_base else RuleEffect.BASE, around):
        if not around.shutting_out(*_multiplier_and_base(rule, other), grounds, others):
            yield other


def _multiplier_and_base(one: Rule, other: Rule) -> tuple[Rule, Rule]:
    return (one, other) if one.effect == RuleEffect.MULTIPLIER else (other, one)


def _met(
    rule: Rule, others: Sequence[Rule], effect: RuleEffect, around: Surroundings
) -> Iterator[tuple[Rule, tuple[Conditions, ...]]]:
    """Yield the rules of an effect that some purchases meet together with one, and what those must meet."""
    for other in others:
        is_another = other.effect == effect and other.family_id != rule.family_id
        if is_another and (grounds := around.meet(rule, other)):
            yield other, grounds


def _is_capped(rule: Rule) -> bool:
    return rule.limit_points is not None or rule.budget_points is not None


def _is_endless(rule: Rule) -> bool:
    """Say whether a coefficient adds points that nothing holds back."""
    return rule.effect == RuleEffect.MULTIPLIER and not is_reduction(rule) and not _is_capped(rule)


def _used_up(rule: Rule) -> str:
    if rule.budget_points is None:
        return gettext("its limit is reached")
    if rule.limit_points is None:
        return gettext("its budget is used up")
    return gettext("its limit is reached or its budget is used up")


def _groups(rule: Rule, around: Surroundings) -> Iterator[Advice]:
    if empty := rule.conditions.group_ids & around.empty_groups:
        said = ngettext("The group %(groups)s is empty.", "The groups %(groups)s are empty.", len(empty))
        yield Advice(rule.rule_id, said % {"groups": joined(quoted_groups(empty, around.names))})


def _channel(rule: Rule, names: Names) -> Iterator[Advice]:
    asked = rule.conditions
    kinds = {names.channel_of_store.get(store, asked.channel) for store in asked.store_ids}
    if not asked.channel or not kinds or asked.channel in kinds:
        return
    yield Advice(
        rule.rule_id,
        gettext("It asks for purchases online, but none of its stores is a web shop.")
        if asked.channel == "online"
        else gettext("It asks for purchases in store, but all of its stores are web shops."),
    )


def _undecided(rules: Sequence[Rule], around: Surroundings) -> Iterator[Advice]:
    multipliers = [rule for rule in rules if rule.effect == RuleEffect.MULTIPLIER]
    for place, rule in enumerate(multipliers):
        for overlap in overlaps_of(rule, multipliers[place + 1 :], around):
            if overlap.is_undecided:
                yield Advice(
                    rule.rule_id,
                    gettext("With %(other)s: %(sentence)s Give them different priorities.")
                    % {
                        "other": quoted(around.titles[overlap.other.rule_id]),
                        "sentence": overlap.after_colon,
                    },
                )


def percent_of(granted: int, budget: int) -> int:
    """Return how much of a budget is given, in whole per cent, and 100 only when all of it is."""
    return min(100, granted * 100 // budget)


def use_in_words(granted: int, budget: int) -> str:
    """Say how much of a budget is given."""
    return gettext("%(granted)s of %(budget)s") % {"granted": number(granted), "budget": points(budget)}
