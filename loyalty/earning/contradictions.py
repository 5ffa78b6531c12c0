"""What in a version of a rule contradicts itself: such a rule is never scheduled. It knows no database.

Each finding names the column where it is mended and says what is wrong in a sentence. A rule without findings
can be met by some purchase and gives it something.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from loyalty.earning.terms import Conditions, Rule
from loyalty.models import LimitPeriod, RuleEffect
from loyalty.models.rules import DAYS_OF_A_WEEK, HOURS_OF_A_DAY, MOST_NTH, MOST_RULE_POINTS

UNCHANGED_PERCENT = 100
MOST_PURCHASE_CENTS = 100_000_000
"""No purchase above this is accepted: see the rejections of feeds."""


class Contradiction(StrEnum):
    """What is wrong, as a code that never changes."""

    GIVES_NOTHING = "gives_nothing"
    GIVES_TOO_MUCH = "gives_too_much"
    FOR_NO_AMOUNT = "for_no_amount"
    CHANGES_NOTHING = "changes_nothing"
    REDUCTION_WITHIN_LIMITS = "reduction_within_limits"
    ENDS_BEFORE_START = "ends_before_start"
    NO_SUCH_WEEKDAY = "no_such_weekday"
    WEEKDAY_NOT_IN_PERIOD = "weekday_not_in_period"
    NO_SUCH_HOUR = "no_such_hour"
    NO_HOUR = "no_hour"
    STORE_OF_ANOTHER_PARTNER = "store_of_another_partner"
    PARTNER_WITHOUT_ITS_STORES = "partner_without_its_stores"
    AMOUNT_NEVER_REACHED = "amount_never_reached"
    NTH_WITHOUT_BONUS = "nth_without_bonus"
    NO_SUCH_NTH = "no_such_nth"
    AGAIN_AFTER_NOTHING = "again_after_nothing"
    EVERY_PURCHASE = "every_purchase"
    LIMIT_OF_NOTHING = "limit_of_nothing"
    LIMIT_BELOW_BONUS = "limit_below_bonus"
    BUDGET_OF_NOTHING = "budget_of_nothing"
    BUDGET_BELOW_BONUS = "budget_below_bonus"
    BUDGET_BELOW_LIMIT = "budget_below_limit"
    EVERY_NTH_NOT_FOR_LIFE = "every_nth_not_for_life"
    # What depends on the programme and the day: `loyalty.earning.admission` finds these.
    PERIOD_IS_OVER = "period_is_over"
    PARTNER_WITHOUT_AGREEMENT = "partner_without_agreement"
    STORE_NEVER_OPEN = "store_never_open"
    COUNT_OF_EARLIER_VERSION = "count_of_earlier_version"
    PERIOD_OF_EARLIER_VERSION = "period_of_earlier_version"
    ALL_RULES_GIVE_TOO_MUCH = "all_rules_give_too_much"
    TWIN = "twin"


class Finding(NamedTuple):
    """A contradiction, the column where it is mended, and the name of the other rule where there is one."""

    field: str
    code: Contradiction
    rule: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, in the active language."""
        said = str(SENTENCES[self.code])
        return said % {"rule": self.rule} if self.rule else said


class ContradictoryRule(DomainError):
    """The rule contradicts itself; `findings` say how."""

    code: ClassVar[str] = "contradictory_rule"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(", ".join(f"{finding.field}: {finding.code}" for finding in findings))
        self.findings = tuple(findings)


class TwinRule(ContradictoryRule):
    """Another rule gives the same on some of the same days; `findings` name it."""

    code: ClassVar[str] = "twin_rule"


def find_contradictions(rule: Rule, *, partner_of_store: Mapping[int, int]) -> tuple[Finding, ...]:
    """Return all that contradicts itself in a rule, in the order of its columns; nothing for a sound one.

    `partner_of_store` says whose each store is, at least of those that the rule asks for. One that it does
    not know is no store of the partners.
    """
    found: list[Finding] = []
    for look in _LOOKS:
        found += look(rule)
    found += _of_places(rule.conditions, partner_of_store)
    return tuple(found)


def _of_effect(rule: Rule) -> Iterator[Finding]:
    if rule.effect == RuleEffect.MULTIPLIER:
        if rule.factor_percent <= 0:
            yield Finding("factor_percent", Contradiction.GIVES_NOTHING)
        elif rule.factor_percent == UNCHANGED_PERCENT:
            yield Finding("factor_percent", Contradiction.CHANGES_NOTHING)
        elif rule.factor_percent < UNCHANGED_PERCENT:
            yield from _of_reduction(rule)
        return
    if rule.points <= 0:
        yield Finding("points", Contradiction.GIVES_NOTHING)
    elif rule.points > MOST_RULE_POINTS:
        yield Finding("points", Contradiction.GIVES_TOO_MUCH)
    if rule.effect == RuleEffect.BASE and rule.per_cents <= 0:
        yield Finding("per_cents", Contradiction.FOR_NO_AMOUNT)


