"""Any sequence of purchases, returns and changes of the rules agrees with a tiny model, and is proved.

The model keeps what was bought and how much of it was kept, and works everything out again each time. It
knows no version, no tally and no breakdown: of each rule only what it was like from when until when.
RULE_EXAMPLES asks for more sequences than usual.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loyalty.dates import local_date
from loyalty.earning.versions import (
    draft_next_version,
    edit_draft,
    retire_rule,
    schedule_rule,
    withdraw_rule,
)
from loyalty.models import (
    EarningRule,
    LimitPeriod,
    PointAccount,
    Programme,
    RuleEffect,
    RuleSpending,
    RuleStatus,
)
from loyalty.purchases.lines import Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from tests.factories import (
    Cardholder,
    make_cardholder,
    make_line,
    make_programme,
    make_return_line,
    make_rule,
)
from tests.proofs import violations

EXAMPLES = int(os.environ.get("RULE_EXAMPLES", "8"))
STEPS = 30
START = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
"""Shortly before the clock changes, and a month ends."""

MONTHLY_LIMIT = 30
THIRD, THIRD_POINTS = 3, 5
GIFT_FROM_CENTS, GIFT_POINTS, GIFT_BUDGET = 1000, 4, 22

people = st.sampled_from((0, 1))
amounts = st.integers(1, 2500)
places = st.integers(0, 1000)
families = st.sampled_from(("base", "double", "third", "gift"))


@dataclass(frozen=True)
class World:
    """What every sequence starts from."""

    programme: Programme
    cardholders: tuple[Cardholder, Cardholder]


@dataclass
class Span:
    """How much a rule gave from one instant until before another; None is open."""

    points: int
    since: datetime | None = None
    until: datetime | None = None


@dataclass
class Bought:
    """A purchase, how much of it is kept, and what the rules of its instant gave when it was recorded."""

    person: int
    line: PurchaseLine
    kept_cents: int
    rate: int
    factor: int
    is_counted: bool
    gift: int = 0


@dataclass
class Model:
    """What the rules were like, and what was bought."""

    spans: dict[str, list[Span]] = field(
        default_factory=lambda: {
            "base": [Span(1)],
            "double": [Span(2)],
            "third": [Span(THIRD_POINTS)],
            "gift": [Span(GIFT_POINTS)],
        }
    )
    bought: list[Bought] = field(default_factory=list)
    gifts_left: int = GIFT_BUDGET

    def in_force(self, family: str, at: datetime) -> int:
        """Return what a rule gives for purchases of an instant, zero when there is none."""
        for span in self.spans[family]:
            if (span.since is None or span.since <= at) and (span.until is None or at < span.until):
                return span.points
        return 0

    def buy(self, person: int, line: PurchaseLine) -> None:
        """Buy, and get of the gift what is left."""
        gave = {family: self.in_force(family, line.purchased_at) for family in self.spans}
        bought = Bought(
            person, line, line.amount_cents, gave["base"], gave["double"], is_counted=gave["third"] > 0
        )
        if line.amount_cents >= GIFT_FROM_CENTS:
            bought.gift = min(gave["gift"], self.gifts_left)
            self.gifts_left -= bought.gift
        self.bought.append(bought)

    def points_of(self, person: int, day_of: Callable[[datetime], date]) -> int:
        """Return all points of a person."""
        points = count = 0
        extra: dict[tuple[int, int], int] = defaultdict(int)
        for one in self.bought:
            if one.person != person:
                continue
            day = day_of(one.line.purchased_at)
            base = one.kept_cents * one.rate // 100
            points += base
            if one.factor:
                extra[day.year, day.month] += one.kept_cents * one.rate * one.factor // 100 - base
            count += one.is_counted and one.kept_cents > 0
            if one.kept_cents >= GIFT_FROM_CENTS:
                points += one.gift
        points += sum(min(MONTHLY_LIMIT, entitled) for entitled in extra.values())
        return points + THIRD_POINTS * (count >= THIRD)


class RuleMachine(RuleBasedStateMachine):
    """Does the same under the rules of the programme and in the model."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now = START
        self.model = Model()
        programme = self.world.programme
        make_rule(
            programme,
            code="double",
            effect=RuleEffect.MULTIPLIER,
            factor_percent=200,
            limit_points=MONTHLY_LIMIT,
            limit_period=LimitPeriod.MONTH,
        )
        make_rule(programme, code="third", effect=RuleEffect.BONUS, points=THIRD_POINTS, nth_purchase=THIRD)
        make_rule(
            programme,
            code="gift",
            effect=RuleEffect.BONUS,
            points=GIFT_POINTS,
            minimum_cents=GIFT_FROM_CENTS,
            budget_points=GIFT_BUDGET,
        )

    def teardown(self) -> None:
        """Leave the database as it was."""
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def versions(self, code: str) -> list[EarningRule]:
        """Return the versions of a rule, the first one first."""
        return list(EarningRule.objects.filter(code=code).order_by("version"))

    def standing(self, code: str, status: RuleStatus) -> EarningRule | None:
        """Return the version of a rule that stands so now."""
        return next((one for one in self.versions(code) if one.status_at(self.now) is status), None)

    @rule(person=people, cents=amounts, days_late=st.sampled_from((0, 0, 1, 12, 40)))
    def buy(self, person: int, cents: int, days_late: int) -> None:
        """Report a purchase at once or late."""
        token = self.world.cardholders[person].card.token
        line = make_line(token, cents=cents, purchased_at=self.now - timedelta(days=days_late))
        (verdict,) = record_purchases([line], programme=self.world.programme, at=self.now)
        assert verdict.outcome is Outcome.ACCEPTED
        self.model.buy(person, line)

    @precondition(lambda self: self.model.bought)
    @rule(place=places, cents=amounts)
    def bring_back(self, place: int, cents: int) -> None:
        """Report that part of a purchase came back."""
        bought = self.model.bought[place % len(self.model.bought)]
        line = make_return_line(
            bought.line.card_token,
            original_reference=bought.line.reference,
            cents=cents,
            returned_at=self.now,
        )
        (verdict,) = record_purchases([line], programme=self.world.programme, at=self.now)
        if cents > bought.line.amount_cents:
            assert verdict.reason is Reason.RETURN_ABOVE_PURCHASE
            return
        assert verdict.outcome is Outcome.ACCEPTED
        assert verdict.points <= 0
        bought.kept_cents = max(0, bought.kept_cents - cents)

    @precondition(lambda self: self.model.bought)
    @rule(place=places)
    def deliver_again(self, place: int) -> None:
        """Deliver the same purchase twice."""
        line = self.model.bought[place % len(self.model.bought)].line
        (verdict,) = record_purchases([line], programme=self.world.programme, at=self.now)
        assert (verdict.outcome, verdict.points) == (Outcome.DUPLICATE, 0)

    @rule(code=families, points=st.integers(1, 4), hours_ahead=st.sampled_from((0, 0, 1, 100)))
    def change(self, code: str, points: int, hours_ahead: int) -> None:
        """Schedule the next version of a rule, at once or ahead."""
        if self.standing(code, RuleStatus.SCHEDULED):
            return
        draft = draft_next_version(rule=self.versions(code)[-1])
        if code == "double":
            points += 1
            draft.factor_percent = points * 100
        elif code == "third":
            points = draft.points
        else:
            draft.points = points
        starts_at = self.now + timedelta(hours=hours_ahead) if hours_ahead else None
        schedule_rule(rule=edit_draft(rule=draft), at=self.now, starts_at=starts_at)
        spans = self.model.spans[code]
        if spans and spans[-1].until is None:
            spans[-1].until = starts_at or self.now
        spans.append(Span(points, since=starts_at or (self.now if spans else None)))

    @rule(code=families)
    def end(self, code: str) -> None:
        """Withdraw the version that is scheduled, or else retire the one that is live."""
        spans = self.model.spans[code]
        if scheduled := self.standing(code, RuleStatus.SCHEDULED):
            withdraw_rule(rule=scheduled, at=self.now)
            withdrawn = spans.pop()
            if spans and spans[-1].until == withdrawn.since:
                spans[-1].until = None
        elif live := self.standing(code, RuleStatus.LIVE):
            retire_rule(rule=live, at=self.now)
            spans[-1].until = self.now

    @rule(hours=st.integers(1, 300))
    def time_passes(self, hours: int) -> None:
        """Let time go on."""
        self.now += timedelta(hours=hours)

    @invariant()
    def the_points_agree_with_the_model(self) -> None:
        """Compare the balances and what was given of the budget."""
        zone = self.world.programme.zone
        for person, cardholder in enumerate(self.world.cardholders):
            balance = PointAccount.objects.get(pk=cardholder.account.pk).balance_points
            assert balance == self.model.points_of(person, lambda at: local_date(at, zone))
        assert RuleSpending.objects.get().granted_points == GIFT_BUDGET - self.model.gifts_left

    @invariant()
    def every_proof_is_clean(self) -> None:
        """Recompute everything."""
        with time_machine.travel(self.now, tick=False):
            assert violations() == []


@pytest.mark.django_db
def test_every_sequence_under_changing_rules_agrees_with_the_model_and_is_proved() -> None:
    programme = make_programme()
    cardholders = (
        make_cardholder(programme, first_name="Alice", at=START),
        make_cardholder(programme, first_name="Bob", at=START),
    )
    RuleMachine.world = World(programme, cardholders)

    run_state_machine_as_test(
        RuleMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
