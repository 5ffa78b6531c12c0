"""A purchase that a rule applies to, made up so that people see what the rule does. It knows no database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loyalty.earning.conditions import meets
from loyalty.earning.terms import Conditions, Facts, Rule
from loyalty.earning.words import Names

USUAL_CENTS = 6_000
USUAL_HOUR = 15
LONGEST_SEARCH = 366
"""So many days are looked at for one on which a rule applies."""

ANY = 0
"""Stands for a place or a card of which the rule asks nothing."""


def example_for(rule: Rule, names: Names, *, at: datetime, zone: ZoneInfo) -> Facts | None:
    """Return a purchase from now on that meets the conditions; None when there is none to be found."""
    asked = rule.conditions
    today = at.astimezone(zone).date()
    first = max(day for day in (asked.starts_on, _first_day(rule, zone), today) if day is not None)
    for later in range(LONGEST_SEARCH):
        local_time = datetime.combine(first + timedelta(days=later), time(_hour(asked)), tzinfo=zone)
        facts = _purchase(asked, names, local_time)
        if meets(facts, asked):
            return facts
    return None


def _first_day(rule: Rule, zone: ZoneInfo) -> date | None:
    if rule.applies_from is None:
        return None
    day = rule.applies_from.astimezone(zone)
    return day.date() if day.time() == time(0) else day.date() + timedelta(days=1)


def _hour(asked: Conditions) -> int:
    hours = Conditions(from_hour=asked.from_hour, until_hour=asked.until_hour)
    in_order = [USUAL_HOUR, *range(USUAL_HOUR, 24), *range(USUAL_HOUR)]
    return next((hour for hour in in_order if _is_within(hour, hours)), USUAL_HOUR)


def _is_within(hour: int, hours: Conditions) -> bool:
    return meets(Facts(0, datetime(2000, 1, 1, hour, tzinfo=UTC), ANY, ANY, "", ANY), hours)


def _purchase(asked: Conditions, names: Names, local_time: datetime) -> Facts:
    store = min(asked.store_ids, default=ANY)
    partner = _named_first(asked.partner_ids, names.partners)
    return Facts(
        amount_cents=max(USUAL_CENTS, asked.minimum_cents or 0),
        local_time=local_time,
        partner_id=names.partner_of_store.get(store, partner),
        store_id=store,
        channel=asked.channel or "store",
        card_product_id=_named_first(asked.card_product_ids, names.card_products),
        birth_month=local_time.month if asked.is_birthday_month else None,
        group_ids=asked.group_ids,
    )


def _named_first(asked: frozenset[int], known: Mapping[int, str]) -> int:
    """Return what the rule asks for first by name, or any that there is."""
    named = sorted((name, number) for number, name in known.items() if not asked or number in asked)
    return named[0][1] if named else min(asked, default=ANY)
