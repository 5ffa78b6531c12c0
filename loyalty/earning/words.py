"""A rule as a marketer says it, in the active language: one sentence with all that it asks, gives and limits.

    Double points at Boulanger on Saturdays in December, at most 500 per member.
    Points doublés chez Boulanger le samedi en décembre, 500 points au maximum par adhérent.

Both languages say the parts in the same order, so each part is translated by itself. It knows no database:
what the numbers in a rule are called comes in as `Names`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from babel.numbers import format_decimal
from django.utils.translation import gettext, ngettext, npgettext, pgettext

from core.formatting import active_locale, in_language, number, points, whole_amount
from loyalty.earning.terms import Conditions, Rule
from loyalty.earning.times_in_words import hours_in_words, joined, period_in_words, weekdays_in_words
from loyalty.models import LimitPeriod, RuleEffect
from loyalty.models.rules import HOURS_OF_A_DAY

FEW_STORES, FEW_PARTNERS = 4, 10
"""More stores or partners than this are counted instead of named."""

EURO = ("EUR", 100)
HUNDREDTHS = 100
CARD_WORD = "carte "
ENGLISH_VOWELS = ("a", "e", "i", "o")


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers in the rules of a programme are called, whose each store is, and how it sells."""

    currency: str = "EUR"
    partners: Mapping[int, str] = field(default_factory=dict)
    stores: Mapping[int, str] = field(default_factory=dict)
    card_products: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    partner_of_store: Mapping[int, int] = field(default_factory=dict)
    channel_of_store: Mapping[int, str] = field(default_factory=dict)

    def store(self, store_id: int) -> str:
        """Name a store so that it says whose it is."""
        name = self.stores.get(store_id, f"#{store_id}")
        partner = self.partners.get(self.partner_of_store.get(store_id, 0), "")
        return name if says_whose_it_is(name, partner) else f"{partner} {name}"


def says_whose_it_is(store: str, partner: str) -> bool:
    """Say whether the name of a store holds that of its partner, as words of their own, or none is known."""
    words = rf"(?<!\w){re.escape(partner.casefold())}(?!\w)"
    return not partner or re.search(words, store.casefold()) is not None


def sentence(rule: Rule, names: Names, *, today: date | None = None) -> str:
    """Say a rule in one sentence, to staff. Years that today makes clear are left out: none without it."""
    said = " ".join(
        [
            effect_in_words(rule, names),
            *_purchase(rule, names),
            *_where_and_when(rule.conditions, names, today),
        ]
    )
    return ", ".join([said, *_combining(rule), *_limits(rule)]) + "."


def sentence_for_members(rule: Rule, names: Names) -> str:
    """Say a rule in one sentence to those who earn by it: all but its budget.

    What the issuer spends on all members is no term of theirs; that it is used up is said where it decides.
    """
    return sentence(replace(rule, budget_points=None), names)


def conditions_in_words(asked: Conditions, names: Names, *, today: date | None = None) -> str:
    """Say only where, for whom and when, such as `at Boulanger on Saturdays`; nothing when nothing is asked.

    A member who must be in one group of each of two rules is said to be in all of them.
    """
    parts = list(_where_and_when(asked, names, today, every_group=True))
    if asked.minimum_cents:
        parts.insert(0, _of_amount(asked.minimum_cents, names))
    return " ".join(parts)


def factor_in_words(percent: int) -> str:
    """Write a multiplier as people do: `2`, `1.5` or `1,25`."""
    return format_decimal(_decimal(percent), locale=active_locale())


def _decimal(percent: int) -> str:
    whole, rest = divmod(percent, HUNDREDTHS)
    return f"{whole}.{rest:02d}"


