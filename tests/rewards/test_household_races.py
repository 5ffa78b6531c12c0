"""Members of a household at the same moment: nothing is spent twice, and every proof stays clean."""

from collections import Counter

import pytest

from loyalty.errors import InsufficientPoints
from loyalty.households.errors import HouseholdFull, InvitationNotFound
from loyalty.households.invitations import invite, join_household
from loyalty.households.membership import leave_household
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.models import HouseholdStay, Programme, SpendingPermission
from rewards.models import GiftCardProduct, Order, OrderShare
from rewards.services.orders import cancel_order
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.households import allow_households, let_spend, live_together, order_together
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import race

pytestmark = pytest.mark.usefixtures("real_commits")


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return a programme with households of at most four."""
    programme = make_programme()
    allow_households(programme)
    return programme


@pytest.fixture
def people(programme: Programme) -> tuple[Cardholder, Cardholder, Cardholder]:
    """Return three who live together, each of whom may spend the 50 points of each."""
    names = ("Alice", "Bob", "Carla")
    alice, bob, carla = (make_cardholder(programme, first_name=name, points=50) for name in names)
    live_together(alice, bob, carla)
    for giver in (alice, bob, carla):
        for spender in (alice, bob, carla):
            if giver != spender:
                let_spend(giver, spender)
    return alice, bob, carla


def test_thirty_orders_of_two_never_spend_the_points_of_three_twice(
    programme: Programme, people: tuple[Cardholder, Cardholder, Cardholder]
) -> None:
    GiftCardProduct.objects.create(
        programme=programme, code="for-10", face_value_cents=10, currency="EUR", price_points=10
    )

    results = race(lambda number: order_together(people[number % 2], 10, key=f"{number}"), runners=30)

    assert Counter(type(one) for one in results) == {Order: 15, InsufficientPoints: 15}
    assert [balance(one.account) for one in people] == [(0, 0)] * 3
    assert OrderShare.objects.exists()
    assert violations() == []


def test_orders_cancellations_permissions_and_leaving_at_once_leave_every_proof_clean(
    programme: Programme, people: tuple[Cardholder, Cardholder, Cardholder]
) -> None:
    alice, bob, carla = people
    GiftCardProduct.objects.create(
        programme=programme, code="for-7", face_value_cents=7, currency="EUR", price_points=7
    )
    standing = order_together(alice, 7, key="standing")

    def act(number: int) -> object:
        match number % 6:
            case 0 | 1 | 2:
                return order_together(people[number % 3], 7, key=f"{number}")
            case 3:
                return end_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW)
            case 4:
                return allow_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW)
            case _ if number == 29:
                return leave_household(account=carla.account, at=NOW)
            case _:
                return cancel_order(order=standing, reason="Asked by phone", at=NOW)

    results = race(act, runners=30)

    assert [one for one in results if isinstance(one, Exception)] == []
    assert sum(balance(one.account)[0] for one in people) == 150 - 15 * 7
    assert not SpendingPermission.objects.filter(ended_at=None, giver__account=carla.account).exists()
    assert violations() == []


def test_of_two_who_join_with_one_code_one_is_in(
    programme: Programme, people: tuple[Cardholder, Cardholder, Cardholder]
) -> None:
    allow_households(programme, 10)
    code = invite(account=people[0].account, at=NOW)
    strangers = [make_cardholder(programme, first_name="Dora") for _ in range(5)]

    results = race(
        lambda number: join_household(account=strangers[number].account, code=code, at=NOW), runners=5
    )

    assert Counter(type(one) for one in results) == {HouseholdStay: 1, InvitationNotFound: 4}


def test_the_last_place_in_a_household_is_taken_once(
    people: tuple[Cardholder, Cardholder, Cardholder], programme: Programme
) -> None:
    codes = [invite(account=one.account, at=NOW) for one in people]
    strangers = [make_cardholder(programme, first_name="Dora") for _ in codes]

    results = race(
        lambda number: join_household(account=strangers[number].account, code=codes[number], at=NOW),
        runners=3,
    )

    assert Counter(type(one) for one in results) == {HouseholdStay: 1, HouseholdFull: 2}
    assert violations() == []
