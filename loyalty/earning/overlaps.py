"""Where two rules apply to the same purchases, and what then happens. It knows no database.

Whatever both ask of a purchase is kept as conditions again, so that it can be said in words. Groups and
birthdays never keep two rules apart: a member can be in both groups.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from loyalty.earning.contradictions import has_a_day
from loyalty.earning.terms import Conditions, Rule
from loyalty.models import RuleEffect
from loyalty.models.rules import HOURS_OF_A_DAY

AN_INSTANT = timedelta(microseconds=1)


class Together(StrEnum):
    """What happens to a purchase that two rules apply to."""

    BOTH_GIVE = "both_give"
    MULTIPLIES = "multiplies"
    """One is a coefficient on the points of the other."""
    ONE_COUNTS = "one_counts"
    """Two coefficients that do not combine: only the one of higher priority counts."""
    OLDER_COUNTS = "older_counts"
    """The same with equal priorities: the older rule counts, which nobody decided."""


def common_ground(
    one: Rule, other: Rule, *, partner_of_store: Mapping[int, int], zone: ZoneInfo, today: date
) -> tuple[Conditions, ...]:
    """Return what a purchase from today on must meet for both rules to apply; nothing when none can.

    There are several answers only where the hours of both meet twice a day. Days on which a version begins or
    ends to decide narrow the period like its own days.
    """
    first, second = one.conditions, other.conditions
    places = _places(first, second, partner_of_store)
    starts_on, ends_on = _period(one, other, zone, today)
    if places is None or _are_apart(first, second) or (ends_on is not None and ends_on < today):
        return ()
    ground = Conditions(
        partner_ids=places[0],
        store_ids=places[1],
        card_product_ids=_both(first.card_product_ids, second.card_product_ids),
        group_ids=first.group_ids | second.group_ids,
        channel=first.channel or second.channel,
        starts_on=starts_on,
        ends_on=ends_on,
        weekdays=_both(first.weekdays, second.weekdays),
        minimum_cents=max(
            (one for one in (first.minimum_cents, second.minimum_cents) if one is not None), default=None
        ),
        is_birthday_month=first.is_birthday_month or second.is_birthday_month,
    )
    if (starts_on is not None and ends_on is not None and ends_on < starts_on) or not has_a_day(ground):
        return ()
    return tuple(
        replace(ground, from_hour=from_hour, until_hour=until_hour)
        for from_hour, until_hour in _common_hours(first, second)
    )


def together(one: Rule, other: Rule) -> Together:
    """Return what happens to a purchase that both rules apply to."""
    effects = {one.effect, other.effect}
    if effects == {RuleEffect.BASE, RuleEffect.MULTIPLIER}:
        return Together.MULTIPLIES
    if effects != {RuleEffect.MULTIPLIER} or (one.is_stackable and other.is_stackable):
        return Together.BOTH_GIVE
    return Together.OLDER_COUNTS if one.priority == other.priority else Together.ONE_COUNTS


def that_counts(one: Rule, other: Rule) -> Rule:
    """Return which of two coefficients that do not combine counts alone."""
    return min(one, other, key=lambda rule: (-rule.priority, rule.family_id, rule.rule_id))


def _are_apart(first: Conditions, second: Conditions) -> bool:
    return (
        _exclude(first.card_product_ids, second.card_product_ids)
        or _exclude(first.weekdays, second.weekdays)
        or bool(first.channel and second.channel and first.channel != second.channel)
    )


def _exclude(one: frozenset[int], other: frozenset[int]) -> bool:
    return bool(one and other) and one.isdisjoint(other)


def _both(one: frozenset[int], other: frozenset[int]) -> frozenset[int]:
    """Return what two conditions have in common; what is empty asks nothing."""
    return one & other if one and other else one | other


def _places(
    first: Conditions, second: Conditions, partner_of_store: Mapping[int, int]
) -> tuple[frozenset[int], frozenset[int]] | None:
    """Return the partners and stores that both ask for, or None when no place meets both."""
    partners = _both(first.partner_ids, second.partner_ids)
    stores = _both(first.store_ids, second.store_ids)
    if _exclude(first.partner_ids, second.partner_ids) or _exclude(first.store_ids, second.store_ids):
        return None
    if not (first.store_ids or second.store_ids):
        return partners, stores
    if partners:
        stores = frozenset(store for store in stores if partner_of_store.get(store) in partners)
    return (frozenset(), stores) if stores else None


def _period(one: Rule, other: Rule, zone: ZoneInfo, today: date) -> tuple[date | None, date | None]:
    starts = [rule.conditions.starts_on for rule in (one, other)]
    ends = [rule.conditions.ends_on for rule in (one, other)]
    for rule in (one, other):
        if rule.applies_from is not None and (day := rule.applies_from.astimezone(zone).date()) > today:
            starts.append(day)
        if rule.applies_until is not None:
            ends.append((rule.applies_until - AN_INSTANT).astimezone(zone).date())
    return (
        max((day for day in starts if day is not None), default=None),
        min((day for day in ends if day is not None), default=None),
    )


def _common_hours(first: Conditions, second: Conditions) -> list[tuple[int | None, int | None]]:
    """Return the spans of hours in which both apply; one without ends stands for the whole day."""
    hours = [hour for hour in range(HOURS_OF_A_DAY) if _holds(first, hour) and _holds(second, hour)]
    if len(hours) == HOURS_OF_A_DAY:
        return [(None, None)]
    spans = []
    for _start, run in groupby(enumerate(hours), key=lambda placed: placed[1] - placed[0]):
        span = [hour for _place, hour in run]
        spans.append((span[0], span[-1] + 1))
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == HOURS_OF_A_DAY:
        # It goes on over midnight.
        over_midnight = (spans.pop()[0], spans.pop(0)[1])
        spans.append(over_midnight)
    return [(first or None, None if end == HOURS_OF_A_DAY else end) for first, end in spans]


def _holds(asked: Conditions, hour: int) -> bool:
    first, end = asked.from_hour or 0, asked.until_hour or HOURS_OF_A_DAY
    return first <= hour < end if first < end else hour >= first or hour < end