def effect_in_words(rule: Rule, names: Names) -> str:
    """Say what a rule gives, without where and when."""
    if rule.effect == RuleEffect.MULTIPLIER:
        return _multiplied(rule.factor_percent)
    if rule.effect == RuleEffect.BONUS:
        return ngettext("%(number)s extra point", "%(number)s extra points", rule.points) % {
            "number": number(rule.points)
        }
    if (names.currency, rule.per_cents) == EURO:
        return ngettext("%(number)s point for each euro", "%(number)s points for each euro", rule.points) % {
            "number": number(rule.points)
        }
    is_of_one = rule.per_cents == HUNDREDTHS
    said = (
        gettext("%(points)s for each %(amount)s") if is_of_one else gettext("%(points)s for every %(amount)s")
    )
    return said % {
        "points": points(rule.points),
        "amount": whole_amount(rule.per_cents, names.currency),
    }


def _multiplied(percent: int) -> str:
    said = {
        50: pgettext("rule", "Half the points"),
        200: pgettext("rule", "Double points"),
        300: pgettext("rule", "Triple points"),
        400: pgettext("rule", "Quadruple points"),
    }
    return said.get(percent) or pgettext("rule", "Points multiplied by %(factor)s") % {
        "factor": factor_in_words(percent)
    }


def _purchase(rule: Rule, names: Names) -> Iterator[str]:
    """Say for which purchase, by its number and its amount."""
    amount = rule.conditions.minimum_cents
    if rule.effect != RuleEffect.BONUS:
        if amount:
            yield _of_amount(amount, names)
        return
    if rule.nth_purchase is None:
        yield pgettext("rule", "for each purchase")
    elif rule.is_every_nth:
        yield pgettext("rule", "for every %(nth)s purchase") % {"nth": _every_nth(rule.nth_purchase)}
    elif rule.nth_purchase == 1:
        yield pgettext("rule", "for the first purchase")
    else:
        yield pgettext("rule", "for the %(nth)s purchase") % {"nth": ordinal(rule.nth_purchase)}
    if amount:
        yield pgettext("purchase", "of %(amount)s or more") % {"amount": whole_amount(amount, names.currency)}


def _of_amount(cents: int, names: Names) -> str:
    return pgettext("rule", "on purchases of %(amount)s or more") % {
        "amount": whole_amount(cents, names.currency)
    }