def _of_reduction(rule: Rule) -> Iterator[Finding]:
    """Find what a coefficient below 1 cannot have: it gives no points to count, and no return may end it."""
    limits = {
        "minimum_cents": rule.conditions.minimum_cents,
        "limit_points": rule.limit_points,
        "budget_points": rule.budget_points,
    }
    for field, value in limits.items():
        if value is not None:
            yield Finding(field, Contradiction.REDUCTION_WITHIN_LIMITS)


def _of_days(rule: Rule) -> Iterator[Finding]:
    asked = rule.conditions
    is_backwards = (
        asked.starts_on is not None and asked.ends_on is not None and asked.ends_on < asked.starts_on
    )
    if is_backwards:
        yield Finding("ends_on", Contradiction.ENDS_BEFORE_START)
    if any(not 1 <= weekday <= DAYS_OF_A_WEEK for weekday in asked.weekdays):
        yield Finding("weekdays", Contradiction.NO_SUCH_WEEKDAY)
    elif not is_backwards and not has_a_day(asked):
        yield Finding("weekdays", Contradiction.WEEKDAY_NOT_IN_PERIOD)


def has_a_day(asked: Conditions) -> bool:
    """Say whether the period holds one of the weekdays; an open period and a whole week hold them all."""
    if not asked.weekdays or asked.starts_on is None or asked.ends_on is None:
        return True
    days = (asked.ends_on - asked.starts_on).days + 1
    return any(
        (asked.starts_on + timedelta(days=day)).isoweekday() in asked.weekdays
        for day in range(min(days, DAYS_OF_A_WEEK))
    )


def _of_hours(rule: Rule) -> Iterator[Finding]:
    first, end = rule.conditions.from_hour, rule.conditions.until_hour
    if first is not None and not 0 <= first < HOURS_OF_A_DAY:
        yield Finding("from_hour", Contradiction.NO_SUCH_HOUR)
    elif end is not None and not 0 < end <= HOURS_OF_A_DAY:
        yield Finding("until_hour", Contradiction.NO_SUCH_HOUR)
    elif first is not None and first == end:
        yield Finding("until_hour", Contradiction.NO_HOUR)


def _of_purchase(rule: Rule) -> Iterator[Finding]:
    minimum = rule.conditions.minimum_cents
    if minimum is not None and minimum > MOST_PURCHASE_CENTS:
        yield Finding("minimum_cents", Contradiction.AMOUNT_NEVER_REACHED)
    if rule.nth_purchase is None:
        if rule.is_every_nth:
            yield Finding("nth_purchase", Contradiction.AGAIN_AFTER_NOTHING)
    elif rule.effect != RuleEffect.BONUS:
        yield Finding("nth_purchase", Contradiction.NTH_WITHOUT_BONUS)
    elif not 1 <= rule.nth_purchase <= MOST_NTH:
        yield Finding("nth_purchase", Contradiction.NO_SUCH_NTH)
    elif rule.nth_purchase == 1 and rule.is_every_nth:
        yield Finding("is_every_nth", Contradiction.EVERY_PURCHASE)


def _of_limits(rule: Rule) -> Iterator[Finding]:
    bonus = rule.points if rule.effect == RuleEffect.BONUS else 0
    limit, budget = rule.limit_points, rule.budget_points
    if limit is not None and limit <= 0:
        yield Finding("limit_points", Contradiction.LIMIT_OF_NOTHING)
    elif limit is not None and limit < bonus:
        yield Finding("limit_points", Contradiction.LIMIT_BELOW_BONUS)
    is_within_limit = rule.nth_purchase is not None and limit is not None
    if (rule.is_every_nth or is_within_limit) and rule.limit_period != LimitPeriod.LIFE:
        yield Finding("limit_period", Contradiction.EVERY_NTH_NOT_FOR_LIFE)
    if budget is None:
        return
    if budget <= 0:
        yield Finding("budget_points", Contradiction.BUDGET_OF_NOTHING)
    elif budget < bonus:
        yield Finding("budget_points", Contradiction.BUDGET_BELOW_BONUS)
    elif limit is not None and budget < limit:
        yield Finding("budget_points", Contradiction.BUDGET_BELOW_LIMIT)


