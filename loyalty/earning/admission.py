"""What keeps a version from being scheduled: what it contradicts in itself, its programme or another rule."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from math import prod

from core.formatting import in_language
from loyalty.dates import local_date
from loyalty.earning.book import rule_of
from loyalty.earning.contradictions import (
    MOST_PURCHASE_CENTS,
    Contradiction,
    Finding,
    find_contradictions,
)
from loyalty.earning.overlaps import common_ground
from loyalty.earning.twins import twins_among
from loyalty.earning.words import quoted
from loyalty.models import Agreement, EarningRule, RuleEffect, RuleStatus
from partners.models import Store

COUNTING_TERMS = ("nth_purchase", "is_every_nth", "points", "limit_points", "limit_period")
"""What all versions of a rule for the n-th purchase have in common, since they share one count."""

MOST_POINTS_OF_A_PURCHASE = 1_000_000_000


def contradictions_of(rule: EarningRule, *, at: datetime) -> tuple[Finding, ...]:
    """Return all that keeps a version from being scheduled; it may be unsaved. At most four queries."""
    stores = list(
        Store.objects.filter(pk__in=rule.store_ids)
        .only("partner_id", "opened_on", "closed_on")
        .order_by("pk")
    )
    partner_of_store = {store.pk: store.partner_id for store in stores}
    found = find_contradictions(rule_of(rule), partner_of_store=partner_of_store)
    return (*found, *_contradictions_with_programme(rule, stores, at))


def twins_of(rule: EarningRule, *, at: datetime, starts_at: datetime | None) -> tuple[Finding, ...]:
    """Return the other rules that give the same on some of the same days, from an instant on or at once.

    Two queries at most. Who writes a draft is only told of them: it may still be scheduled for other days.
    """
    stores = Store.objects.filter(pk__in=rule.store_ids).order_by("pk")
    zone = rule.programme.zone
    meet = partial(
        common_ground,
        partner_of_store=dict(stores.values_list("pk", "partner_id")),
        zone=zone,
        today=local_date(at, zone),
    )
    others = {other.pk: other for other in _that_decide(rule, at)}
    terms = replace(rule_of(rule), applies_from=starts_at)
    found = twins_among(terms, [rule_of(other) for other in others.values()], meet)
    return tuple(
        Finding("effect", Contradiction.TWIN, quoted(in_language(french=twin.name_fr, english=twin.name_en)))
        for twin in (others[one.rule_id] for one in found)
    )


def _contradictions_with_programme(
    rule: EarningRule, stores: Sequence[Store], at: datetime
) -> Iterator[Finding]:
    today = local_date(at, rule.programme.zone)
    first_on = rule.starts_on or today
    if rule.ends_on is not None and rule.ends_on < today:
        yield Finding("ends_on", Contradiction.PERIOD_IS_OVER)
    partners = {*rule.partner_ids, *(store.partner_id for store in stores)}
    if not partners <= _partners_in_agreement(rule, first_on):
        yield Finding(
            "partner_ids" if rule.partner_ids else "store_ids", Contradiction.PARTNER_WITHOUT_AGREEMENT
        )
    if any(not _is_open_on_some_day(store, first_on, rule.ends_on) for store in stores):
        yield Finding("store_ids", Contradiction.STORE_NEVER_OPEN)
    others = that_count(family_of(rule))
    if _changes_the_count(rule, others):
        yield Finding("nth_purchase", Contradiction.COUNT_OF_EARLIER_VERSION)
    if _changes_the_period(rule, others):
        yield Finding("limit_period", Contradiction.PERIOD_OF_EARLIER_VERSION)
    if _most_points(rule, at) > MOST_POINTS_OF_A_PURCHASE:
        field = "factor_percent" if rule.effect == RuleEffect.MULTIPLIER else "points"
        yield Finding(field, Contradiction.ALL_RULES_GIVE_TOO_MUCH)


def _partners_in_agreement(rule: EarningRule, first_on: date) -> set[int]:
    """Return the partners that take part on some day from the first through the rule's last."""
    agreements = Agreement.objects.filter(programme_id=rule.programme_id).exclude(ends_on__lt=first_on)
    if rule.ends_on is not None:
        agreements = agreements.exclude(starts_on__gt=rule.ends_on)
    return set(agreements.order_by("partner_id").values_list("partner_id", flat=True))


def _is_open_on_some_day(store: Store, first_on: date, last_on: date | None) -> bool:
    is_closed = store.closed_on is not None and store.closed_on < first_on
    opens_later = store.opened_on is not None and last_on is not None and store.opened_on > last_on
    return not (is_closed or opens_later)


def _changes_the_count(rule: EarningRule, others: Sequence[EarningRule]) -> bool:
    """Say whether purchases counted by another version would be counted for something else by this one."""
    return any(
        {rule.nth_purchase, other.nth_purchase} != {None}
        and any(getattr(rule, term) != getattr(other, term) for term in COUNTING_TERMS)
        for other in others
    )


def _changes_the_period(rule: EarningRule, others: Sequence[EarningRule]) -> bool:
    """Say whether what another version gave under its limit would not count towards the limit of this one."""
    return rule.limit_points is not None and any(
        other.limit_points is not None and other.limit_period != rule.limit_period for other in others
    )


def _most_points(rule: EarningRule, at: datetime) -> int:
    """Return what the largest purchase would earn if it met this rule and all others of the programme."""
    together = [rule, *_that_decide(rule, at)]
    bases: int = sum(
        MOST_PURCHASE_CENTS * one.points // one.per_cents for one in together if one.effect == RuleEffect.BASE
    )
    factors: list[int] = [
        max(100, one.factor_percent)
        for one in together
        if one.effect == RuleEffect.MULTIPLIER and one.is_stackable
    ]
    alone: list[int] = [one.factor_percent for one in together if one.effect == RuleEffect.MULTIPLIER]
    together_at_most = bases * prod(factors) // int(100 ** len(factors))
    return max(together_at_most, bases * max(alone, default=100) // 100)


def _that_decide(rule: EarningRule, at: datetime) -> list[EarningRule]:
    """Return the versions of the programme's other rules that decide, or will. One query."""
    others = EarningRule.objects.filter(programme_id=rule.programme_id, scheduled_at__isnull=False)
    counted = (RuleStatus.SCHEDULED, RuleStatus.LIVE)
    others = others.exclude(code=rule.code).order_by("pk")
    return [other for other in others if other.status_at(at) in counted]


def family_of(rule: EarningRule) -> list[EarningRule]:
    """Return the other versions of the rule, the first one first."""
    versions = EarningRule.objects.filter(programme_id=rule.programme_id, code=rule.code)
    return list(versions.exclude(pk=rule.pk).order_by("version"))


def that_count(versions: Sequence[EarningRule]) -> list[EarningRule]:
    """Leave out drafts, and versions that were withdrawn: those never decided on anything."""
    return [one for one in versions if one.scheduled_at is not None and not one.is_withdrawn]
