"""The terms of a rule one by one, named and in words, and what differs between two versions of it."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from core.formatting import number, points, whole_amount
from loyalty.earning.terms import Rule
from loyalty.earning.times_in_words import joined, period_in_words, weekdays_in_words
from loyalty.earning.words import Names, effect_in_words, hours_of
from loyalty.models import LimitPeriod, RuleEffect

TERMS: dict[str, str | Promise] = {
    "effect": _("What it gives"),
    "combining": _("Combines with other multipliers"),
    "priority": _("Priority"),
    "counts": _("For"),
    "minimum": _("Purchases of at least"),
    "partners": _("Partner brands"),
    "stores": _("Stores"),
    "channel": _("In store or online"),
    "cards": _("Card products"),
    "groups": _("Groups of members"),
    "birthday": _("Month of the member’s birthday"),
    "period": _("Period"),
    "weekdays": _("Days of the week"),
    "hours": _("Hours"),
    "limit": _("At most for each member"),
    "budget": _("At most for all members together"),
}


def facts_of(rule: Rule, names: Names) -> list[tuple[str, str]]:
    """Return what a rule says, as pairs of a name and a value; what asks nothing is left out."""
    return [(str(TERMS[term]), value) for term, value in _values(rule, names).items() if value]


def what_changed(before: Rule, after: Rule, names: Names) -> list[str]:
    """Return what differs between two versions, each as a line from old to new."""
    old, new = _values(before, names), _values(after, names)
    nothing = gettext("none")
    return [
        gettext("%(term)s: %(old)s → %(new)s")
        % {"term": TERMS[term], "old": old[term] or nothing, "new": new[term] or nothing}
        for term in TERMS
        if old[term] != new[term]
    ]


def _values(rule: Rule, names: Names) -> dict[str, str]:
    asked = rule.conditions
    is_multiplier = rule.effect == RuleEffect.MULTIPLIER
    return {
        "effect": effect_in_words(rule, names),
        "combining": (gettext("yes") if rule.is_stackable else gettext("no")) if is_multiplier else "",
        "priority": number(rule.priority) if is_multiplier else "",
        "counts": _counts(rule),
        "minimum": whole_amount(asked.minimum_cents, names.currency) if asked.minimum_cents else "",
        "partners": _named(asked.partner_ids, names.partners),
        "stores": joined(sorted(names.store(store) for store in asked.store_ids)),
        "channel": _channel(asked.channel),
        "cards": _named(asked.card_product_ids, names.card_products),
        "groups": _named(asked.group_ids, names.groups),
        "birthday": gettext("yes") if asked.is_birthday_month else "",
        "period": period_in_words(asked.starts_on, asked.ends_on),
        "weekdays": weekdays_in_words(asked.weekdays) if asked.weekdays else "",
        "hours": hours_of(asked),
        "limit": _limit(rule),
        "budget": points(rule.budget_points) if rule.budget_points else "",
    }


def _named(numbers: Iterable[int], names: Mapping[int, str]) -> str:
    return joined(sorted(names.get(one, f"#{one}") for one in numbers))


def _channel(channel: str) -> str:
    if not channel:
        return ""
    return pgettext("rule", "online") if channel == "online" else pgettext("rule", "in store")


def _counts(rule: Rule) -> str:
    if rule.nth_purchase is None:
        return gettext("every purchase") if rule.effect == RuleEffect.BONUS else ""
    said = gettext("every %(count)s purchases") if rule.is_every_nth else gettext("purchase number %(count)s")
    return said % {"count": number(rule.nth_purchase)}


def _limit(rule: Rule) -> str:
    if rule.limit_points is None:
        return ""
    period = {
        LimitPeriod.DAY: gettext("%(points)s a day"),
        LimitPeriod.MONTH: gettext("%(points)s a calendar month"),
        LimitPeriod.LIFE: gettext("%(points)s in all"),
    }[rule.limit_period]
    return period % {"points": points(rule.limit_points)}
