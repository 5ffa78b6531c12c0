"""Lives go on: one programme follows the other, by any terms, and is reversed, abandoned or closed."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.jobs import StepOutcome
from loyalty.models import RoundedOver, Rounding, SpendingPermission, Succession, SuccessionState
from loyalty.succession.errors import (
    DayIsOver,
    LateReturnsStillCome,
    NotRehearsed,
    NotRunning,
    SuccessionUnderWay,
    TermsFixed,
    WalkUnderWay,
)
from loyalty.succession.service import (
    TermsOfSuccession,
    abandon_succession,
    begin_rehearsal,
    begin_succession,
    change_terms,
    close_succession,
    extend_late_returns,
    follow_up,
    prepare_succession,
    reverse_succession,
)
from tests.loyalty.life_books import FORMER, NEW, OLD, Days, Key
from tests.loyalty.life_machine import FOLLOWED, PEOPLE, START, people, places
from tests.loyalty.life_machine_purchases import Shopped, amounts, shopped
from tests.loyalty.life_machine_staff import StaffMachine


class Terms(NamedTuple):
    """New points for old ones, how and over what they are rounded, and for how many days late lines come."""

    rate: tuple[int, int]
    rounding: str
    over: str
    days: int


class Meanwhile(NamedTuple):
    """A deed while two are one or a succession runs: what is bought, or which one it is about."""

    deed: str
    shopped: Shopped
    place: int


PREPARED = (SuccessionState.DRAFT, SuccessionState.REHEARSING, SuccessionState.REHEARSED)

MEANWHILE = ("shop", "bring back", "bring back", "order", "cancel", "minutes", "over")
DEEDS = ("walk", "prepare", "rehearse", "begin", "extend", "walk", "abandon")
MAY_RUN = ("", *PREPARED, *FORMER)

agreed = st.builds(
    Terms,
    st.sampled_from(((1, 1), (1, 1), (1, 3), (3, 2), (10, 1))),
    st.sampled_from(Rounding.values),
    st.sampled_from(RoundedOver.values),
    st.sampled_from((5, 60, 500)),
)

of_the_old_programme = st.builds(
    Meanwhile,
    st.sampled_from(("shop", "shop", "bring back", "bring back", "time")),
    st.builds(Shopped, people, st.just(OLD), amounts, st.sampled_from((0, 1, 300, 500))),
    places,
)
TOLD = ("now", "books", "purchases", "last_entry")
"""What the machine knows that changes by such deeds."""

Holding = dict[Key, tuple[int, int, dict[Days, int]]]
Deed = Callable[[], None]


class WholeLifeMachine(StaffMachine):
    """Adds a succession."""

    @property
    def state(self) -> str:
        """How far the latest succession has come; nothing when there is none."""
        found = self.succession()
        return found.state if found is not None else ""

    def own(self) -> Succession:
        """Return the latest succession, which there is."""
        found = self.succession()
        assert found is not None
        return found

    @rule(terms=agreed, deed=st.sampled_from(DEEDS))
    def go_on_with_a_succession(self, terms: Terms, deed: str) -> None:
        """Take a single step with a succession, whether it is the turn of that or not."""
        if deed == "prepare":
            self.prepare(terms)
        elif self.state:
            steps: dict[str, Deed] = {
                "rehearse": self.rehearse,
                "begin": self.begin,
                "walk": self.walk_a_chunk,
                "extend": lambda: self.extend(terms.days),
                "abandon": self.abandon,
            }
            steps[deed]()

    @precondition(lambda self: self.stands in MAY_RUN)
    @rule(terms=agreed, walks=st.booleans())
    def let_it_run(self, terms: Terms, *, walks: bool) -> None:
        """Prepare, rehearse and begin at once, and perhaps go through the first walk."""
        self.prepare(terms)
        self.rehearse()
        self.walk_to_the_end()
        self.begin()
        if walks:
            self.walk_to_the_end()

    def prepare(self, terms: Terms) -> None:
        """Write down terms, or others."""
        written: TermsOfSuccession = {
            "new_points": terms.rate[0],
            "old_points": terms.rate[1],
            "rounding": terms.rounding,
            "rounded_over": terms.over,
            "late_returns_until": self.today + timedelta(days=terms.days),
        }
        if self.state in PREPARED:
            change_terms(succession=self.own(), terms=written, at=self.at())
            self.done("terms changed")
            return
        old, new = self.programme(OLD), self.programme(NEW)
        try:
            prepare_succession(source=old, target=new, terms=written, at=self.at())
        except SuccessionUnderWay:
            assert self.state not in {"", *FORMER}
        else:
            self.done("prepared")

    def rehearse(self) -> None:
        """Rehearse what is prepared; no point moves."""
        before = self.holding()
        try:
            begin_rehearsal(succession=self.own(), at=self.at())
        except TermsFixed:
            assert self.state not in PREPARED
            return
        self.walk_on(self.own())
        assert self.holding() == before
        self.done("rehearsal")

    def begin(self) -> None:
        """Let a rehearsed succession run."""
        try:
            begin_succession(succession=self.own(), at=self.at())
        except NotRehearsed:
            assert self.state != SuccessionState.REHEARSED
        except DayIsOver:
            until = self.own().late_returns_until
            assert until is not None
            assert until < self.today
        else:
            self.done("begun")

    def walk_to_the_end(self) -> None:
        """Let a walk end."""
        while self.walk_on(self.own()) is StepOutcome.MORE:
            pass

    def walk_a_chunk(self) -> None:
        """Go on with a walk, or begin the next one where the programme is followed."""
        try:
            follow_up(succession=self.own(), at=self.at())
        except NotRunning:
            assert self.state not in FOLLOWED
        if self.walk_on(self.own()) is not StepOutcome.NOTHING:
            self.done("chunk of a walk")

    def extend(self, days: int) -> None:
        """Take late lines for longer."""
        until = self.today + timedelta(days=days)
        try:
            extend_late_returns(succession=self.own(), until=until, at=self.at())
        except NotRunning:
            assert self.state != SuccessionState.RUNNING
        else:
            self.done("extended")

    def abandon(self) -> None:
        """Give up a succession that never ran."""
        try:
            abandon_succession(succession=self.own(), at=self.at())
        except TermsFixed:
            assert self.state not in {*PREPARED, SuccessionState.ABANDONED}
        else:
            self.done("abandoned")

    @precondition(lambda self: self.stands == SuccessionState.RUNNING)
    @rule(walks=st.booleans())
    def reverse(self, *, walks: bool) -> None:
        """Give everything back."""
        reverse_succession(succession=self.own(), at=self.at())
        self.done("reversal")
        if walks:
            self.walk_to_the_end()
            assert self.state == SuccessionState.REVERSED

    @precondition(lambda self: self.stands == SuccessionState.RUNNING)
    @rule(waits=st.booleans(), walks=st.booleans())
    def close(self, *, waits: bool, walks: bool) -> None:
        """Close the old programme for good, once the last day is over and the first walk as well."""
        until = self.own().late_returns_until
        assert until is not None
        if waits:
            self.sweep()
            self.now += max(timedelta(0), timedelta(days=1) + (until - self.today))
        try:
            close_succession(succession=self.own(), at=self.at())
        except WalkUnderWay:
            assert not waits
            return
        except LateReturnsStillCome:
            assert self.today <= until
            return
        self.done("closed")
        if walks:
            self.walk_to_the_end()
            self.note_settled()
            assert self.state == SuccessionState.CLOSED

    def holding(self) -> Holding:
        """Return what each account that is not empty holds and owes."""
        return {
            key: (one.balance, one.owed, dict(one.live))
            for key, one in self.accounts().items()
            if one.balance or not one.is_empty
        }

    @rule(
        deeds=st.lists(st.sampled_from(("merge", "run")), min_size=1, max_size=2, unique=True),
        meanwhile=st.lists(st.builds(Meanwhile, st.sampled_from(MEANWHILE), shopped, places), max_size=6),
        person=people,
        terms=agreed,
        last_first=st.booleans(),
    )
    def go_there_and_back(
        self, deeds: list[str], meanwhile: list[Meanwhile], person: int, terms: Terms, *, last_first: bool
    ) -> None:
        """Merge two members, or let the succession run, or both, and undo both, in whatever order.

        Where nothing happened meanwhile all is as it was.
        """
        self.sweep()
        self.expire()
        before, permissions = self.holding(), self.permissions()
        undoing = self.go_there(deeds, person, terms)
        if not undoing:
            return
        for one in meanwhile:
            self.do(one)
            self.every_balance_is_what_its_book_says()
        for undo in undoing[::-1] if last_first else undoing:
            undo()
            self.every_balance_is_what_its_book_says()
        if not meanwhile:
            assert self.holding() == before
            assert self.permissions() == permissions
        self.done(f"there and back, {'meanwhile' if meanwhile else 'at once'}: {len(undoing)}")

    @precondition(lambda self: self.stands in MAY_RUN)
    @rule(meanwhile=st.lists(of_the_old_programme, min_size=1, max_size=6), terms=agreed)
    def reverse_as_if_nothing_had_moved(self, meanwhile: list[Meanwhile], terms: Terms) -> None:
        """Let the succession run, go on, and reverse it: the old programme is as if there had been none.

        What comes late moves before the next deed, all but the last.
        """
        self.sweep()
        self.expire()
        # At noon, so that it is the same day in both worlds.
        self.now += timedelta(days=1) + (START - self.now) % timedelta(days=1)
        expected, starts = self.as_if_nothing_moved(meanwhile)
        self.let_it_run(terms, walks=True)
        for one, start in zip(meanwhile, starts, strict=True):
            self.now = max(self.now, start)
            self.do(one)
            if one is not meanwhile[-1]:
                self.sweep()
            self.every_balance_is_what_its_book_says()
        until = self.own().late_returns_until
        assert until is not None
        self.reverse(walks=True)
        # Whoever left and loses their points loses within minutes what came last.
        self.sweep()
        self.expire()
        if self.today <= until:
            assert self.holding_of_old() == expected
            self.done("as if nothing had moved")

    def as_if_nothing_moved(
        self, meanwhile: list[Meanwhile]
    ) -> tuple[list[tuple[Key, int, int]], list[datetime]]:
        """Return what the old programme holds after some deeds, and when each began, and take them back."""
        kept = copy.deepcopy({name: getattr(self, name) for name in TOLD})
        starts = []
        self.now += timedelta(hours=1)
        with transaction.atomic():
            for one in meanwhile:
                starts.append(self.now)
                self.do(one)
                self.sweep()
            self.expire()
            expected = self.holding_of_old()
            transaction.set_rollback(True)
        for name, value in kept.items():
            setattr(self, name, value)
        return expected, starts

    def holding_of_old(self) -> list[tuple[Key, int, int]]:
        """Return the balances of the programme that ends, and what is owed there."""
        return [(key, *one[:2]) for key, one in sorted(self.holding().items()) if key.side == OLD]

    def go_there(self, deeds: list[str], person: int, terms: Terms) -> list[Deed]:
        """Do what can be done of the two; return what undoes it."""
        other = (person + 1) % len(PEOPLE)
        undoing: list[Deed] = []
        for deed in deeds:
            if deed == "run" and self.state in MAY_RUN:
                self.let_it_run(terms, walks=True)
                undoing.append(lambda: self.reverse(walks=True))
            elif deed == "merge" and self.merged(person, other, None):
                undoing.append(lambda: self.separated(other, None))
        return undoing

    def do(self, one: Meanwhile) -> None:
        """Do one of the deeds that happen while two are one or a succession runs."""
        deeds: dict[str, Deed] = {
            "shop": lambda: self.shop([one.shopped]),
            "bring back": lambda: self.bring_some_back(one),
            "order": lambda: self.order(one.place, one.place % 3, together=False),
            "cancel": lambda: self.cancel(one.place) if self.orders else None,
            "minutes": self.some_minutes_pass,
            "time": lambda: self.time_passes(one.place % 400, 3, has_night=one.place % 2 == 0),
            "over": lambda: self.points_are_over(one.place, has_night=one.place % 2 == 0),
        }
        deeds[one.deed]()

    def bring_some_back(self, one: Meanwhile) -> None:
        """Bring back a purchase, or a part of it, if there is one."""
        if self.purchases:
            self.bring_back(one.place, one.shopped.cents, is_whole=one.place % 2 == 0)

    def permissions(self) -> list[tuple[int, int]]:
        """Return who may spend whose points."""
        rows = SpendingPermission.objects.filter(ended_at__isnull=True)
        return sorted(rows.values_list("giver__account", "spender__account"))
