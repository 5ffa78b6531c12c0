"""Which rules decide in a back-test, and from when until when each of them does.

In the period the chosen versions decide, beside those that stay. What is left out, and other versions of a
chosen rule, decide before and after it as they really did: so a limit or a budget that was partly used up
when the period began is partly used up in the back-test as well.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple, cast

from django.core import serializers

from loyalty.backtest.coefficients import Coefficients
from loyalty.earning.book import rule_of
from loyalty.earning.evaluate import InForce, RuleBook
from loyalty.earning.terms import Rule
from loyalty.models import BackTest, EarningRule, LimitPeriod

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """From an instant until before another."""

    since: datetime
    until: datetime

    def holds(self, instant: datetime) -> bool:
        """Say whether an instant lies within."""
        return self.since <= instant < self.until


def period_of(back_test: BackTest) -> Period:
    """Return the days of a back-test, in the programme's time zone, as instants."""
    zone = back_test.programme.zone
    return Period(
        datetime.combine(back_test.first_on, time.min, zone),
        datetime.combine(back_test.last_on + timedelta(days=1), time.min, zone),
    )


def snapshot_of(rule: EarningRule) -> dict[str, object]:
    """Return a rule as it is now, as JSON holds it."""
    (kept,) = serializers.serialize("python", [rule])
    return dict(kept)


def chosen_rules(back_test: BackTest) -> list[EarningRule]:
    """Return the chosen rules as they were when the question was asked. Nobody saves them again."""
    found = serializers.deserialize("python", back_test.chosen, ignorenonexistent=True)
    return [cast("EarningRule", one.object) for one in found]


class Deciding(NamedTuple):
    """A rule for the time in which it decides, and since when it is known; None: from the beginning.

    The first version of a rule decides on what was bought before it was scheduled and reported after, and on
    nothing that was reported before.
    """

    rule: Rule
    known_from: datetime | None = None


class DecidingRules:
    """The rules of a back-test: which of them decide on a purchase."""

    def __init__(self, rules: Iterable[Deciding], decided: Iterable[Rule]) -> None:
        self.deciding = tuple(rules)
        self.decided = {rule.rule_id: rule for rule in decided}
        """The versions that really decided at some time, also where they do not in the back-test."""
        self.coefficients = Coefficients()
        self.rules = tuple(one.rule for one in self.deciding)
        self._late = tuple(
            (place, one.rule.rule_id, one.known_from)
            for place, one in enumerate(self.deciding)
            if one.known_from is not None
        )
        self._books: dict[frozenset[int], RuleBook] = {}

    def at(self, purchased_at: datetime, recorded_at: datetime, gave: Container[int]) -> InForce:
        """Return the rules that decide on a purchase, by when it was made and recorded.

        A rule that really gave something was known, whatever the clock says: files are imported as of an
        earlier instant.
        """
        # By place: a version that is tried has the number of the one that decides before and afterwards.
        unknown = frozenset(
            [
                place
                for place, rule_id, known_from in self._late
                if recorded_at < known_from and rule_id not in gave
            ]
        )
        book = self._books.get(unknown)
        if book is None:
            known = (rule for place, rule in enumerate(self.rules) if place not in unknown)
            book = self._books[unknown] = RuleBook(known)
        return book.at(purchased_at)

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups of members that a rule asks for."""
        return frozenset[int]().union(*(rule.conditions.group_ids for rule in self.rules))

    @property
    def needs_birth_month(self) -> bool:
        """Whether a rule asks for the month of the member's birthday."""
        return any(rule.conditions.is_birthday_month for rule in self.rules)


def rules_that_decide(back_test: BackTest) -> DecidingRules:
    """Return the rules of a back-test, each for the time in which it decides. One query."""
    period = period_of(back_test)
    kept, aside = set(back_test.kept_ids), {*back_test.left_out_ids, *back_test.replaced_ids}
    deciding: list[Deciding] = []
    decided: list[Rule] = []
    for version in EarningRule.objects.filter(pk__in=kept | aside).order_by("pk"):
        rule = rule_of(version)
        decided.append(rule)
        known_from = version.scheduled_at if version.applies_from is None else None
        pieces = [rule] if version.pk in kept else _outside(rule, period)
        deciding += [Deciding(piece, known_from) for piece in pieces]
    for version in chosen_rules(back_test):
        rule = as_tried(rule_of(version), period, keeps_dates=back_test.keeps_rule_dates)
        deciding.append(Deciding(rule))
    return DecidingRules(deciding, decided)


def _outside(rule: Rule, period: Period) -> Iterator[Rule]:
    """Yield the rule as it decides before the period and after it."""
    since, until = _life_of(rule)
    if since < period.since:
        yield replace(rule, applies_until=min(until, period.since))
    if until > period.until:
        yield replace(rule, applies_from=max(since, period.until))


def as_tried(rule: Rule, period: Period, *, keeps_dates: bool) -> Rule:
    """Return the rule as if it had decided in the whole period."""
    conditions = rule.conditions if keeps_dates else replace(rule.conditions, starts_on=None, ends_on=None)
    return replace(rule, conditions=conditions, applies_from=period.since, applies_until=period.until)


def _life_of(rule: Rule) -> Period:
    return Period(rule.applies_from or BEGINNING, rule.applies_until or END)


def time_to_replay(rules: Sequence[Rule], period: Period) -> Period:
    """Return the time whose purchases have to be replayed, so that those of the period come out right.

    What a rule with a limit, a count or a budget gives depends on purchases before the period, and what a
    return takes back may depend on later ones: as far as the rule decides on them and its limit reaches.
    """
    since, until = period
    families = {rule.family_id for rule in rules if decides_within(rule, period)}
    for rule in rules:
        if rule.family_id not in families:
            continue
        reach, life = _reach_of(rule, period), _life_of(rule)
        since = min(since, max(life.since, reach.since))
        until = max(until, min(life.until, reach.until))
    return Period(since, until)


def decides_within(rule: Rule, period: Period) -> bool:
    """Say whether a rule decides at any instant of a period."""
    life = _life_of(rule)
    return life.since < life.until and life.since < period.until and period.since < life.until


def _reach_of(rule: Rule, period: Period) -> Period:
    """Return the time whose purchases may change what the rule gives in the period."""
    if rule.budget_points is not None:
        return Period(BEGINNING, END)
    if not rule.is_tallied or rule.limit_period == LimitPeriod.DAY:
        return period
    if rule.limit_period == LimitPeriod.LIFE:
        return Period(BEGINNING, END)
    last = period.until - timedelta(microseconds=1)
    next_month = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Period(period.since.replace(day=1), next_month.replace(hour=0, minute=0, second=0, microsecond=0))
