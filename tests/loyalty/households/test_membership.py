"""A household is founded by a member, joined by a code, and left at any time with one's own points."""

from datetime import timedelta

import pytest

from core.models import StaffAction
from loyalty.enrolment import leave_programme
from loyalty.households.errors import (
    HouseholdFull,
    InHouseholdAlready,
    NoHouseholds,
    NoMemberAnyMore,
    NotInHousehold,
)
from loyalty.households.invitations import invite
from loyalty.households.membership import (
    found_household,
    leave_household,
    put_together,
    remove_from_household,
    stay_of,
)
from loyalty.models import Household, HouseholdStay, Programme, SpendingPermission
from tests.factories import NOW, Cardholder, make_cardholder, make_programme, make_user
from tests.households import allow_households, let_spend, live_together, take_out
from tests.loyalty.ledger_state import everything
from tests.proofs import violations

LATER = NOW + timedelta(days=3)


def household_of(person: Cardholder) -> int | None:
    """Return the household in which somebody is."""
    stay = stay_of(person.account.pk)
    return None if stay is None else stay.household_id


def test_a_member_founds_a_household_and_is_the_first_in_it(alice: Cardholder) -> None:
    stay = found_household(account=alice.account, at=NOW)

    assert (stay.household.programme, stay.household.founded_at) == (alice.account.programme, NOW)
    assert (stay.account, stay.joined_at, stay.left_at) == (alice.account, NOW, None)
    assert violations() == []


def test_whoever_is_in_a_household_founds_no_other(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)

    for person in (alice, bob):
        with pytest.raises(InHouseholdAlready):
            found_household(account=person.account, at=NOW)

    assert Household.objects.count() == 1


def test_a_programme_without_households_has_none(programme: Programme, alice: Cardholder) -> None:
    allow_households(programme, 0)

    with pytest.raises(NoHouseholds):
        found_household(account=alice.account, at=NOW)

    assert not Household.objects.exists()


def test_whoever_left_the_programme_founds_nothing(alice: Cardholder) -> None:
    leave_programme(account=alice.account, at=NOW)

    with pytest.raises(NoMemberAnyMore):
        found_household(account=alice.account, at=NOW)

    assert not Household.objects.exists()


def test_leaving_ends_the_stay_and_every_permission_from_and_to_whoever_leaves(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(alice, bob, carla)
    let_spend(alice, bob)
    let_spend(bob, alice)
    let_spend(alice, carla)
    before = everything()

    assert leave_household(account=bob.account, at=LATER)

    assert household_of(bob) is None
    assert HouseholdStay.objects.get(account=bob.account).left_at == LATER
    still_open = SpendingPermission.objects.get(ended_at=None)
    assert (still_open.giver.account, still_open.spender.account) == (alice.account, carla.account)
    assert everything() == before
    assert violations() == []


def test_leaving_again_changes_nothing(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)
    leave_household(account=bob.account, at=NOW)

    assert not leave_household(account=bob.account, at=LATER)

    assert HouseholdStay.objects.get(account=bob.account).left_at == NOW


def test_an_end_is_never_before_its_beginning(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)
    let_spend(alice, bob)

    leave_household(account=bob.account, at=NOW - timedelta(seconds=1))

    assert HouseholdStay.objects.get(account=bob.account).left_at == NOW
    assert SpendingPermission.objects.get().ended_at == NOW


def test_whoever_left_may_found_another_household(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)
    former = household_of(bob)
    leave_household(account=bob.account, at=NOW)

    found_household(account=bob.account, at=LATER)

    assert household_of(bob) not in {None, former}
    assert household_of(alice) == former


def test_staff_bring_two_members_together_with_a_reason_and_nobody_may_spend_anything(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    agent = make_user("agent@example.com", is_staff=True)
    for person in (bob, carla):
        put_together(
            account=alice.account, joining=person.account, actor=agent, reason="Both on the line", at=NOW
        )

    assert household_of(alice) == household_of(bob) == household_of(carla) is not None
    assert not SpendingPermission.objects.exists()
    actions = StaffAction.objects.order_by("pk")
    assert [(one.action, one.actor_id, one.subject_id, one.reason, one.details) for one in actions] == [
        (
            "pointaccount.brought_into_household",
            agent.pk,
            person.account.pk,
            "Both on the line",
            {"household": household_of(alice)},
        )
        for person in (bob, carla)
    ]
    assert violations() == []


def test_staff_bring_nobody_into_a_household_who_cannot_be_in_it(
    programme: Programme, alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    stranger = make_cardholder(make_programme("smiles", name="Smiles"))
    live_together(alice, bob, carla)
    full = make_cardholder(programme)
    for joining, refusal in (
        (alice, NotInHousehold),
        (stranger, NotInHousehold),
        (bob, InHouseholdAlready),
        (full, HouseholdFull),
    ):
        with pytest.raises(refusal):
            put_together(account=alice.account, joining=joining.account, actor=None, reason="x", at=NOW)

    assert HouseholdStay.objects.count() == 3
    assert not StaffAction.objects.exists()


def test_staff_take_a_member_out_of_a_household_with_a_reason(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)
    let_spend(alice, bob)

    take_out(bob, reason="Asked by phone", at=LATER)

    assert (household_of(alice) is None, household_of(bob)) == (False, None)
    action = StaffAction.objects.get()
    assert (action.action, action.subject_id, action.reason, action.details) == (
        "pointaccount.taken_out_of_household",
        bob.account.pk,
        "Asked by phone",
        {"household": household_of(alice)},
    )
    assert not SpendingPermission.objects.filter(ended_at=None).exists()


def test_staff_take_nobody_out_of_a_household_in_which_they_are_not(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(bob)
    live_together(carla)
    home = household_of(bob)
    assert home is not None

    for person in (alice, carla):
        with pytest.raises(NotInHousehold):
            remove_from_household(
                household_id=home, account=person.account, actor=None, reason="Asked by phone", at=NOW
            )

    assert household_of(carla) is not None

    assert not StaffAction.objects.exists()


def test_a_lower_limit_keeps_who_is_there_and_lets_nobody_else_in(
    programme: Programme, alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(alice, bob)
    allow_households(programme, 2)
    alice.account.programme.refresh_from_db()

    with pytest.raises(HouseholdFull):
        invite(account=alice.account, at=NOW)
    with pytest.raises(HouseholdFull):
        put_together(account=alice.account, joining=carla.account, actor=None, reason="x", at=NOW)

    assert household_of(alice) == household_of(bob) is not None
