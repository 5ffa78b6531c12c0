"""Why a rule does not apply to a purchase, in words: each condition that it does not meet. No database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, cast

from babel.dates import get_day_names
from django.utils.translation import gettext, ngettext, pgettext

from core.formatting import active_locale, clock, day, number, whole_amount
from loyalty.earning.conditions import meets
from loyalty.earning.terms import Conditions, Facts, Rule
from loyalty.earning.times_in_words import day_in_words, hour_in_words, is_a_span, joined
from loyalty.earning.words import FEW_PARTNERS, FEW_STORES, Names, conditions_in_words, quoted_groups
from loyalty.models.rules import HOURS_OF_A_DAY

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def unmet_in_words(facts: Facts, rule: Rule, names: Names, *, today: date | None = None) -> list[str]:
    """Return what the purchase does not meet, such as `not a Saturday`; nothing when the rule applies."""
    return [*_out_of_force(facts, rule), *_unmet(facts, rule.conditions, names, today)]


def _out_of_force(facts: Facts, rule: Rule) -> Iterator[str]:
    zone = cast("ZoneInfo", facts.local_time.tzinfo)
    instant = facts.local_time.astimezone(UTC)  # as the rule compares it
    if rule.applies_from is not None and instant < rule.applies_from:
        yield gettext("it applies only from %(day)s at %(time)s") % _moment(rule.applies_from, zone)
    if rule.applies_until is not None and instant >= rule.applies_until:
        yield gettext("it applies only until %(day)s at %(time)s") % _moment(rule.applies_until, zone)


def _moment(instant: datetime, zone: "ZoneInfo") -> dict[str, str]:
    return {"day": day(instant.astimezone(zone).date()), "time": clock(instant, zone)}


def _unmet(facts: Facts, asked: Conditions, names: Names, today: date | None) -> Iterator[str]:
    if not meets(facts, Conditions(partner_ids=asked.partner_ids, store_ids=asked.store_ids)):
        yield _places(asked, names)
    if not meets(facts, Conditions(channel=asked.channel)):
        yield _none_of([conditions_in_words(Conditions(channel=asked.channel), names)])
    if not meets(facts, Conditions(card_product_ids=asked.card_product_ids)):
        cards = sorted(asked.card_product_ids, key=lambda one: names.card_products.get(one, ""))
        each = [Conditions(card_product_ids=frozenset({one})) for one in cards]
        yield _none_of([conditions_in_words(one, names) for one in each])
    if not meets(facts, Conditions(group_ids=asked.group_ids)):
        yield _groups(asked, names)
    yield from _days_and_hours(facts, asked, today)
    if asked.minimum_cents is not None and facts.amount_cents < asked.minimum_cents:
        yield pgettext("why not", "less than %(amount)s") % {
            "amount": whole_amount(asked.minimum_cents, names.currency)
        }


def _days_and_hours(facts: Facts, asked: Conditions, today: date | None) -> Iterator[str]:
    bought_on = facts.local_time.date()
    if asked.starts_on is not None and bought_on < asked.starts_on:
        yield _starts(asked.starts_on, bought_on, today)
    if asked.ends_on is not None and bought_on > asked.ends_on:
        yield _ends(asked.ends_on, bought_on, today)
    if not meets(facts, Conditions(from_hour=asked.from_hour, until_hour=asked.until_hour)):
        yield _hours(asked.from_hour, asked.until_hour)
    if not meets(facts, Conditions(is_birthday_month=asked.is_birthday_month)):
        yield gettext("it is not the month of the member’s birthday")
    if asked.weekdays and facts.local_time.isoweekday() not in asked.weekdays:
        yield _weekdays(asked)


def _none_of(conditions: list[str]) -> str:
    """Deny them all: `not at Boulanger`, `neither a Wednesday nor a Saturday`."""
    first, *others = conditions
    if not others:
        return pgettext("why not", "not %(condition)s") % {"condition": first}
    nor = (
        pgettext("why not, of two", "%(before)s nor %(condition)s")
        if len(others) == 1
        else pgettext("why not, of many", "%(before)s, nor %(condition)s")
    )
    said = pgettext("why not", "neither %(condition)s") % {"condition": first}
    for other in others:
        said = nor % {"before": said, "condition": other}
    return said


def _places(asked: Conditions, names: Names) -> str:
    if len(asked.store_ids) > FEW_STORES:
        return gettext("in none of the %(number)s stores") % {"number": number(len(asked.store_ids))}
    if asked.store_ids:
        each = [Conditions(store_ids=frozenset({one})) for one in asked.store_ids]
    elif len(asked.partner_ids) > FEW_PARTNERS:
        return gettext("at none of the %(number)s partner brands") % {
            "number": number(len(asked.partner_ids))
        }
    else:
        each = [Conditions(partner_ids=frozenset({one})) for one in asked.partner_ids]
    return _none_of(sorted(conditions_in_words(one, names) for one in each))


def _groups(asked: Conditions, names: Names) -> str:
    groups = quoted_groups(asked.group_ids, names)
    return ngettext(
        "the member is not in the group %(groups)s",
        "the member is in none of the groups %(groups)s",
        len(groups),
    ) % {"groups": joined(groups)}


def _starts(first: date, bought_on: date, today: date | None) -> str:
    is_over = today is not None and first < today
    said = gettext("it only started on %(day)s") if is_over else gettext("it only starts on %(day)s")
    return said % {"day": day_in_words(first, beside=bought_on)}


def _ends(last: date, bought_on: date, today: date | None) -> str:
    is_over = today is not None and last < today
    said = gettext("it ended on %(day)s") if is_over else gettext("it ends on %(day)s")
    return said % {"day": day_in_words(last, beside=bought_on)}


def _hours(first: int | None, end: int | None) -> str:
    is_until_midnight = end in (None, 0, HOURS_OF_A_DAY)
    if first and not is_until_midnight:
        return pgettext("why not", "not between %(first)s and %(last)s") % {
            "first": hour_in_words(first),
            "last": hour_in_words(end),
        }
    if first:
        return pgettext("why not", "before %(first)s") % {"first": hour_in_words(first)}
    return pgettext("why not", "at %(last)s or later") % {"last": hour_in_words(end)}


def _weekdays(asked: Conditions) -> str:
    """Say days of the week so that `not` goes before them."""
    days = sorted(asked.weekdays)
    if is_a_span(days):
        return _none_of([conditions_in_words(Conditions(weekdays=asked.weekdays), Names())])
    names = get_day_names("wide", locale=active_locale())
    return _none_of([pgettext("why not", "a %(day)s") % {"day": names[one - 1]} for one in days])
