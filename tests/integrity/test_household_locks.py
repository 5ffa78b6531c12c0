"""What the locks of households are for: see `test_locks`."""

import pytest

from core.models import StaffAction
from loyalty.enrolment import leave_programme
from loyalty.errors import InsufficientPoints
from loyalty.households.errors import (
    HouseholdFull,
    InHouseholdAlready,
    InvitationNotFound,
    NoMemberAnyMore,
    NotInHousehold,
)
from loyalty.households.invitations import invite, join_household
from loyalty.households.membership import (
    found_household,
    leave_household,
    put_together,
    remove_from_household,
    stay_of,
)
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.merging.merge import merge_members
from loyalty.models import HouseholdStay, Programme
from rewards.models import Order
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.households import (
    allow_households,
    household_of,
    let_spend,
    live_together,
    order_together,
    product_for,
    take_out,
)
from tests.loyalty.ledger_state import balance
from tests.proofs import violations
from tests.transactions import one_after_the_other, real_commits

__all__ = ["real_commits"]
pytestmark = pytest.mark.usefixtures("real_commits")


@pytest.fixture
def programme(real_commits: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return a programme with households of at most four, and a gift card of 110 points."""
    programme = make_programme()
    allow_households(programme)
    product_for(programme, 110)
    return programme


@pytest.fixture
def people(programme: Programme) -> tuple[Cardholder, Cardholder, Cardholder]:
    """Return three with 50 points each who live together; Alice may spend those of all."""
    names = ("Alice", "Bob", "Carla")
    alice, bob, carla = (make_cardholder(programme, first_name=name, points=50) for name in names)
    live_together(alice, bob, carla)
    let_spend(bob, alice)
    let_spend(carla, alice)
    return alice, bob, carla


@pytest.fixture
def dora(programme: Programme) -> Cardholder:
    """Return somebody who lives alone."""
    return make_cardholder(programme, first_name="Dora", points=10)


@pytest.mark.parametrize("how", ["taken back", "left", "removed", "merged"])
def test_an_order_that_waits_for_the_end_of_a_permission_does_without(
    programme: Programme, people: tuple[Cardholder, Cardholder, Cardholder], how: str
) -> None:
    alice, bob, _carla = people
    twin = make_cardholder(programme)
    deeds = {
        "taken back": lambda: end_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW),
        "left": lambda: leave_household(account=bob.account, at=NOW),
        "removed": lambda: take_out(bob, reason="x"),
        "merged": lambda: merge_members(survivor=twin.member, merged=bob.member, at=NOW),
    }

    refusal = one_after_the_other(deeds[how], lambda: order_together(alice, 110))

    assert isinstance(refusal, InsufficientPoints)
    assert refusal.available_points == 100
    assert not Order.objects.exists()
    assert violations() == []


@pytest.mark.parametrize("how", ["taken back", "left", "spender left"])
def test_whoever_ends_a_permission_waits_for_the_order_that_has_begun(
    people: tuple[Cardholder, Cardholder, Cardholder], how: str
) -> None:
    alice, bob, carla = people
    deeds = {
        "taken back": lambda: end_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW),
        "left": lambda: leave_household(account=bob.account, at=NOW),
        "spender left": lambda: leave_household(account=alice.account, at=NOW),
    }

    ended = one_after_the_other(lambda: order_together(alice, 110), deeds[how])

    assert not isinstance(ended, Exception)
    assert [balance(one.account) for one in (alice, bob, carla)] == [(0, 0), (0, 0), (40, 0)]
    assert violations() == []


def test_two_who_leave_do_not_wait_in_a_circle_for_the_permissions_between_them(
    people: tuple[Cardholder, Cardholder, Cardholder],
) -> None:
    alice, bob, carla = people
    let_spend(alice, bob)

    second = one_after_the_other(
        lambda: leave_household(account=carla.account, at=NOW),
        lambda: leave_household(account=bob.account, at=NOW),
    )

    assert second is True
    assert [stay_of(one.account.pk) is None for one in people] == [False, True, True]
    assert violations() == []


def test_a_permission_is_not_given_to_somebody_who_is_just_leaving(
    people: tuple[Cardholder, Cardholder, Cardholder],
) -> None:
    alice, bob, _carla = people

    refusal = one_after_the_other(
        lambda: leave_household(account=alice.account, at=NOW),
        lambda: allow_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW),
    )

    assert isinstance(refusal, NotInHousehold)
    assert violations() == []


def test_whoever_founds_two_households_at_once_founds_one(dora: Cardholder) -> None:
    refusal = one_after_the_other(
        lambda: found_household(account=dora.account, at=NOW),
        lambda: found_household(account=dora.account, at=NOW),
    )

    assert isinstance(refusal, InHouseholdAlready)
    assert HouseholdStay.objects.count() == 1


def test_nobody_joins_while_they_found_a_household_of_their_own(
    people: tuple[Cardholder, Cardholder, Cardholder], dora: Cardholder
) -> None:
    code = invite(account=people[0].account, at=NOW)

    refusal = one_after_the_other(
        lambda: found_household(account=dora.account, at=NOW),
        lambda: join_household(account=dora.account, code=code, at=NOW),
    )

    assert isinstance(refusal, InHouseholdAlready)


def test_of_two_who_join_with_one_code_the_second_does_not_know_it(
    people: tuple[Cardholder, Cardholder, Cardholder], programme: Programme, dora: Cardholder
) -> None:
    allow_households(programme, 5)
    code = invite(account=people[0].account, at=NOW)
    other = make_cardholder(programme, first_name="Emil")

    refusal = one_after_the_other(
        lambda: join_household(account=dora.account, code=code, at=NOW),
        lambda: join_household(account=other.account, code=code, at=NOW),
    )

    assert isinstance(refusal, InvitationNotFound)
    assert stay_of(other.account.pk) is None


def test_the_last_place_in_a_household_is_taken_once(
    people: tuple[Cardholder, Cardholder, Cardholder], programme: Programme, dora: Cardholder
) -> None:
    first, second = (invite(account=one.account, at=NOW) for one in people[:2])
    other = make_cardholder(programme, first_name="Emil")

    refusal = one_after_the_other(
        lambda: join_household(account=dora.account, code=first, at=NOW),
        lambda: join_household(account=other.account, code=second, at=NOW),
    )

    assert isinstance(refusal, HouseholdFull)
    assert stay_of(other.account.pk) is None


def test_staff_bring_nobody_along_who_is_just_leaving_the_programme(
    people: tuple[Cardholder, Cardholder, Cardholder], dora: Cardholder
) -> None:
    refusal = one_after_the_other(
        lambda: leave_programme(account=dora.account, at=NOW),
        lambda: put_together(account=people[0].account, joining=dora.account, actor=None, reason="x", at=NOW),
    )

    assert isinstance(refusal, NoMemberAnyMore)
    assert violations() == []


def test_of_two_colleagues_who_take_a_member_out_one_did_it(
    people: tuple[Cardholder, Cardholder, Cardholder],
) -> None:
    bob = people[1]
    home = household_of(bob)

    def remove(reason: str) -> None:
        remove_from_household(household_id=home, account=bob.account, actor=None, reason=reason, at=NOW)

    refusal = one_after_the_other(lambda: remove("first"), lambda: remove("second"))

    assert isinstance(refusal, NotInHousehold)
    assert StaffAction.objects.get().reason == "first"


def test_whoever_is_just_leaving_invites_nobody(people: tuple[Cardholder, Cardholder, Cardholder]) -> None:
    refusal = one_after_the_other(
        lambda: leave_household(account=people[0].account, at=NOW),
        lambda: invite(account=people[0].account, at=NOW),
    )

    assert isinstance(refusal, NotInHousehold)
