"""Fifty and two hundred connections move points of one account in every way at once: nothing is lost.

A new kind of movement is one line in DEEDS. Locks are taken in one order, so no deadlock is expected; a deed
that meets one is tried again, at most three times, and the tries are counted.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from loyalty.adjustments.decisions import approve_adjustment
from loyalty.adjustments.errors import LimitReached, NotReinstatable
from loyalty.adjustments.expiries import reinstatable_expiries
from loyalty.adjustments.requests import request_reinstatement
from loyalty.bonuses import grant_verified_email_points
from loyalty.dates import local_date
from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.households.errors import HouseholdRefused
from loyalty.households.membership import put_together
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.merging.follow import follow_all
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import (
    AdjustmentRequest,
    AdjustmentState,
    EntryKind,
    HouseholdStay,
    Programme,
    Purchase,
    PurchaseState,
    RuleEffect,
)
from loyalty.purchases.lines import Outcome
from loyalty.purchases.record import record_purchases
from loyalty.purchases.settle import settle_parked
from members.errors import MergeRefused
from members.models import MemberMerge, User
from partners.models import Store
from rewards.errors import GiftCardCancelled, GiftCardUsed, InsufficientValue
from rewards.models import GiftCardProduct, Order
from rewards.services.gift_cards import redeem_gift_card
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import (
    NOW,
    Cardholder,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    make_return_line,
    make_rule,
    make_store,
    make_user,
)
from tests.households import allow_households
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager, reason_of
from tests.proofs import violations
from tests.transactions import race

pytestmark = pytest.mark.usefixtures("real_commits")

PRICE = 10
FOUR_YEARS = timedelta(days=4 * 365 + 1)
MOST_RETRIES = 3
OLD_PURCHASES = 20
SHARED_PURCHASES = 10
REFUSALS = (
    GiftCardCancelled,
    GiftCardUsed,
    HouseholdRefused,
    InsufficientPoints,
    InsufficientValue,
    LimitReached,
    MergeRefused,
    NotReinstatable,
)
"""What may be said to somebody who comes too late."""


@dataclass
class Runner:
    """One connection: its own dice, what it bought and ordered, and what is there for all."""

    number: int
    programme: Programme
    alice: Cardholder
    bob: Cardholder
    store: Store
    product: GiftCardProduct
    agent: User
    manager: User
    shared_order: Order
    dice: Random
    bought: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    requests: list[AdjustmentRequest] = field(default_factory=list)
    retries: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def key(self) -> str:
        """Return a key that nobody else uses."""
        return f"{self.number}-{self.done.total()}"


def earn(runner: Runner) -> str:
    """Report a purchase."""
    reference = f"P-{runner.key()}"
    line = make_line(runner.alice.card.token, cents=runner.dice.randrange(100, 3000), reference=reference)
    verdict = record_purchases([line], programme=runner.programme, at=NOW)[0]
    runner.bought.append(reference)
    return verdict.outcome


def report_again(runner: Runner) -> str:
    """Report a purchase that every runner reports: it counts once."""
    line = make_line(runner.alice.card.token, cents=500, reference=f"TWICE-{runner.dice.randrange(5)}")
    return record_purchases([line], programme=runner.programme, at=NOW)[0].outcome


def bring_back(runner: Runner) -> str:
    """Report a return: of a purchase of its own, of one that is over, or of one that all bring back."""
    shared = [f"OLD-{runner.dice.randrange(OLD_PURCHASES)}", f"A-{runner.dice.randrange(SHARED_PURCHASES)}"]
    line = make_return_line(
        runner.alice.card.token,
        original_reference=runner.dice.choice([*runner.bought, *shared]),
        cents=runner.dice.randrange(100, 500),
        reference=f"R-{runner.key()}",
    )
    return record_purchases([line], programme=runner.programme, at=NOW)[0].outcome


def bring_back_before(runner: Runner) -> str:
    """Report a return before its purchase, and then the purchase."""
    token, reference = runner.alice.card.token, f"LATE-{runner.key()}"
    back = make_return_line(token, original_reference=reference, cents=200, reference=f"EARLY-{runner.key()}")
    for line in (back, make_line(token, cents=700, reference=reference)):
        record_purchases([line], programme=runner.programme, at=NOW)
    return Outcome.ACCEPTED


def order(runner: Runner) -> str:
    """Order a gift card, if the points are there."""
    made = order_gift_card(
        account=runner.alice.account, product=runner.product, request_key=runner.key(), at=NOW
    )
    runner.orders.append(made)
    return "ordered"


def cancel(runner: Runner) -> str:
    """Cancel an order of its own, or the one that all cancel and pay with."""
    chosen = runner.dice.choice([*runner.orders, runner.shared_order])
    cancel_order(order=chosen, reason="asked by phone", at=NOW)
    return "cancelled"


def pay(runner: Runner) -> str:
    """Pay a cent with a gift card of its own, or with the one that all pay with."""
    gift_card = runner.dice.choice([*runner.orders, runner.shared_order]).gift_card
    redeem_gift_card(
        gift_card=gift_card, amount_cents=1, store=runner.store, request_key=runner.key(), at=NOW
    )
    return "paid"


def expire(runner: Runner) -> str:
    """Run the nightly job."""
    expire_points(programme=runner.programme, as_of=local_date(NOW, runner.programme.zone), at=NOW)
    return "expired"


def verify_address(runner: Runner) -> str:
    """Ask for the points of a verified address, which are granted once."""
    return str(grant_verified_email_points(account=runner.alice.account, verified_at=NOW, at=NOW))


def settle(runner: Runner) -> str:
    """Sweep the lines that wait."""
    settle_parked(programme=runner.programme, at=NOW, limit=5)
    return "swept"


def adjust(runner: Runner) -> str:
    """Let a colleague give points or take them; what is missing is owed."""
    code = runner.dice.choice(("thanks", "missing-offer", "counted-twice"))
    points = runner.dice.choice((1, 30))
    request = ask(runner.alice.account, runner.agent, code=code, points=points, key=runner.key())
    if request.state == AdjustmentState.REQUESTED:
        runner.requests.append(request)
    return request.state


def approve(runner: Runner) -> str:
    """Let another colleague consent to what waits."""
    for request in runner.requests[-1:]:
        approve_adjustment(request=request, actor=runner.manager, at=NOW)
        return "approved"
    return "nothing"


def reinstate(runner: Runner) -> str:
    """Let the points of an expiry live again."""
    expiries = [one.entry_id for one in reinstatable_expiries(runner.alice.account, at=NOW)]
    request_reinstatement(
        account=runner.alice.account,
        reason=reason_of(runner.programme, "our-mistake"),
        expiry_ids=expiries[:1],
        comment=SAID,
        actor=runner.manager,
        request_key=runner.key(),
        at=NOW,
    )
    return "reinstated"


def live_together(runner: Runner) -> str:
    """Let Bob live with Alice, who may spend his points from then on."""
    alice, bob = runner.alice.account, runner.bob.account
    if not HouseholdStay.objects.filter(account=bob, left_at=None).exists():
        put_together(account=alice, joining=bob, actor=runner.agent, reason=SAID, at=NOW)
    allow_spending(giver=bob, spender_id=alice.pk, at=NOW)
    return "together"


def trust_no_more(runner: Runner) -> str:
    """Let Bob take back that Alice may spend his points."""
    end_spending(giver=runner.bob.account, spender_id=runner.alice.account.pk, at=NOW)
    return "ended"


def order_together(runner: Runner) -> str:
    """Order a gift card with the points of the household."""
    made = order_gift_card(
        account=runner.alice.account,
        product=runner.product,
        request_key=runner.key(),
        with_household=True,
        at=NOW,
    )
    runner.orders.append(made)
    return "ordered"


def merge(runner: Runner) -> str:
    """Let Bob lead to Alice, or Alice to Bob."""
    people = [runner.alice.member, runner.bob.member]
    runner.dice.shuffle(people)
    merge_members(survivor=people[0], merged=people[1], at=NOW)
    return "merged"


def separate(_runner: Runner) -> str:
    """Separate whoever is merged."""
    for merge in MemberMerge.objects.filter(undone_at=None):
        separate_members(merge=merge, at=NOW)
        return "separated"
    return "nothing"


DEEDS: tuple[Callable[[Runner], str], ...] = (
    earn, report_again, bring_back, bring_back_before, order, cancel, pay, expire, verify_address, settle,
    adjust, approve, reinstate, live_together, order_together, trust_no_more, merge, separate,
)  # fmt: skip


def do(runner: Runner, deed: Callable[[Runner], str]) -> None:
    """Do something, again when PostgreSQL ended it to get out of a deadlock."""
    for attempt in range(1 + MOST_RETRIES):
        try:
            outcome = deed(runner)
        except REFUSALS as refusal:
            outcome = type(refusal).__name__
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or attempt == MOST_RETRIES:
                raise
            runner.retries += 1
            continue
        runner.done[f"{deed.__name__} {outcome}"] += 1
        return


@pytest.mark.parametrize(("runners", "deeds"), [(50, 10), (200, 4)])
def test_every_kind_of_movement_at_once_on_one_account_loses_nothing(runners: int, deeds: int) -> None:
    programme = make_programme()
    allow_households(programme)
    alice = make_cardholder(programme, points=40, user=make_user())
    bob = make_cardholder(programme, first_name="Bob", points=40)
    for number in range(OLD_PURCHASES):
        bought_at = NOW - FOUR_YEARS - timedelta(days=number)
        buy(programme, alice.card.token, euros=20, reference=f"OLD-{number}", at=bought_at)
    for number in range(SHARED_PURCHASES):
        buy(programme, alice.card.token, euros=20, reference=f"A-{number}")
    product = GiftCardProduct.objects.create(
        programme=programme, code="ten", face_value_cents=PRICE, currency="EUR", price_points=PRICE
    )
    shared = order_gift_card(account=alice.account, product=product, request_key="shared", at=NOW)
    make_rule(programme, code="gift", effect=RuleEffect.BONUS, points=7, budget_points=200)
    make_rule(programme, code="double", effect=RuleEffect.MULTIPLIER, factor_percent=200, limit_points=90)
    agent, manager = make_agent(), make_manager()
    assert violations() == []

    def run(number: int) -> Runner:
        dice = Random(f"runner {number}")  # noqa: S311 - the same deeds each time
        runner = Runner(number, programme, alice, bob, make_store(), product, agent, manager, shared, dice)
        for place in range(deeds):
            do(runner, DEEDS[(number + place) % len(DEEDS)] if place < 2 else dice.choice(DEEDS))
        return runner

    results = race(run, runners=runners)

    assert [result for result in results if isinstance(result, Exception)] == []
    ended = [result for result in results if isinstance(result, Runner)]
    assert sum(runner.retries for runner in ended) == 0
    done = sum((runner.done for runner in ended), Counter())
    assert done.total() == runners * deeds
    assert {name.split()[0] for name in done} == {deed.__name__ for deed in DEEDS}
    while settle_parked(programme=programme, at=NOW) or follow_all(NOW):
        pass
    assert violations() == []
    assert not Purchase.objects.filter(state=PurchaseState.PARKED).exists()
    twice = Purchase.objects.filter(reference__startswith="TWICE-")
    assert twice.count() == len(set(twice.values_list("reference", flat=True))) <= 5
    assert alice.account.entries.filter(kind=EntryKind.VERIFIED_EMAIL).count() == 1
    orders = Order.objects.filter(account=alice.account)
    assert orders.count() == 1 + done["order ordered"] + done["order_together ordered"]
    assert alice.account.entries.filter(kind=EntryKind.ORDER).count() == orders.count()
