"""The machine that does the same to the ledger and to a tiny model: purchases, returns, orders and expiries.

After every step both agree and all proofs of `verify_ledger` are clean.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import time_machine
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loyalty.dates import local_date
from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import Movement
from loyalty.ledger.post import post_batch
from loyalty.models import Entry, EntryKind, Lot, PointAccount, Programme
from loyalty.purchases.lines import LineVerdict, Outcome, PurchaseLine
from loyalty.purchases.reasons import Reason
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from loyalty.selectors.balance import balance_of
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import (
    Cardholder,
    make_card,
    make_line,
    make_return_line,
)
from tests.loyalty.points_model import Dates, ModelAccount, four_years_after
from tests.proofs import violations_between_strangers

START = datetime(2023, 12, 20, 12, 0, tzinfo=UTC)
"""Shortly before a leap day; sequences go on for years, over both changes of the clock."""

LATE_CARD = "card-that-comes-late"
PRICES = (1, 7, 20)

people = st.sampled_from((0, 1))
amounts = st.integers(1, 2500)
places = st.integers(0, 1000)


@dataclass(frozen=True)
class World:
    """What every sequence starts from."""

    programme: Programme
    cardholders: tuple[Cardholder, Cardholder]
    products: tuple[GiftCardProduct, ...]


@dataclass(frozen=True)
class Bought:
    """A purchase, delivered or not yet, and whose it is."""

    person: int
    line: PurchaseLine


class LedgerMachine(RuleBasedStateMachine):
    """Does the same to the ledger and to the model."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.models = (ModelAccount(), ModelAccount())
        self.now = START
        self.delivered: list[PurchaseLine] = []
        self.counted: list[Bought] = []
        self.undelivered: list[Bought] = []
        self.waiting: list[Bought] = []
        self.early_returns: dict[str, list[int]] = {}
        self.is_late_card_known = False
        self.orders: list[tuple[int, Order]] = []
        self.world.programme.days_until_available = 0
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()

    def teardown(self) -> None:
        """Leave the database as it was."""
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @property
    def today(self) -> date:
        """The day in Paris."""
        return local_date(self.now, self.world.programme.zone)

    def token_of(self, person: int) -> str:
        """Return the card of a person."""
        return self.world.cardholders[person].card.token

    def deliver(self, line: PurchaseLine) -> LineVerdict:
        """Record one line."""
        self.delivered.append(line)
        return record_purchases([line], programme=self.world.programme, at=self.now)[0]

    def count(self, bought: Bought) -> int:
        """Let the model earn a purchase, less what was returned before it came; return the points earned."""
        model = self.models[bought.person]
        bought_on = local_date(bought.line.purchased_at, self.world.programme.zone)
        waiting = timedelta(days=self.world.programme.days_until_available)
        dates = Dates(four_years_after(bought_on), bought_on + waiting)
        points = model.buy(bought.line.reference, bought.line.amount_cents, dates, self.today)
        for cents in self.early_returns.pop(bought.line.reference, []):
            if cents <= bought.line.amount_cents:
                model.bring_back(bought.line.reference, cents, self.today)
        self.counted.append(bought)
        return points

    @rule(person=people, cents=amounts, days_late=st.sampled_from((0, 0, 1, 30, 400)))
    def buy(self, person: int, cents: int, days_late: int) -> None:
        """Report a purchase at once or late."""
        purchased_at = self.now - timedelta(days=days_late)
        line = make_line(self.token_of(person), cents=cents, purchased_at=purchased_at)
        verdict = self.deliver(line)
        points = self.count(Bought(person, line))
        assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, points)

    @rule(person=people, cents=amounts, returned_cents=amounts)
    def return_before_the_purchase_is_reported(self, person: int, cents: int, returned_cents: int) -> None:
        """Report a return before its purchase: it waits."""
        bought = Bought(person, make_line(self.token_of(person), cents=cents, purchased_at=self.now))
        verdict = self.deliver(self.return_line(bought, returned_cents))
        assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_PURCHASE)
        self.early_returns[bought.line.reference] = [returned_cents]
        self.undelivered.append(bought)

    @precondition(lambda self: self.undelivered)
    @rule(place=places)
    def report_the_purchase_of_an_early_return(self, place: int) -> None:
        """Report the purchase: its return is settled with it. One that comes after years earns nothing."""
        bought = self.undelivered.pop(place % len(self.undelivered))
        verdict = self.deliver(bought.line)
        bought_on = local_date(bought.line.purchased_at, self.world.programme.zone)
        if four_years_after(bought_on) < self.today:
            assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.OLDER_THAN_VALIDITY)
            self.delivered.pop()
        else:
            assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, self.count(bought))

    @precondition(lambda self: not self.is_late_card_known)
    @rule(cents=amounts)
    def buy_with_a_card_not_known_yet(self, cents: int) -> None:
        """Report a purchase with a card that the issuer has not sent yet: it waits."""
        bought = Bought(1, make_line(LATE_CARD, cents=cents, purchased_at=self.now))
        verdict = self.deliver(bought.line)
        assert (verdict.outcome, verdict.reason) == (Outcome.PARKED, Reason.UNKNOWN_CARD)
        self.waiting.append(bought)

    @precondition(lambda self: self.waiting)
    @rule(place=places, cents=amounts)
    def return_what_waits(self, place: int, cents: int) -> None:
        """Report the return of a purchase that waits: it waits as well."""
        bought = self.waiting[place % len(self.waiting)]
        verdict = self.deliver(self.return_line(bought, cents))
        assert verdict.outcome is Outcome.PARKED
        self.early_returns.setdefault(bought.line.reference, []).append(cents)

    @precondition(lambda self: self.waiting)
    @rule()
    def the_card_comes(self) -> None:
        """Import the card: all that waited for it is settled."""
        make_card(member=self.world.cardholders[1].member, token=LATE_CARD)
        self.is_late_card_known = True
        while settle_parked(programme=self.world.programme, at=self.now):
            pass
        returns = {
            bought.line.reference: self.early_returns.pop(bought.line.reference, [])
            for bought in self.waiting
        }
        for bought in self.waiting:
            self.count(bought)
        for line in self.delivered:
            for bought in self.waiting:
                if line.original_reference == bought.line.reference:
                    cents = returns[bought.line.reference].pop(0)
                    if cents <= bought.line.amount_cents:
                        self.models[1].bring_back(bought.line.reference, cents, self.today)
        self.waiting.clear()

    @precondition(lambda self: self.counted)
    @rule(place=places, cents=amounts)
    def bring_back(self, place: int, cents: int) -> None:
        """Report that part of a purchase, all of it or too much came back."""
        bought = self.counted[place % len(self.counted)]
        verdict = self.deliver(self.return_line(bought, cents))
        if cents > bought.line.amount_cents:
            assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, Reason.RETURN_ABOVE_PURCHASE)
            return
        taken = self.models[bought.person].bring_back(bought.line.reference, cents, self.today)
        assert (verdict.outcome, verdict.points) == (Outcome.ACCEPTED, -taken)

    @precondition(lambda self: self.delivered)
    @rule(place=places)
    def deliver_again(self, place: int) -> None:
        """Deliver the same line twice."""
        line = self.delivered[place % len(self.delivered)]
        verdict = record_purchases([line], programme=self.world.programme, at=self.now)[0]
        assert (verdict.outcome, verdict.points) == (Outcome.DUPLICATE, 0)

    @rule(person=people, product=st.sampled_from(range(len(PRICES))))
    def order(self, person: int, product: int) -> None:
        """Order a gift card, if the points are there."""
        name = f"order {len(self.orders)}"
        accepted = self.models[person].order(name, PRICES[product], self.today)
        try:
            order = order_gift_card(
                account=self.world.cardholders[person].account,
                product=self.world.products[product],
                request_key=name,
                at=self.now,
            )
        except InsufficientPoints:
            assert not accepted
        else:
            assert accepted
            self.orders.append((person, order))

    @precondition(lambda self: self.orders)
    @rule(place=places)
    def cancel(self, place: int) -> None:
        """Cancel an order, perhaps once more."""
        number = place % len(self.orders)
        person, order = self.orders[number]
        is_first = Order.objects.get(pk=order.pk).cancelled_at is None
        cancel_order(order=order, reason="asked by phone", at=self.now)
        if is_first:
            self.models[person].cancel(f"order {number}", self.today)
            self.give_back_to_others(number)

    def give_back_to_others(self, number: int) -> None:
        """Let the model give back what a cancelled order took of others; nothing where nobody does."""

    @rule()
    def expire(self) -> None:
        """Run the nightly job, which may as well not have run."""
        expire_points(programme=self.world.programme, as_of=self.today, at=self.now)
        for model in self.models:
            model.expire(self.today)

    @rule(person=people)
    def give_up(self, person: int) -> None:
        """Give up all points; the account goes on, as it does for returns that come later."""
        account = self.world.cardholders[person].account
        movement = Movement(account_id=account.pk, kind=EntryKind.GIVEN_UP, points=0, occurred_at=self.now)
        entries = post_batch([movement], zone=self.world.programme.zone, at=self.now)
        given_up = Entry.objects.filter(pk__in=entries, kind=EntryKind.GIVEN_UP).values_list(
            "points", flat=True
        )
        assert -sum(given_up) == self.models[person].give_up(self.today)

    @rule(days=st.sampled_from((0, 1, 14, 90)))
    def let_points_wait(self, days: int) -> None:
        """Change for how long points wait that are earned from now on."""
        self.world.programme.days_until_available = days
        self.world.programme.save()

    @rule(days=st.sampled_from((1, 30, 365, 1100)), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        """Let time go on."""
        self.now += timedelta(days=days, hours=hours)

    @invariant()
    def the_ledger_agrees_with_the_model(self) -> None:
        """Compare balances, points owed, lots and available points."""
        for cardholder, model in zip(self.world.cardholders, self.models, strict=True):
            account = PointAccount.objects.select_related("programme").get(pk=cardholder.account.pk)
            assert (account.balance_points, account.owed_points) == (model.balance, model.owed)
            lots = Lot.objects.filter(account=account, remaining_points__gt=0).order_by("pk")
            remaining = {
                (expires_on, available_on): points
                for expires_on, available_on, points in lots.values_list(
                    "expires_on", "available_on", "remaining_points"
                )
            }
            assert remaining == model.remaining()
            assert balance_of(account, at=self.now).available_points == model.available(self.today)

    @invariant()
    def every_proof_is_clean(self) -> None:
        """Recompute everything."""
        with time_machine.travel(self.now, tick=False):
            assert violations_between_strangers() == []

    def return_line(self, bought: Bought, cents: int) -> PurchaseLine:
        """Make the return of part of a purchase."""
        return make_return_line(
            bought.line.card_token,
            original_reference=bought.line.reference,
            cents=cents,
            returned_at=self.now,
        )
