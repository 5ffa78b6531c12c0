"""The life of an earning rule: drafted, scheduled, live, retired. What was scheduled never changes.

A rule is a family of versions with one code. Where a version stands follows from its instants at the moment
of asking: no job moves it. Every step here holds the programme's lock, so that two people who change its
rules come one after the other.

The first version of a rule that is made live at once decides on whatever it asks for, be it made earlier and
reported late: its period says which days count. A later version decides from its instant, when the one before
ends. A version that begins at a future instant, scheduled ahead, treats every purchase by the clock of the
purchase alone.
"""

from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from django.db import transaction
from django.db.models import Max

from core.errors import DomainError
from core.idempotency import fingerprint_of
from loyalty.dates import local_date
from loyalty.earning.admission import contradictions_of, family_of, that_count, twins_of
from loyalty.earning.book import rule_of
from loyalty.earning.contradictions import ContradictoryRule, TwinRule, has_a_day
from loyalty.models import EarningRule, LimitPeriod, Programme, RuleSpending, RuleStatus

TERMS = (
    "name_fr",
    "name_en",
    "effect",
    "points",
    "per_cents",
    "factor_percent",
    "priority",
    "is_stackable",
    "partner_ids",
    "store_ids",
    "card_product_ids",
    "group_ids",
    "channel",
    "starts_on",
    "ends_on",
    "weekdays",
    "from_hour",
    "until_hour",
    "minimum_cents",
    "nth_purchase",
    "is_every_nth",
    "is_birthday_month",
    "limit_points",
    "limit_period",
    "budget_points",
)
"""The columns that a person writes; the next version begins with those of the one before."""


class RuleInUse(DomainError):
    """The version is or was scheduled; only a draft can be changed, scheduled or thrown away."""

    code: ClassVar[str] = "rule_in_use"


class DraftGone(DomainError):
    """The draft was thrown away meanwhile."""

    code: ClassVar[str] = "draft_gone"


class RuleCodeTaken(DomainError):
    """Another rule of the programme has this code; a change of that rule is its next version."""

    code: ClassVar[str] = "rule_code_taken"


class BeginsInThePast(DomainError):
    """The instant is over: nothing that purchases earned already is changed."""

    code: ClassVar[str] = "begins_in_the_past"


class NothingLeftOfThePeriod(DomainError):
    """The rule has no day left by the instant at which it would begin: no purchase would count."""

    code: ClassVar[str] = "nothing_left_of_the_period"


class TermsChanged(DomainError):
    """The draft has other terms than those that were read; read it again as it is `stored`."""

    code: ClassVar[str] = "terms_changed"

    def __init__(self, stored: EarningRule) -> None:
        super().__init__()
        self.stored = stored


class NextVersionScheduled(DomainError):
    """Another version of the rule is scheduled to follow; withdraw that one first."""

    code: ClassVar[str] = "next_version_scheduled"


class NotScheduled(DomainError):
    """The version is not waiting for its instant: it is a draft, decides already, or is retired."""

    code: ClassVar[str] = "not_scheduled"


class NotLive(DomainError):
    """The version does not decide on purchases now."""

    code: ClassVar[str] = "not_live"


@transaction.atomic
def draft_new_rule(*, rule: EarningRule) -> EarningRule:
    """Save the first version of a rule, not saved yet, as a draft. Raises RuleCodeTaken."""
    _lock(rule.programme_id)
    if EarningRule.objects.filter(programme_id=rule.programme_id, code=rule.code).exists():
        raise RuleCodeTaken
    _tidy(rule)
    rule.version, rule.family = 1, None
    rule.scheduled_at = rule.applies_from = rule.applies_until = None
    rule.save(force_insert=True)
    return rule


@transaction.atomic
def draft_next_version(*, rule: EarningRule) -> EarningRule:
    """Make a draft with the terms of the version given, to be edited, and return it.

    A draft of the same rule that is there already is returned instead, with its own terms.
    """
    _lock(rule.programme_id)
    versions = EarningRule.objects.filter(programme_id=rule.programme_id, code=rule.code)
    if (draft := versions.filter(scheduled_at__isnull=True).order_by("-version").first()) is not None:
        return draft
    return EarningRule.objects.create(
        programme_id=rule.programme_id,
        code=rule.code,
        version=versions.aggregate(last=Max("version"))["last"] + 1,
        family_id=rule.family_number,
        **{term: getattr(rule, term) for term in TERMS},
    )


@transaction.atomic
def edit_draft(*, rule: EarningRule, seen: str | None = None) -> EarningRule:
    """Save the terms of a draft. Raises RuleInUse when it is none any more, and DraftGone.

    `seen` is the `digest_of` the terms that were edited: TermsChanged is raised when the draft has others by
    now. A repeat changes nothing.
    """
    stored = _draft(rule)
    _tidy(rule)
    if seen is not None and digest_of(stored) not in (seen, digest_of(rule)):
        raise TermsChanged(stored)
    rule.save(update_fields=TERMS)
    return rule


