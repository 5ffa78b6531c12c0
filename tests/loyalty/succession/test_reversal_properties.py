"""A reversal ends as if nothing had ever moved, whatever came late, was merged or expired meanwhile.

EXAMPLES_TIMES asks for more histories than usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from loyalty.dates import local_date
from loyalty.expiry.service import expire_points
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import Succession
from loyalty.succession.service import reverse_succession
from members.models import MemberMerge
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, make_cardholder
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    make_programmes,
    new_account,
    prepare,
    run,
    terms,
    walk,
)
from tests.patience import patient
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

LONG_AGO = NOW - timedelta(days=3 * 365 - 30)
LATER = NOW + timedelta(days=60)

people, euros = st.sampled_from((0, 1)), st.integers(1, 40)
BUY = st.tuples(st.just("buy"), people, euros)
BUY_OLD = st.tuples(st.just("buy_what_is_over_soon"), people, euros)
BUY_NEW = st.tuples(st.just("buy_in_the_new_programme"), people, euros)
BRING_BACK = st.tuples(st.just("bring_back"), st.integers(0, 9), euros)
Step = tuple[str, int, int]
Points = list[tuple[int, int]]
"""Balance and points owed of both in the old programme, then of both in the new one."""


@dataclass
class World:
    """Two members in a programme that another follows, or in a world where nothing ever moves."""

    programmes: Programmes
    people: Sequence[Cardholder]
    succession: Succession | None = None
    merge: MemberMerge | None = None
    now: datetime = NOW
    bought: list[tuple[int, str]] = field(default_factory=list)

    def do(self, steps: Sequence[Step]) -> None:
        """Do one after the other; what came late moves after each."""
        for name, number, euros in steps:
            getattr(self, name)(number, euros)
            if self.succession is not None:
                self.succession = follow(self.succession, at=self.now)

    def buy(self, person: int, euros: int, *, purchased_at: datetime = NOW) -> None:
        """Buy in the old programme."""
        reference = f"P{len(self.bought)}"
        token = self.people[person].card.token
        buy(
            self.programmes.old,
            token,
            euros=euros,
            reference=reference,
            purchased_at=purchased_at,
            at=self.now,
        )
        self.bought.append((person, reference))

    def buy_what_is_over_soon(self, person: int, euros: int) -> None:
        """Buy there, long ago."""
        self.buy(person, euros, purchased_at=LONG_AGO)

    def buy_in_the_new_programme(self, person: int, euros: int) -> None:
        """Buy in the new programme."""
        buy(self.programmes.new, self.people[person].card.token, euros=euros, at=self.now)

    def bring_back(self, number: int, euros: int) -> None:
        """Bring back a part of a purchase."""
        if self.bought:
            person, reference = self.bought[number % len(self.bought)]
            token = self.people[person].card.token
            bring_back(self.programmes.old, token, reference=reference, euros=euros, at=self.now)

    def merge_both(self, _number: int, _euros: int) -> None:
        """Let one lead to the other."""
        survivor, merged = (one.member for one in self.people)
        self.merge = merge_members(survivor=survivor, merged=merged, at=self.now)

    def expire(self, _number: int, _euros: int) -> None:
        """Let two months pass, and what is over expire."""
        self.now = LATER
        for programme in (self.programmes.old, self.programmes.new):
            expire_points(programme=programme, as_of=local_date(self.now, PARIS), at=self.now)

    def end(self) -> tuple[Points, Points]:
        """Reverse and look; then separate the two and look at what is owed and at the new programme."""
        if self.succession is not None:
            walk(reverse_succession(succession=self.succession, at=self.now), at=self.now)
        follow_all(self.now)
        self.expire(0, 0)
        reversed_to = self.balances()
        assert self.merge is not None
        separate_members(merge=self.merge, at=self.now)
        self.expire(0, 0)
        separated = self.balances()
        return reversed_to, [(0, owed) for _balance, owed in separated[:2]] + separated[2:]

    def balances(self) -> Points:
        """Return all four, and prove the ledger."""
        with time_machine.travel(self.now, tick=False):
            assert broken_rules() == []
        old = [one.account for one in self.people]
        return [balance(one) for one in [*old, *(new_account(self.programmes, one) for one in old)]]


def played(
    before: Sequence[Step], since: Sequence[Step], rate: tuple[int, int] | None
) -> tuple[Points, Points]:
    """Play steps before and since the points moved, or without a rate where they never do."""
    with transaction.atomic():
        programmes = make_programmes()
        people = [make_cardholder(programmes.old, token=f"card-{number}") for number in range(2)]
        for one in people:
            new_account(programmes, one.account)
        world = World(programmes, people)
        world.do(before)
        if rate:
            world.succession = run(prepare(programmes, terms(*rate)))
        world.do(since)
        ended = world.end()
        transaction.set_rollback(True)
    return ended


@patient(12)
@given(
    before=st.lists(st.one_of(BUY, BUY_OLD, BUY_OLD, BRING_BACK), min_size=1, max_size=6),
    since=st.lists(st.one_of(BUY, BUY_OLD, BUY_NEW, BRING_BACK, BRING_BACK), max_size=6),
    merged_at=st.integers(0, 6),
    over_at=st.integers(0, 6),
    rate=st.sampled_from(((1, 1), (1, 3), (3, 2))),
)
def test_a_reversal_ends_as_if_nothing_had_ever_moved(
    before: Sequence[Step], since: Sequence[Step], merged_at: int, over_at: int, rate: tuple[int, int]
) -> None:
    steps = list(since)
    steps.insert(merged_at, ("merge_both", 0, 0))
    steps.insert(over_at, ("expire", 0, 0))
    assert played(before, steps, rate) == played(before, steps, None)
