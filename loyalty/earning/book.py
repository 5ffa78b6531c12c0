"""The versions of a programme's rules as the evaluation reads them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from core.bulk import bulk_cursor
from loyalty.earning.evaluate import RuleBook
from loyalty.earning.terms import NO_CONDITIONS, Conditions, Rule
from loyalty.models import EarningRule, LimitPeriod, Programme, RuleEffect

RULE_COLUMNS = """
    id, coalesce(family_id, id), effect, points, per_cents, factor_percent, priority, is_stackable,
    nth_purchase, is_every_nth, limit_points, limit_period, budget_points, applies_from, applies_until,
    partner_ids, store_ids, card_product_ids, group_ids, channel, starts_on, ends_on, weekdays,
    from_hour, until_hour, minimum_cents, is_birthday_month
"""
_EFFECTS = {str(effect): effect for effect in RuleEffect}
_PERIODS = {str(period): period for period in LimitPeriod}


def load_book(programme: Programme, *, since: datetime, until: datetime) -> RuleBook:
    """Return the versions that decide on purchases made from an instant through another. One query."""
    return RuleBook(
        _rules(
            f"SELECT {RULE_COLUMNS} FROM loyalty_earningrule"  # noqa: S608 - the columns stand above
            " WHERE programme_id = %s AND scheduled_at IS NOT NULL"
            " AND (applies_from IS NULL OR applies_from <= %s)"
            " AND (applies_until IS NULL OR applies_until > %s)"
            " AND (applies_from IS NULL OR applies_until IS NULL OR applies_from < applies_until)"
            " ORDER BY id",
            [programme.pk, until, since],
        )
    )


def load_rules(rule_ids: Iterable[int]) -> dict[int, Rule]:
    """Return versions by their number, drafts included. One query, or none when none is asked for."""
    wanted = sorted(set(rule_ids))
    if not wanted:
        return {}
    query = f"SELECT {RULE_COLUMNS} FROM loyalty_earningrule WHERE id = ANY(%b)"  # noqa: S608 - the columns stand above
    return {rule.rule_id: rule for rule in _rules(query, [wanted])}


def rule_of(version: EarningRule) -> Rule:
    """Return a version, saved or not, as the evaluation reads it."""
    number = version.pk or 0
    return Rule(
        rule_id=number,
        family_id=version.family_id or number,
        effect=RuleEffect(version.effect),
        points=version.points,
        per_cents=version.per_cents,
        factor_percent=version.factor_percent,
        priority=version.priority,
        is_stackable=version.is_stackable,
        nth_purchase=version.nth_purchase,
        is_every_nth=version.is_every_nth,
        limit_points=version.limit_points,
        limit_period=LimitPeriod(version.limit_period or LimitPeriod.LIFE),
        budget_points=version.budget_points,
        applies_from=version.applies_from,
        applies_until=version.applies_until,
        conditions=Conditions(
            partner_ids=frozenset(version.partner_ids),
            store_ids=frozenset(version.store_ids),
            card_product_ids=frozenset(version.card_product_ids),
            group_ids=frozenset(version.group_ids),
            channel=version.channel,
            starts_on=version.starts_on,
            ends_on=version.ends_on,
            weekdays=frozenset(version.weekdays),
            from_hour=version.from_hour,
            until_hour=version.until_hour,
            minimum_cents=version.minimum_cents,
            is_birthday_month=version.is_birthday_month,
        ),
    )


def _rules(query: str, parameters: Sequence[Any]) -> list[Rule]:
    with bulk_cursor() as cursor:
        cursor.execute(query.encode(), parameters)
        return [rule_of_row(row) for row in cursor.fetchall()]


def rule_of_row(row: Sequence[Any]) -> Rule:
    """Return the rule whose RULE_COLUMNS these are."""
    rule_id, family_id, effect, points, per_cents, factor, priority, is_stackable, *rest = row[:15]
    nth_purchase, is_every_nth, limit_points, limit_period, budget_points, since, until = rest
    return Rule(
        rule_id,
        family_id,
        _EFFECTS[effect],
        points,
        per_cents,
        factor,
        priority,
        is_stackable,
        _conditions_of_row(row[15:]),
        nth_purchase,
        is_every_nth,
        limit_points,
        _PERIODS.get(limit_period, LimitPeriod.LIFE),
        budget_points,
        since,
        until,
    )


def _conditions_of_row(asked: Sequence[Any]) -> Conditions:
    if not any(asked):
        return NO_CONDITIONS
    partners, stores, products, groups, channel, starts_on, ends_on, weekdays, *rest = asked
    return Conditions(
        frozenset(partners),
        frozenset(stores),
        frozenset(products),
        frozenset(groups),
        channel,
        starts_on,
        ends_on,
        frozenset(weekdays),
        *rest,
    )