@transaction.atomic
def discard_draft(*, rule: EarningRule) -> None:
    """Throw a draft away. Raises RuleInUse when it is none any more; a repeat changes nothing."""
    _lock(rule.programme_id)
    if EarningRule.objects.filter(pk=rule.pk, scheduled_at__isnull=False).exists():
        raise RuleInUse
    EarningRule.objects.filter(pk=rule.pk).delete()


@transaction.atomic
def schedule_rule(
    *, rule: EarningRule, at: datetime, starts_at: datetime | None = None, seen: str | None = None
) -> EarningRule:
    """Let a draft decide on purchases from an instant on, or at once without one; return it.

    The version before ends at that same instant. `seen` is the `digest_of` the terms that somebody has read:
    TermsChanged is raised when the draft has others. Raises RuleInUse, DraftGone, ContradictoryRule with all
    findings or with the rules that give the same, BeginsInThePast, NothingLeftOfThePeriod, and
    NextVersionScheduled when another version waits for its instant.
    """
    rule = _draft(rule)
    if seen is not None and seen != digest_of(rule):
        raise TermsChanged(rule)
    if findings := contradictions_of(rule, at=at):
        raise ContradictoryRule(findings)
    if starts_at is not None and starts_at <= at:
        raise BeginsInThePast
    others = that_count(family_of(rule))
    if any(other.status_at(at) is RuleStatus.SCHEDULED for other in others):
        raise NextVersionScheduled
    rule.scheduled_at = at
    rule.applies_from = starts_at or (at if others else None)
    if rule.applies_from is not None and not _has_days_left(rule, rule.applies_from):
        raise NothingLeftOfThePeriod
    if twins := twins_of(rule, at=at, starts_at=starts_at):
        raise TwinRule(twins)
    for other in others:
        if other.status_at(at) is RuleStatus.LIVE:
            other.applies_until = starts_at or at
            other.save(update_fields=["applies_until"])
    rule.save(update_fields=["scheduled_at", "applies_from"])
    if rule.budget_points is not None:
        RuleSpending.objects.get_or_create(family_id=rule.family_number)
    return rule


@transaction.atomic
def withdraw_rule(*, rule: EarningRule, at: datetime) -> EarningRule:
    """Take back a scheduled version before its instant; the one before goes on without an end. Return it.

    It stays as a version that never decided. Raises NotScheduled.
    """
    _lock(rule.programme_id)
    rule = EarningRule.objects.get(pk=rule.pk)
    if rule.status_at(at) is not RuleStatus.SCHEDULED:
        raise NotScheduled
    begins_at, rule.applies_until = rule.applies_from, rule.applies_from
    rule.save(update_fields=["applies_until"])
    for before in family_of(rule):
        if before.applies_until == begins_at and not before.is_withdrawn:
            before.applies_until = None
            before.save(update_fields=["applies_until"])
    return rule


@transaction.atomic
def retire_rule(*, rule: EarningRule, at: datetime) -> EarningRule:
    """End a live version: it decides on no purchase made from now on. Return it.

    Purchases made before and reported later still earn by it. Raises NotLive, and NextVersionScheduled when
    another version is to follow.
    """
    _lock(rule.programme_id)
    rule = EarningRule.objects.get(pk=rule.pk)
    if rule.status_at(at) is not RuleStatus.LIVE:
        raise NotLive
    if rule.applies_until is not None:
        raise NextVersionScheduled
    rule.applies_until = at
    rule.save(update_fields=["applies_until"])
    return rule


def digest_of(rule: EarningRule) -> str:
    """Return what tells the terms of a saved version from any others."""
    return fingerprint_of({term: getattr(rule, term) for term in TERMS})


def _has_days_left(rule: EarningRule, starts_at: datetime) -> bool:
    """Say whether a day of the rule's period, and of its days of the week, is left from an instant on."""
    asked, day = rule_of(rule).conditions, local_date(starts_at, rule.programme.zone)
    if asked.ends_on is not None and asked.ends_on < day:
        return False
    return has_a_day(replace(asked, starts_on=max(day, asked.starts_on or day)))


def _tidy(rule: EarningRule) -> None:
    """Forget a period without a limit: no sentence tells it, so it decides nothing about counting."""
    if rule.limit_points is None:
        rule.limit_period = LimitPeriod.LIFE


def _draft(rule: EarningRule) -> EarningRule:
    """Lock the programme and return the draft as it is stored. Raises DraftGone and RuleInUse."""
    _lock(rule.programme_id)
    stored = EarningRule.objects.select_related("programme").filter(pk=rule.pk).first()
    if stored is None:
        raise DraftGone
    if stored.scheduled_at is not None:
        raise RuleInUse
    return stored


def _lock(programme_id: int) -> None:
    # Recording purchases only names the programme, so it goes on meanwhile.
    Programme.objects.select_for_update(no_key=True).get(pk=programme_id)