def ordinal(count: int) -> str:
    """Write which one of many: `3rd`, `3e`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    if count % 100 in (11, 12, 13):
        ending = "th"
    return in_language(
        french=f"{number(count)}{'er' if count == 1 else 'e'}", english=f"{number(count)}{ending}"
    )


def _every_nth(count: int) -> str:
    """Write which purchases, where French says every so many as a plain number."""
    return in_language(french=number(count), english=ordinal(count))


def _where_and_when(
    asked: Conditions, names: Names, today: date | None, *, every_group: bool = False
) -> Iterator[str]:
    yield from _channel(asked.channel)
    yield from _places(asked, names)
    yield from _cards(asked, names)
    if asked.group_ids:
        yield _groups(asked, names, style="standard" if every_group else "or")
    yield from _days_and_hours(asked, today)
    if asked.is_birthday_month:
        yield pgettext("rule", "in the month of the member’s birthday")


def _days_and_hours(asked: Conditions, today: date | None) -> Iterator[str]:
    period = period_in_words(asked.starts_on, asked.ends_on, today=today)
    is_open = asked.starts_on is not None and asked.ends_on is None
    if is_open and asked.until_hour is None:
        # Hours and days without an end would begin with the same word.
        asked = replace(asked, until_hour=HOURS_OF_A_DAY)
    # A period of one day is one day of the week, whatever was asked.
    if asked.weekdays and not _is_of_one_day(asked):
        yield weekdays_in_words(asked.weekdays)
    if hours := hours_of(asked):
        yield f"{hours}," if is_open else hours
    if period:
        yield period


def hours_of(asked: Conditions) -> str:
    """Say during which hours; nothing for the whole day."""
    return hours_in_words(
        asked.from_hour,
        asked.until_hour,
        of_certain_days=bool(asked.weekdays) or _is_of_one_day(asked),
    )


def _is_of_one_day(asked: Conditions) -> bool:
    return asked.starts_on is not None and asked.starts_on == asked.ends_on


def _channel(channel: str) -> Iterator[str]:
    if channel:
        yield pgettext("rule", "online") if channel == "online" else pgettext("rule", "in store")


def _places(asked: Conditions, names: Names) -> Iterator[str]:
    if len(asked.store_ids) > FEW_STORES:
        owners = {names.partner_of_store.get(store, 0) for store in asked.store_ids}
        counted = {"number": number(len(asked.store_ids))}
        if len(owners) == 1:
            partner = names.partners.get(owners.pop(), "")
            yield gettext("in %(number)s stores of %(partner)s") % (counted | {"partner": partner})
        else:
            yield gettext("in %(number)s stores") % counted
    elif asked.store_ids:
        yield _at(sorted(names.store(store) for store in asked.store_ids))
    elif len(asked.partner_ids) > FEW_PARTNERS:
        yield gettext("at %(number)s partner brands") % {"number": number(len(asked.partner_ids))}
    elif asked.partner_ids:
        yield _at(sorted(names.partners.get(one, f"#{one}") for one in asked.partner_ids))


def _at(places: list[str]) -> str:
    return pgettext("rule", "at %(places)s") % {"places": joined(places, style="or")}


def _cards(asked: Conditions, names: Names) -> Iterator[str]:
    if not asked.card_product_ids:
        return
    cards = sorted(_card(names.card_products.get(one, f"#{one}")) for one in asked.card_product_ids)
    said = pgettext("rule", "with the %(cards)s card")
    if len(cards) > 1:
        begins_with_a_vowel = cards[0][:1].casefold() in ENGLISH_VOWELS
        said = (
            pgettext("rule, begins with a vowel", "with an %(cards)s card")
            if begins_with_a_vowel
            else pgettext("rule", "with a %(cards)s card")
        )
    yield said % {"cards": joined(cards, style="or")}


def _card(name: str) -> str:
    """Leave out the word that the sentence says itself: `Carte Visa` is the Visa card."""
    if not name.casefold().startswith(CARD_WORD):
        return name
    rest = name[len(CARD_WORD) :]
    return in_language(french=rest, english=rest if rest[:1].isupper() else f"“{name}”")


def _groups(asked: Conditions, names: Names, *, style: Literal["standard", "or"]) -> str:
    groups = quoted_groups(asked.group_ids, names)
    return ngettext(
        "for members of the group %(groups)s", "for members of the groups %(groups)s", len(groups)
    ) % {"groups": joined(groups, style=style)}


def quoted_groups(group_ids: Iterable[int], names: Names) -> list[str]:
    """Return the names of groups between quotation marks, in order."""
    return sorted(quoted(names.groups.get(one, f"#{one}")) for one in group_ids)


def quoted(name: str) -> str:
    """Put a name between quotation marks."""
    return pgettext("quoted", "“%(name)s”") % {"name": name}


def _combining(rule: Rule) -> Iterator[str]:
    if rule.effect == RuleEffect.MULTIPLIER and not rule.is_stackable:
        yield pgettext("rule", "not combined with any other multiplier")


def _limits(rule: Rule) -> Iterator[str]:
    limit, budget = rule.limit_points, rule.budget_points
    if limit is not None:
        yield _limit(limit, rule.limit_period)
    if budget is None:
        return
    said = (
        npgettext(
            "rule",
            "at most %(number)s for all members together",
            "at most %(number)s for all members together",
            budget,
        )
        if limit is None
        else npgettext(
            "rule, after a limit",
            "and %(number)s for all members together",
            "and %(number)s for all members together",
            budget,
        )
    )
    yield said % {"number": number(budget)}


def _limit(limit: int, period: LimitPeriod) -> str:
    if period == LimitPeriod.DAY:
        said = npgettext(
            "rule", "at most %(number)s per member per day", "at most %(number)s per member per day", limit
        )
    elif period == LimitPeriod.MONTH:
        said = npgettext(
            "rule",
            "at most %(number)s per member per month",
            "at most %(number)s per member per month",
            limit,
        )
    else:
        said = npgettext("rule", "at most %(number)s per member", "at most %(number)s per member", limit)
    return said % {"number": number(limit)}
