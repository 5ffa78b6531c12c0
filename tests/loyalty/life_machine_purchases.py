"""Lives go on: purchases and returns in both programmes, early, late, or with a card not known yet."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from loyalty.dates import local_date
from loyalty.models import Programme, Purchase, PurchaseState
from loyalty.purchases.lines import Outcome, PurchaseLine
from loyalty.purchases.places import known_cards
from loyalty.purchases.reasons import Reason
from members.services.cardholders import CardholderLine, record_cardholders
from tests.factories import PARIS, make_line, make_return_line
from tests.loyalty.life_books import NEW, OLD
from tests.loyalty.life_machine import START, LifeMachine, people, places, sides

LATE_CARD = "card-that-comes-late"

amounts = st.integers(1, 60).map(lambda euros: euros * 100 + 37)


class Shopped(NamedTuple):
    """What somebody buys where, and how many days later it is reported."""

    person: int
    side: int
    cents: int
    days_late: int


late = st.sampled_from((0, 0, 0, 1, 30, 300, 500))
shopped = st.builds(Shopped, people, sides, amounts, late)
waits = st.tuples(*[st.sampled_from((0, 0, 14, 90))] * 2)


@dataclass
class Bought:
    """A purchase, whose card paid it, and the returns of it that were told and do not count yet."""

    person: int
    side: int
    line: PurchaseLine
    is_told: bool = True
    is_counted: bool = False
    returned_cents: int = 0
    waiting: list[PurchaseLine] = field(default_factory=list)

    @property
    def earned(self) -> int:
        """The points of the whole purchase."""
        return self.line.amount_cents // 100

    @property
    def bought_on(self) -> date:
        """The day of the purchase in Paris."""
        return local_date(self.line.purchased_at, PARIS)

    def bring_back(self, cents: int) -> int:
        """Count another return; return the points that it takes back."""
        before = max(0, self.line.amount_cents - self.returned_cents) // 100
        self.returned_cents += cents
        return before - max(0, self.line.amount_cents - self.returned_cents) // 100


class PurchaseMachine(LifeMachine):
    """Adds what the partners report."""

    def __init__(self) -> None:
        super().__init__()
        self.purchases: list[Bought] = []
        self.is_late_card_known = False

    def report(self, bought: Bought) -> None:
        """Report a purchase and look at its verdict; returns that waited for it are settled with it."""
        token = bought.line.card_token
        is_known = token in known_cards(self.programme(bought.side), [token])
        person = bought.person if is_known else None
        reason = self.refusal(bought.side, bought.bought_on, person=person)
        verdict = self.deliver(bought.line, bought.side)
        bought.is_told = True
        if reason:
            assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, reason)
            self.purchases.remove(bought)
            self.done(f"purchase refused: {reason}")
        elif is_known:
            assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, bought.earned)
            self.done("purchase")
        else:
            assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_CARD)
            self.done("purchase waits")
        self.note_settled()

    def note_settled(self) -> None:
        """Write into the books what had waited and counts by now."""
        told = [one for one in self.purchases if one.waiting or (one.is_told and not one.is_counted)]
        references = [line.reference for one in told for line in (one.line, *one.waiting)]
        rows = Purchase.objects.filter(reference__in=references).order_by("pk")
        states = dict(rows.values_list("reference", "state"))
        for bought in told:
            if bought.is_told and not bought.is_counted:
                self.note_purchase(bought, states[bought.line.reference])
            for line in list(bought.waiting):
                self.note_return(bought, line, states[line.reference])

    def note_purchase(self, bought: Bought, state: int) -> None:
        """Write a purchase into its book once it counts; forget one that was refused while it waited."""
        if state == PurchaseState.ACCEPTED:
            bought.is_counted = True
            last_day = self.last_day(bought.bought_on, bought.side)
            self.books.give(bought.person, bought.side, bought.earned, last_day)
        elif state == PurchaseState.REJECTED:
            assert self.refusal(bought.side, bought.bought_on, person=bought.person)
            self.purchases.remove(bought)

    def note_return(self, bought: Bought, line: PurchaseLine, state: int) -> None:
        """Do the same with a return."""
        if state == PurchaseState.PARKED:
            return
        bought.waiting.remove(line)
        if state == PurchaseState.ACCEPTED:
            assert bought.is_counted
            self.books.add(bought.person, bought.side, -bought.bring_back(line.amount_cents))
            self.done("early return settled")
        else:
            is_refused = self.refusal(bought.side, bought.bought_on, person=bought.person)
            assert is_refused or line.amount_cents > bought.line.amount_cents

    @initialize(days=waits, shopping=st.lists(shopped, min_size=2, max_size=6))
    def begin_life(self, days: tuple[int, int], shopping: list[Shopped]) -> None:
        """Let everybody have bought something before; the programmes say for how long points wait."""
        for side in (OLD, NEW):
            programme = Programme.objects.filter(pk=self.world.programmes[side])
            programme.update(days_until_available=days[side])
        self.shop(shopping)

    @rule(shopping=st.lists(shopped, min_size=1, max_size=3))
    def shop(self, shopping: list[Shopped]) -> None:
        """Report purchases, at once or late."""
        for one in shopping:
            purchased_at = self.now - timedelta(days=one.days_late)
            line = make_line(self.world.tokens[one.person], cents=one.cents, purchased_at=purchased_at)
            self.purchases.append(Bought(one.person, one.side, line))
            self.report(self.purchases[-1])

    @rule(one=shopped, returned_cents=amounts, is_told_twice=st.booleans())
    def buy_and_bring_back(self, one: Shopped, returned_cents: int, *, is_told_twice: bool) -> None:
        """Report a purchase, perhaps twice, and the return of a part of it or of too much."""
        self.shop([one])
        if self.purchases and self.purchases[-1].is_told:
            bought = self.purchases[-1]
            if is_told_twice and bought.is_counted:
                verdict = self.deliver(bought.line, bought.side)
                assert (verdict.outcome, verdict.points) == (Outcome.DUPLICATE, 0)
                self.done("told twice")
            self.report_return(bought, returned_cents)

    @rule(person=people, side=sides, cents=amounts, returned_cents=amounts)
    def return_before_the_purchase_is_reported(
        self, person: int, side: int, cents: int, returned_cents: int
    ) -> None:
        """Report a return before its purchase: it waits, unless it comes too late for the programme."""
        line = make_line(self.world.tokens[person], cents=cents, purchased_at=self.now)
        bought = Bought(person, side, line, is_told=False)
        self.report_return(bought, returned_cents)
        if bought.waiting:
            self.purchases.append(bought)

    @precondition(lambda self: any(not one.is_told for one in self.purchases))
    @rule(place=places)
    def report_the_purchase_of_an_early_return(self, place: int) -> None:
        """Report the purchase: its return is settled with it."""
        untold = [one for one in self.purchases if not one.is_told]
        self.report(untold[place % len(untold)])

    @precondition(lambda self: not self.is_late_card_known)
    @rule(side=sides, cents=amounts)
    def buy_with_a_card_not_known_yet(self, side: int, cents: int) -> None:
        """Report a purchase with a card that the issuer has not sent yet: it waits."""
        line = make_line(LATE_CARD, cents=cents, purchased_at=self.now)
        self.purchases.append(Bought(1, side, line))
        self.report(self.purchases[-1])

    @precondition(lambda self: not self.is_late_card_known and self.waits_for_the_card())
    @rule()
    def the_card_comes(self) -> None:
        """Let the issuer list the card for Bob, who may lead to somebody by now: what waited is settled."""
        member = self.world.members[1]
        line = CardholderLine(
            card_token=LATE_CARD,
            card_last4="4711",
            card_product="visa",
            card_status="active",
            member_reference=member.reference,
            last_name=member.last_name,
            first_name=member.first_name,
        )
        record_cardholders([line], issuer=member.issuer, on=START.date(), at=self.at())
        self.is_late_card_known = True
        self.done("card came")
        self.sweep()

    def waits_for_the_card(self) -> bool:
        """Say whether a purchase waits for the card."""
        return any(one.line.card_token == LATE_CARD for one in self.purchases)

    @precondition(lambda self: self.purchases)
    @rule(place=places, cents=amounts, is_whole=st.booleans())
    def bring_back(self, place: int, cents: int, *, is_whole: bool) -> None:
        """Report that part of a purchase, all of it or too much came back."""
        bought = self.purchases[place % len(self.purchases)]
        cents = bought.line.amount_cents if is_whole else cents
        self.report_return(bought, cents)

    def report_return(self, bought: Bought, cents: int) -> None:
        """Report a return and look at its verdict."""
        line = make_return_line(
            bought.line.card_token,
            original_reference=bought.line.reference,
            cents=cents,
            returned_at=self.now,
        )
        verdict = self.deliver(line, bought.side)
        if self.refusal(bought.side, self.today):
            assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.PROGRAMME_CLOSED)
        elif not bought.is_counted:
            assert verdict.outcome is Outcome.PARKED
            bought.waiting.append(line)
        elif cents > bought.line.amount_cents:
            assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.RETURN_ABOVE_PURCHASE)
        else:
            points = bought.bring_back(cents)
            assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, -points)
            self.books.add(bought.person, bought.side, -points)
            self.done("return")

    def check_that_nothing_is_left(self) -> None:
        """Check besides that nothing waits whose other half has come."""
        super().check_that_nothing_is_left()
        for bought in self.purchases:
            token = bought.line.card_token
            if bought.is_told and not bought.is_counted:
                assert token not in known_cards(self.programme(bought.side), [token])
            assert not (bought.is_counted and bought.waiting)