def _of_places(asked: Conditions, partner_of_store: Mapping[int, int]) -> Iterator[Finding]:
    if not asked.store_ids or not asked.partner_ids:
        return
    partners = {partner_of_store.get(store) for store in asked.store_ids}
    if not partners <= asked.partner_ids:
        yield Finding("store_ids", Contradiction.STORE_OF_ANOTHER_PARTNER)
    elif asked.partner_ids - partners:
        yield Finding("store_ids", Contradiction.PARTNER_WITHOUT_ITS_STORES)


_LOOKS: tuple[Callable[[Rule], Iterator[Finding]], ...] = (
    _of_effect,
    _of_days,
    _of_hours,
    _of_purchase,
    _of_limits,
)

SENTENCES = {
    Contradiction.GIVES_NOTHING: _("Say how much: a rule that gives nothing is no rule."),
    Contradiction.GIVES_TOO_MUCH: _("So many points are surely a slip: 10,000 at most."),
    Contradiction.FOR_NO_AMOUNT: _("Say for which amount the points are."),
    Contradiction.CHANGES_NOTHING: _("A multiplier of 1 changes nothing."),
    Contradiction.ENDS_BEFORE_START: _("The last day must not be before the first."),
    Contradiction.NO_SUCH_WEEKDAY: _("Choose days from Monday to Sunday."),
    Contradiction.WEEKDAY_NOT_IN_PERIOD: _("None of these days of the week falls into the period."),
    Contradiction.NO_SUCH_HOUR: _("Choose an hour of the day."),
    Contradiction.NO_HOUR: _("Between these hours there is no time. For the whole day leave both empty."),
    Contradiction.STORE_OF_ANOTHER_PARTNER: _("One of these stores belongs to none of the partners chosen."),
    Contradiction.PARTNER_WITHOUT_ITS_STORES: _(
        "Of one of the partners no store is chosen, so it would never count: choose one, or leave it out."
    ),
    Contradiction.AMOUNT_NEVER_REACHED: _("No purchase is ever that large."),
    Contradiction.NTH_WITHOUT_BONUS: _(
        "Only a fixed bonus can wait for a certain purchase: purchases are reported in any order, and points"
        " must not depend on it. Choose a fixed bonus, or take the count away."
    ),
    Contradiction.NO_SUCH_NTH: _("Count the purchases from 1 to 1,000."),
    Contradiction.AGAIN_AFTER_NOTHING: _("Say after how many purchases."),
    Contradiction.EVERY_PURCHASE: _("That is every purchase: choose “every purchase”."),
    Contradiction.LIMIT_OF_NOTHING: _("With this limit nobody gets a point: leave it empty for no limit."),
    Contradiction.LIMIT_BELOW_BONUS: _("With this limit nobody gets the whole bonus."),
    Contradiction.BUDGET_OF_NOTHING: _("With this budget nobody gets a point: leave it empty for none."),
    Contradiction.BUDGET_BELOW_BONUS: _("This budget does not pay for one bonus."),
    Contradiction.BUDGET_BELOW_LIMIT: _("This budget is smaller than what one member may get."),
    Contradiction.REDUCTION_WITHIN_LIMITS: _(
        "A coefficient below 1 takes points away: leave the smallest amount, the limit and the budget empty."
    ),
    Contradiction.EVERY_NTH_NOT_FOR_LIFE: _(
        "Purchases are counted for the whole life of the rule: so is the limit of a bonus for one of them."
    ),
    Contradiction.PERIOD_IS_OVER: _("The last day is over: no purchase would count."),
    Contradiction.PARTNER_WITHOUT_AGREEMENT: _(
        "One of the partners has no agreement with the programme for these days."
    ),
    Contradiction.STORE_NEVER_OPEN: _("One of the stores is not open on any of these days: leave it out."),
    Contradiction.COUNT_OF_EARLIER_VERSION: _(
        "Members' purchases are counted by the version before. What counts them, the bonus and its limit stay"
        " as they are: retire the rule and make another one instead."
    ),
    Contradiction.PERIOD_OF_EARLIER_VERSION: _(
        "An earlier version has a limit of another period: with a new one, every member would begin afresh"
        " and could get all of it again. Keep the period, or retire the rule and make another one instead."
    ),
    Contradiction.ALL_RULES_GIVE_TOO_MUCH: _(
        "Together with the other rules, one purchase could earn more than a billion points."
    ),
    Contradiction.TWIN: _(
        "%(rule)s gives the same for the same purchases, on some of the same days: one of the two is too"
        " many. Change that rule instead, or choose other days."
    ),
}
