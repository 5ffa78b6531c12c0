"""An example of what a rule does, in a sentence: a purchase that meets it, and what it would earn."""

from collections.abc import Sequence
from datetime import date, datetime

from babel.dates import format_date
from django.utils.translation import gettext

from core.formatting import active_locale, number, points, whole_amount
from core.formatting import day as day_of
from loyalty.earning.advice import Surroundings
from loyalty.earning.example import example_for
from loyalty.earning.limits import Tally, TallyKey, key_of
from loyalty.earning.outcome import NOBODY, Outcome, Setting, outcome_of
from loyalty.earning.terms import Conditions, Facts, Rule
from loyalty.earning.times_in_words import hour_in_words
from loyalty.earning.words import Names, conditions_in_words


def example_in_words(rule: Rule, others: Sequence[Rule], around: Surroundings, *, at: datetime) -> str:
    """Say what a purchase that meets the rule would earn; nothing when none can be thought of."""
    facts = example_for(rule, around.names, at=at, zone=around.zone)
    if facts is None:
        return ""
    rules = [*(other for other in others if other.family_id != rule.family_id), rule]
    setting = Setting(
        names=around.names, titles=around.titles, today=around.today, tallies=_almost_counted(rule, facts)
    )
    return _said(facts, outcome_of(facts, rules, setting), rule, around.names)


def _almost_counted(rule: Rule, facts: Facts) -> dict[TallyKey, Tally]:
    """Return the tally of a member whose next purchase is the one that a bonus waits for."""
    if rule.nth_purchase is None:
        return {}
    key = key_of(rule, NOBODY, facts.local_time.date())
    return {key: Tally(purchases=rule.nth_purchase - 1)}


def _said(facts: Facts, outcome: Outcome, rule: Rule, names: Names) -> str:
    (line,) = [line for line in outcome.lines if line.rule.rule_id == rule.rule_id]
    said = gettext("Example: %(purchase)s would earn %(points)s, of which %(part)s by this rule.") % {
        "purchase": _purchase(facts, rule, names),
        "points": points(outcome.points),
        "part": number(line.points),
    }
    return " ".join([said, *(f"{reason[:1].upper()}{reason[1:]}." for reason in line.reasons)])


def _purchase(facts: Facts, rule: Rule, names: Names) -> str:
    asked = rule.conditions
    day = day_with_weekday(facts.local_time.date())
    if asked.from_hour is not None or asked.until_hour is not None:
        day = gettext("%(day)s, %(hour)s") % {"day": day, "hour": hour_in_words(facts.local_time.hour)}
    if asked.is_birthday_month:
        day = gettext("%(day)s, in the month of the member’s birthday,") % {"day": day}
    amount = whole_amount(facts.amount_cents, names.currency)
    channel = conditions_in_words(Conditions(channel=asked.channel), names)
    said = {"amount": f"{amount} {channel}".rstrip(), "day": day}
    place = names.store(facts.store_id) if facts.store_id else names.partners.get(facts.partner_id, "")
    if not place:
        return gettext("a purchase of %(amount)s on %(day)s") % said
    return gettext("a purchase of %(amount)s at %(place)s on %(day)s") % (said | {"place": place})


def day_with_weekday(value: date) -> str:
    """Write a day with its day of the week, such as `samedi 5 décembre 2026`."""
    return f"{format_date(value, 'EEEE', locale=active_locale())} {day_of(value)}"
