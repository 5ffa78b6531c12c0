"""A merge that is undone restores both, whatever happened before; what happens meanwhile follows the rule.

EXAMPLES_TIMES asks for more histories than usual.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.db.models import Sum
from hypothesis import example, given
from hypothesis import strategies as st

from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import (
    EntryKind,
    LimitPeriod,
    Lot,
    LotUse,
    PointAccount,
    Programme,
    Purchase,
    RuleEffect,
)
from rewards.models import Order
from rewards.services.orders import cancel_order
from tests.factories import (
    PARIS,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_programme,
    make_rule,
    order,
)
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import vouch_for
from tests.patience import patient
from tests.proofs import violations

START = datetime(2022, 3, 1, 12, 0, tzinfo=UTC)
SURVIVOR, MERGED = 0, 1

people = st.sampled_from((SURVIVOR, MERGED))
numbers = st.integers(1, 40)
purchases = st.tuples(st.just("buy"), people, numbers)
returns = st.tuples(st.just("bring_back"), people, numbers)
steps = st.one_of(
    purchases,
    returns,
    st.tuples(st.just("order"), people, numbers),
    st.tuples(st.just("cancel"), people, numbers),
    st.tuples(st.just("adjust"), people, numbers),
    st.tuples(st.just("take_away"), people, numbers),
)
times = st.tuples(st.just("time"), people, st.sampled_from((1, 40, 800, 1500)))


@dataclass
class World:
    """Two members, what they did, and what has been posted for each since somebody began to count."""

    programme: Programme
    cardholders: tuple[Cardholder, Cardholder]
    now: datetime = START
    bought: list[tuple[int, str]] = field(default_factory=list)
    orders: list[tuple[int, Order]] = field(default_factory=list)
    by_card: list[int] = field(default_factory=lambda: [0, 0])
    is_merged: bool = False

    def account(self, person: int) -> PointAccount:
        """Return the account that is a person's today."""
        return self.cardholders[SURVIVOR if self.is_merged else person].account

    def do(self, step: tuple[str, int, int]) -> None:
        """Do one step."""
        name, person, number = step
        deed: Callable[[int, int], None] = getattr(self, name)
        deed(person, number)

    def buy(self, person: int, number: int) -> None:
        """Buy for so many euros."""
        reference = f"P{len(self.bought)}"
        token = self.cardholders[person].card.token
        verdict = buy(self.programme, token, euros=number, reference=reference, at=self.now)
        self.bought.append((person, reference))
        self.by_card[person] += verdict.points

    def bring_back(self, _person: int, number: int) -> None:
        """Bring back a part of a purchase."""
        if self.bought:
            person, reference = self.bought[number % len(self.bought)]
            token = self.cardholders[person].card.token
            before = self.total()
            bring_back(self.programme, token, reference=reference, euros=number, at=self.now)
            # Points that had expired are taken back without costing anything.
            self.by_card[person] += self.total() - before

    def order(self, person: int, number: int) -> None:
        """Order a gift card, if there are points."""
        try:
            self.orders.append(
                (person, order(self.programme, self.account(person), points=number, at=self.now))
            )
        except InsufficientPoints:
            return

    def cancel(self, _person: int, number: int) -> None:
        """Cancel an order, perhaps again."""
        if self.orders:
            _person, made = self.orders[number % len(self.orders)]
            is_first = Order.objects.get(pk=made.pk).cancelled_at is None
            cancel_order(order=made, reason="Asked by phone", at=self.now)
            if is_first and made.account_id == self.cardholders[MERGED].account.pk:
                # What is over by now goes back to its lots and expires.
                used = LotUse.objects.filter(entry=made.entry_id, lot__expires_on__gte=self.now.date())
                self.by_card[MERGED] += used.aggregate(points=Sum("points"))["points"] or 0

    def adjust(self, person: int, number: int) -> None:
        """Let staff grant points."""
        today = self.now.date()
        lot = LotDates(today + timedelta(days=100 * number), today)
        movement = Movement(self.account(person).pk, EntryKind.ADJUSTMENT, number, self.now, lot)
        vouch_for(*post_batch([movement], zone=PARIS, at=self.now))

    def take_away(self, person: int, number: int) -> None:
        """Let staff take points."""
        movement = Movement(self.account(person).pk, EntryKind.ADJUSTMENT, -number, self.now)
        vouch_for(*post_batch([movement], zone=PARIS, at=self.now))

    def time(self, _person: int, days: int) -> None:
        """Let time pass, and what is over expire now and then."""
        self.now += timedelta(days=days)
        if days > 1:
            expire_points(programme=self.programme, as_of=self.now.date(), at=self.now)

    def total(self) -> int:
        """Return what both have together."""
        return sum(PointAccount.objects.values_list("balance_points", flat=True).order_by("pk"))

    def points(self) -> list[tuple[int, int, dict[tuple[object, ...], int]]]:
        """Return balance, points owed and what the lots hold of each."""
        return [
            (
                *PointAccount.objects.values_list("balance_points", "owed_points").get(pk=one.account.pk),
                {
                    (lot.expires_on, lot.available_on): lot.remaining_points
                    for lot in Lot.objects.filter(account=one.account, remaining_points__gt=0).order_by("pk")
                },
            )
            for one in self.cardholders
        ]

    def is_proved(self) -> bool:
        """Say whether every proof is clean."""
        with time_machine.travel(self.now, tick=False):
            return violations() == []

    def bring_everything_back(self) -> None:
        """Bring back every purchase, whole."""
        for person, reference in self.bought:
            token = self.cardholders[person].card.token
            cents = Purchase.objects.get(reference=reference).amount_cents
            bring_back(self.programme, token, reference=reference, euros=cents // 100, at=self.now)


@contextmanager
def undone_afterwards() -> Iterator[None]:
    """Leave the database as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


PATIENT = patient(12)


@kept()
def world() -> World:
    """Return two members without points."""
    programme = make_programme()
    cardholders = make_cardholder(programme, at=START), make_cardholder(programme, at=START)
    return World(programme, cardholders)


@kept()
def limited_world() -> World:
    """Return two members whose purchases are counted and limited in several ways."""
    programme = make_programme()
    double: dict[str, Any] = {"effect": RuleEffect.MULTIPLIER, "factor_percent": 200, "limit_points": 30}
    bonus: dict[str, Any] = {"effect": RuleEffect.BONUS, "points": 9}
    make_rule(programme, code="double", limit_period=LimitPeriod.MONTH, **double)
    make_rule(programme, code="gift", limit_points=20, **bonus)
    make_rule(programme, code="third", nth_purchase=3, **bonus)
    make_rule(programme, code="every-second", nth_purchase=2, is_every_nth=True, **bonus)
    make_rule(programme, code="limited", nth_purchase=2, is_every_nth=True, limit_points=20, **bonus)
    cardholders = make_cardholder(programme, at=START), make_cardholder(programme, at=START)
    return World(programme, cardholders)


def fresh(world: World) -> World:
    """Return the same world before anything happened."""
    return World(world.programme, world.cardholders)


def merged(world: World) -> Callable[[], None]:
    """Merge the two; return what undoes it."""
    survivor, other = (one.member for one in world.cardholders)
    merge = merge_members(survivor=survivor, merged=other, at=world.now)
    world.is_merged = True

    def separate() -> None:
        separate_members(merge=merge, at=world.now)
        world.is_merged = False

    return separate


def test_a_merge_that_is_undone_restores_both(world: World) -> None:
    @PATIENT
    @given(before=st.lists(st.one_of(steps, times), max_size=14))
    def check(before: Sequence[tuple[str, int, int]]) -> None:
        with undone_afterwards():
            here = fresh(world)
            for step in before:
                here.do(step)
            # What is over is written down: a merge does so.
            expire_points(programme=here.programme, as_of=here.now.date(), at=here.now)
            points = here.points()

            separate = merged(here)
            assert sum(balance for balance, _owed, _lots in here.points()) == sum(
                balance for balance, _owed, _lots in points
            )
            assert here.is_proved()
            separate()

            assert here.points() == points
            assert here.is_proved()

    check()


def follow_the_rule_meanwhile(world: World) -> None:
    """Check what happens between merge and separation: it goes with the cards or stays with the survivor."""

    @example(
        before=[("buy", SURVIVOR, 1), ("buy", MERGED, 1), ("time", 0, 1500)],
        meanwhile=[("buy", SURVIVOR, 1), ("bring_back", 0, 1)],
    )
    @example(
        before=[("buy", MERGED, 1), ("time", 0, 1500)],
        meanwhile=[("buy", SURVIVOR, 1), ("bring_back", 0, 2)],
    )
    @example(
        before=[("buy", MERGED, 1), ("order", MERGED, 1), ("time", 0, 1500)],
        meanwhile=[("cancel", 0, 1)],
    )
    @PATIENT
    @given(
        before=st.lists(st.one_of(steps, times), max_size=10),
        meanwhile=st.lists(steps, min_size=1, max_size=8),
    )
    def check(before: Sequence[tuple[str, int, int]], meanwhile: Sequence[tuple[str, int, int]]) -> None:
        with undone_afterwards():
            here = fresh(world)
            for step in before:
                here.do(step)
            expire_points(programme=here.programme, as_of=here.now.date(), at=here.now)
            of_merged = here.points()[MERGED][0]
            here.by_card = [0, 0]

            separate = merged(here)
            for step in meanwhile:
                here.do(step)
            assert here.is_proved()
            total = sum(balance for balance, _owed, _lots in here.points())
            separate()

            balances = [balance for balance, _owed, _lots in here.points()]
            assert sum(balances) == total
            assert balances[MERGED] == of_merged + here.by_card[MERGED]
            assert here.is_proved()

    check()


def test_what_happens_meanwhile_goes_with_the_cards_or_stays_with_the_survivor(world: World) -> None:
    follow_the_rule_meanwhile(world)


def test_so_does_what_happens_under_limits_and_counts(limited_world: World) -> None:
    follow_the_rule_meanwhile(limited_world)


def test_no_return_takes_what_was_never_given_to_whom_it_takes_it_from(limited_world: World) -> None:
    @PATIENT
    @given(
        before=st.lists(purchases, max_size=5),
        meanwhile=st.lists(purchases, min_size=1, max_size=8),
        after=st.lists(st.one_of(purchases, returns), max_size=6),
    )
    def check(
        before: Sequence[tuple[str, int, int]],
        meanwhile: Sequence[tuple[str, int, int]],
        after: Sequence[tuple[str, int, int]],
    ) -> None:
        with undone_afterwards():
            here = fresh(limited_world)
            for step in before:
                here.do(step)
            separate = merged(here)
            for step in meanwhile:
                here.do(step)
            separate()
            assert here.is_proved()
            for step in after:
                here.do(step)
                assert all(balance >= 0 for balance, _owed, _lots in here.points())
            here.bring_everything_back()

            assert [(balance, owed) for balance, owed, _lots in here.points()] == [(0, 0), (0, 0)]
            assert here.is_proved()

    check()


def stay_proved_over_years(world: World) -> None:
    """Check that every proof is clean however long two stay merged, and whatever they do afterwards."""

    @PATIENT
    @given(
        before=st.lists(st.one_of(steps, times), max_size=8),
        meanwhile=st.lists(st.one_of(steps, times), max_size=8),
        after=st.lists(st.one_of(steps, times), max_size=4),
    )
    def check(
        before: Sequence[tuple[str, int, int]],
        meanwhile: Sequence[tuple[str, int, int]],
        after: Sequence[tuple[str, int, int]],
    ) -> None:
        with undone_afterwards():
            here = fresh(world)
            for step in before:
                here.do(step)
            separate = merged(here)
            for step in meanwhile:
                here.do(step)
            assert here.is_proved()
            separate()
            assert here.is_proved()
            for step in after:
                here.do(step)
            assert here.is_proved()

    check()


def test_years_may_pass_before_two_are_separated(world: World) -> None:
    stay_proved_over_years(world)


def test_years_may_pass_under_limits_and_counts(limited_world: World) -> None:
    stay_proved_over_years(limited_world)
