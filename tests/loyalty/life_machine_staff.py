"""Lives go on: what staff give, take and bring back, alone or with the consent of a colleague."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment
from loyalty.adjustments.errors import (
    AlreadyDecided,
    ApprovalLapsed,
    LimitReached,
    MayNotApprove,
    NotReinstatable,
    OwnRequest,
)
from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.requests import request_adjustment, request_reinstatement
from loyalty.errors import MemberLeft
from loyalty.models import AdjustmentKind, AdjustmentRequest, AdjustmentState, PointAccount
from tests.loyalty.adjusting import SAID, reason_of
from tests.loyalty.life_books import YEARS, Key, years_after
from tests.loyalty.life_machine import people, places, sides
from tests.loyalty.life_machine_people import PeopleMachine

AGENT, MANAGER, OTHER_MANAGER = 0, 1, 2
colleagues = st.sampled_from((AGENT, MANAGER, OTHER_MANAGER))
AGAIN = timedelta(days=60)
"""How long points that expired live once they are brought back."""

REASONS = ("thanks", "missing-offer", "counted-twice")


@dataclass(frozen=True)
class Asked:
    """A request, who made it and what it would give to whom, or take below zero."""

    request: AdjustmentRequest
    by: int
    person: int
    side: int
    points: int


class StaffMachine(PeopleMachine):
    """Adds what staff do to points."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Asked] = []
        self.asked = 0

    def note(self, request: AdjustmentRequest, by: int, side: int, points: int) -> None:
        """Write down what was posted at once; keep what waits for a colleague."""
        asked = Asked(request, by, self.owner(request.account), side, points)
        if request.state == AdjustmentState.POSTED:
            self.post(asked)
            self.done("request posted at once")
        else:
            self.requests.append(asked)
            self.done("request waits")

    def post(self, asked: Asked) -> None:
        """Write a request into its book."""
        assert asked.request.points == asked.points
        if asked.points < 0:
            self.books.add(asked.person, asked.side, asked.points)
            return
        if asked.request.kind == AdjustmentKind.REINSTATEMENT:
            # Whoever had lost them gets them, and keeps them when two are separated.
            for one in asked.request.entries.select_related("entry__account"):
                self.books.give(
                    self.owner(one.entry.account), asked.side, one.entry.points, self.today + AGAIN
                )
        else:
            last_day = years_after(self.today, YEARS[asked.side])
            self.books.give(asked.person, asked.side, asked.points, last_day)

    def key(self) -> str:
        """Return a key of its own for a request."""
        self.asked += 1
        return f"request {self.asked}"

    def asked_for(
        self,
        ask: Callable[..., AdjustmentRequest],
        account: PointAccount,
        code: str,
        by: int,
        **what: object,
    ) -> AdjustmentRequest | None:
        """Return what a colleague asks for, or nothing where it is refused."""
        try:
            return ask(
                account=account,
                reason=reason_of(account.programme, code),
                comment=SAID,
                actor=self.world.colleagues[by],
                request_key=self.key(),
                at=self.at(),
                **what,
            )
        except MemberLeft:
            assert account.left_on is not None
        except LimitReached:
            pass
        return None

    @rule(
        whose=st.builds(Key, people, sides),
        code=st.sampled_from(REASONS),
        points=st.one_of(st.integers(1, 40), st.sampled_from((290, 900))),
        by=colleagues,
        decides=st.sampled_from((None, None, True, False)),
    )
    def ask(self, whose: Key, code: str, points: int, by: int, *, decides: bool | None) -> None:
        """Ask for points to be given or taken; what one may not do alone, another may decide on at once."""
        account = self.account(*whose)
        if account is None:
            return
        request = self.asked_for(request_adjustment, account, code, by, points=points)
        if request is None:
            return
        self.note(request, by, whose.side, -points if code == "counted-twice" else points)
        if decides is not None and self.requests:
            self.decide_on(self.requests[-1], MANAGER if by != MANAGER else OTHER_MANAGER, consents=decides)

    @rule(place=places, by=colleagues)
    def ask_to_reinstate(self, place: int, by: int) -> None:
        """Ask for points of somebody to live again that expired lately, if there are any."""
        keys = [key for key in self.accounts() if key.person not in self.leads]
        asked = [(key.side, self.account(*key)) for key in keys]
        lately = [(side, one, reinstatable_expiries(one, at=self.now)) for side, one in asked if one]
        choice = [(side, one, found) for side, one, found in lately if found]
        if not choice:
            return
        side, account, found = choice[place % len(choice)]
        chosen = found[: 1 + place % len(found)]
        expiries = [one.entry_id for one in chosen]
        request = self.asked_for(request_reinstatement, account, "our-mistake", by, expiry_ids=expiries)
        if request is None:
            return
        self.note(request, by, side, sum(one.points for one in chosen))
        self.done("reinstatement asked for")

    @precondition(lambda self: self.requests)
    @rule(place=places, by=colleagues, consents=st.booleans())
    def decide(self, place: int, by: int, *, consents: bool) -> None:
        """Let a colleague approve a request or decline it."""
        self.decide_on(self.requests[place % len(self.requests)], by, consents=consents)

    def decide_on(self, asked: Asked, by: int, *, consents: bool) -> None:
        """Let a colleague decide on a request, if they may."""
        decision = approve_adjustment if consents else decline_adjustment
        try:
            decided = decision(
                request=asked.request, actor=self.world.colleagues[by], comment=SAID, at=self.at()
            )
        except MayNotApprove:
            assert by == AGENT
        except OwnRequest:
            assert by == asked.by
        except (ApprovalLapsed, AlreadyDecided):
            self.requests.remove(asked)
        except (MemberLeft, LimitReached, NotReinstatable):
            assert consents
        else:
            self.requests.remove(asked)
            if decided.state == AdjustmentState.POSTED:
                self.post(asked)
            self.done("approved" if consents else "declined")
