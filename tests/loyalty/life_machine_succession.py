"""Lives go on: one programme follows the other, by any terms, and is reversed, abandoned or closed."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

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
from tests.loyalty.life_machine import FOLLOWED, people
from tests.loyalty.life_machine_staff import StaffMachine


class Terms(NamedTuple):
    """New points for old ones, how and over what they are rounded, and for how many days late lines come."""

    rate: tuple[int, int]
    rounding: str
    over: str
    days: int


PREPARED = (SuccessionState.DRAFT, SuccessionState.REHEARSING, SuccessionState.REHEARSED)

DEEDS = ("walk", "prepare", "rehearse", "begin", "extend", "walk", "abandon")
MAY_RUN = ("", *PREPARED, *FORMER)

agreed = st.builds(
    Terms,
    st.sampled_from(((1, 1), (1, 1), (1, 3), (3, 2), (10, 1))),
    st.sampled_from(Rounding.values),
    st.sampled_from(RoundedOver.values),
    st.sampled_from((5, 60, 500)),
)

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
        person=people,
        other=people,
        terms=agreed,
    )
    def go_there_and_back(self, deeds: list[str], person: int, other: int, terms: Terms) -> None:
        """Merge two members, or let the succession run, or both; then undo it: all is as it was."""
        self.sweep()
        self.expire()
        before, permissions = self.holding(), self.permissions()
        undoing: list[Deed] = []
        for deed in deeds:
            if deed == "merge" and person != other and not {person, other} & self.leads.keys():
                if self.merged(person, other, None):
                    undoing.append(lambda: self.separated(other, None))
            elif deed == "run" and self.state in MAY_RUN:
                self.let_it_run(terms, walks=True)
                undoing.append(lambda: self.reverse(walks=True))
        for undo in reversed(undoing):
            undo()
        assert self.holding() == before
        assert self.permissions() == permissions
        if undoing:
            self.done(f"there and back: {len(undoing)}")

    def permissions(self) -> list[tuple[int, int]]:
        """Return who may spend whose points."""
        rows = SpendingPermission.objects.filter(ended_at__isnull=True)
        return sorted(rows.values_list("giver__account", "spender__account"))
