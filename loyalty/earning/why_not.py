"""Why a rule does not apply to a purchase, in words: each condition that it does not meet. No database."""

from collections.abc import Iterator
from datetime import UTC, date
from typing import TYPE_CHECKING, cast

from babel.dates import get_day_names
from django.utils.translation import pgettext

from core.formatting import active_locale, moment, whole_amount
from loyalty.earning.conditions import meets
from loyalty.earning.terms import Conditions, Facts, Rule
from loyalty.earning.times_in_words import joined
from loyalty.earning.words import Names, conditions_in_words

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ASKED = (
    ("partner_ids", "store_ids"),
    ("channel",),
    ("card_product_ids",),
    ("group_ids",),
    ("starts_on", "ends_on"),
    ("from_hour", "until_hour"),
    ("is_birthday_month",),
)
"""Conditions that are said together. Weekdays and amounts are said in their own way."""

FEW_DAYS = 3


def unmet_in_words(facts: Facts, rule: Rule, names: Names, *, today: date | None = None) -> list[str]:
    """Return what the purchase does not meet, such as `not a Saturday`; nothing when the rule applies."""
    return [*_out_of_force(facts, rule), *_unmet(facts, rule.conditions, names, today)]


def _out_of_force(facts: Facts, rule: Rule) -> Iterator[str]:
    zone = cast("ZoneInfo", facts.local_time.tzinfo)
    instant = facts.local_time.astimezone(UTC)  # as the rule compares it
    if rule.applies_from is not None and instant < rule.applies_from:
        yield pgettext("why not", "it decides from %(moment)s on") % {
            "moment": moment(rule.applies_from, zone)
        }
    if rule.applies_until is not None and instant >= rule.applies_until:
        yield pgettext("why not", "it decided until %(moment)s") % {
            "moment": moment(rule.applies_until, zone)
        }


def _unmet(facts: Facts, asked: Conditions, names: Names, today: date | None) -> Iterator[str]:
    for fields in ASKED:
        only = Conditions(**{field: getattr(asked, field) for field in fields})
        if not meets(facts, only):
            yield _not(conditions_in_words(only, names, today=today))
    if asked.weekdays and facts.local_time.isoweekday() not in asked.weekdays:
        yield _not(_days(asked))
    if asked.minimum_cents is not None and facts.amount_cents < asked.minimum_cents:
        yield pgettext("why not", "less than %(amount)s") % {
            "amount": whole_amount(asked.minimum_cents, names.currency)
        }


def _not(condition: str) -> str:
    return pgettext("why not", "not %(condition)s") % {"condition": condition}


def _days(asked: Conditions) -> str:
    """Say days of the week so that `not` goes before them."""
    if len(asked.weekdays) > FEW_DAYS:
        return conditions_in_words(Conditions(weekdays=asked.weekdays), Names())
    names = get_day_names("wide", locale=active_locale())
    return joined(
        [pgettext("why not", "a %(day)s") % {"day": names[day - 1]} for day in sorted(asked.weekdays)],
        style="or",
    )
