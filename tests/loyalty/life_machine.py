"""Whole lives by the services alone: two programmes of one issuer, of which one follows the other.

Here are time, what runs in the background, and what holds after every step: each balance is what its book
says (`life_books.py`), and all proofs of `verify_ledger` are clean.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import time_machine
from django.db import transaction
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.jobs import StepOutcome
from loyalty.dates import local_date
from loyalty.enrolment import end_points_of_leavers
from loyalty.expiry.service import expire_points
from loyalty.merging.follow import follow_all
from loyalty.models import (
    LeavingPolicy,
    PointAccount,
    Programme,
    Succession,
    SuccessionState,
)
from loyalty.parked import settle_stray_lines
from loyalty.purchases.lines import LineVerdict, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.succession.service import follow_up
from loyalty.succession.walks import step_succession
from members.models import Member, MemberMerge, User
from tests.factories import PARIS
from tests.loyalty.life_books import (
    FORMER,
    NEW,
    OLD,
    YEARS,
    Account,
    Books,
    Key,
    Reader,
    check_conversions,
    check_what_ended,
    years_after,
)
from tests.proofs import violations

START = datetime(2024, 2, 20, 12, 0, tzinfo=UTC)
"""Shortly before a leap day."""

PEOPLE = (0, 1, 2)
A_SECOND, TEN_MINUTES = timedelta(seconds=1), timedelta(minutes=10)
FOLLOWED = (SuccessionState.RUNNING, SuccessionState.CLOSED)

people = st.sampled_from(PEOPLE)
sides = st.sampled_from((OLD, OLD, NEW))
places = st.integers(0, 1000)


@dataclass(frozen=True)
class World:
    """What every life starts from."""

    programmes: tuple[int, int]
    members: tuple[Member, ...]
    tokens: tuple[str, ...]
    colleagues: tuple[User, ...]
    prices: tuple[int, ...]


class LifeMachine(RuleBasedStateMachine):
    """Lives, and keeps books about it."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.books = Books()
        self.merges: dict[int, MemberMerge] = {}
        self.leads: dict[int, int] = {}
        self.last_entry = 0
        self.stands = ""
        members = tuple(member.pk for member in self.world.members)
        self.reader = Reader(members, self.world.programmes)
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()

    def teardown(self) -> None:
        """Leave the database as it was."""
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def done(self, deed: str) -> None:
        """Tell that a rule did something, for whoever counts (`--hypothesis-show-statistics`)."""
        event(deed)

    def at(self) -> datetime:
        """Return the instant of a deed: each takes a second."""
        self.now += A_SECOND
        return self.now

    @property
    def today(self) -> date:
        """The day in Paris."""
        return local_date(self.now, PARIS)

    def programme(self, side: int) -> Programme:
        """Return a programme as it is now."""
        return Programme.objects.get(pk=self.world.programmes[side])

    def account(self, person: int, side: int) -> PointAccount | None:
        """Return the account that a person's pages show, if they take part."""
        member = self.world.members[self.leads.get(person, person)]
        found = PointAccount.objects.select_related("programme", "member")
        return found.filter(member=member, programme=self.world.programmes[side]).first()

    def accounts(self) -> dict[Key, Account]:
        """Return all accounts as they are stored."""
        return self.reader.accounts(self.today)

    def succession(self) -> Succession | None:
        """Return the latest succession as it is now."""
        return Succession.objects.select_related("source", "target").order_by("-pk").first()

    def deliver(self, line: PurchaseLine, side: int) -> LineVerdict:
        """Report one line."""
        return record_purchases([line], programme=self.programme(side), at=self.at())[0]

    def refusal(self, side: int, bought_on: date, *, person: int | None = None) -> Reason:
        """Say why a line is refused, by the programme's own terms; a person where their card is known."""
        programme = self.programme(side)
        last = programme.lines_end_on
        if programme.closed_at is not None or (last is not None and last < self.today):
            return Reason.PROGRAMME_CLOSED
        if self.last_day(bought_on, side) < self.today:
            return Reason.OLDER_THAN_VALIDITY
        account = None if person is None else self.account(person, side)
        if account is not None and account.left_on is not None and account.left_on < bought_on:
            return Reason.MEMBER_LEFT
        return Reason.NONE

    def last_day(self, bought_on: date, side: int) -> date:
        """Return the last day of the points of a purchase."""
        return years_after(bought_on, YEARS[side])

    def note_settled(self) -> None:
        """Write into the books what had waited and counts by now; nothing where nobody buys."""

    def expire(self) -> None:
        """Run the nightly job, which may as well not have run."""
        for side in (OLD, NEW):
            expire_points(programme=self.programme(side), as_of=self.today, at=self.at())

    @rule(days=st.sampled_from((0, 0, 1, 30, 150)), hours=st.integers(3, 20), has_night=st.booleans())
    def time_passes(self, days: int, hours: int, *, has_night: bool) -> None:
        """Let time go on; what runs in the background has its turn before that."""
        self.sweep()
        self.now += timedelta(days=days, hours=hours)
        if has_night:
            self.expire()

    @rule(place=places, has_night=st.booleans())
    def points_are_over(self, place: int, *, has_night: bool) -> None:
        """Let time go on until some points are over that somebody has."""
        last_days = sorted({days[0] for one in self.accounts().values() for days in one.live})
        if last_days:
            last_day = last_days[place % len(last_days)]
            self.time_passes((last_day - self.today).days + 1, 3, has_night=has_night)
            self.done("points are over")

    @rule()
    def some_minutes_pass(self) -> None:
        """Let what runs in the background have its turn, on the same day."""
        self.sweep()
        self.done("some minutes")

    def sweep(self) -> None:
        """Let twenty minutes pass, in which all that runs in the background has its turn twice."""
        for _ in range(2):
            self.now += TEN_MINUTES
            settle_stray_lines(self.at())
            follow_all(self.at())
            end_points_of_leavers(self.at())
            succession = self.succession()
            if succession is not None:
                if succession.state in FOLLOWED and not succession.is_walking:
                    follow_up(succession=succession, at=self.at())
                while self.walk_on(succession) is StepOutcome.MORE:
                    pass
            self.note_settled()
        self.check_that_nothing_is_left()

    def walk_on(self, succession: Succession) -> StepOutcome:
        """Do a chunk of a walk, if one is under way."""
        if succession.state == SuccessionState.REVERSING:
            self.books.undo(self.today)
        outcome = step_succession(succession.pk, at=self.at())
        assert outcome is not StepOutcome.FAILED
        return outcome

    def check_that_nothing_is_left(self) -> None:
        """Check what holds once all that runs in the background has had its turn."""
        accounts, succession = self.accounts(), self.succession()
        for key, account in accounts.items():
            if key.person in self.leads:
                assert account.is_empty, key
            if account.policy == LeavingPolicy.LOST:
                assert not account.live, key
        if succession is not None and succession.state in FOLLOWED:
            for person in set(PEOPLE) - set(self.leads):
                old, new = accounts.get(Key(person, OLD)), accounts.get(Key(person, NEW))
                has_left = any(one.left_on is not None for one in (old, new) if one is not None)
                assert has_left or old is None or old.is_empty, person

    @invariant()
    def every_balance_is_what_its_book_says(self) -> None:
        """Compare balances and conversions with what was told; nobody owes who could pay."""
        accounts = self.accounts()
        self.books.check(self.reader, accounts, self.leads)
        for key, account in accounts.items():
            assert not (account.owed and account.live), key
        found = self.succession()
        check_conversions()
        self.last_entry = check_what_ended(self.last_entry, self.today)
        if found is None or found.state in FORMER or found.new_points == found.old_points:
            self.books.check_days(accounts)
        self.stands = found.state if found is not None else ""

    @invariant()
    def every_proof_is_clean(self) -> None:
        """Recompute everything."""
        with time_machine.travel(self.now, tick=False):
            found = violations()
        assert found == [], found
