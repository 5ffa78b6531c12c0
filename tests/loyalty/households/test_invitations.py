"""A household is joined by a code that works once, for a day, in its programme, however it is typed."""

import re
from datetime import timedelta

import pytest

from loyalty.households.errors import (
    HouseholdFull,
    InHouseholdAlready,
    InvitationNotFound,
    NoHouseholds,
    NotInHousehold,
)
from loyalty.households.invitations import LIFETIME, invite, join_household, open_invitation
from loyalty.households.membership import found_household, leave_household, stay_of
from loyalty.models import HouseholdInvitation, HouseholdStay, Programme, SpendingPermission
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.households import allow_households, live_together
from tests.kept_fixtures import kept
from tests.proofs import violations


@kept()
def code(alice: Cardholder) -> str:
    """Return the code by which Alice invites somebody."""
    found_household(account=alice.account, at=NOW)
    return invite(account=alice.account, at=NOW)


def test_whoever_has_the_code_sees_who_invites_and_joins(
    alice: Cardholder, bob: Cardholder, code: str
) -> None:
    invitation = open_invitation(account=bob.account, code=code, at=NOW)
    assert invitation.invited_by.account.member.first_name == "Alice"
    assert stay_of(bob.account.pk) is None

    stay = join_household(account=bob.account, code=code, at=NOW)

    assert set(HouseholdStay.objects.values_list("household", "account")) == {
        (stay.household_id, person.account.pk) for person in (alice, bob)
    }
    assert not SpendingPermission.objects.exists()
    assert violations() == []


def test_a_code_has_ten_letters_of_which_only_a_keyed_hash_is_kept(code: str) -> None:
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}", code)
    kept = HouseholdInvitation.objects.get().code_hash
    assert re.fullmatch(r"[0-9a-f]{64}", kept)
    assert code.replace("-", "").lower() not in kept


def test_a_code_may_be_typed_with_small_letters_and_any_spaces(bob: Cardholder, code: str) -> None:
    join_household(account=bob.account, code=f" {code.lower().replace('-', ' ')} ", at=NOW)

    assert stay_of(bob.account.pk) is not None


def test_a_code_works_once(bob: Cardholder, carla: Cardholder, code: str) -> None:
    join_household(account=bob.account, code=code, at=NOW)

    with pytest.raises(InvitationNotFound):
        join_household(account=carla.account, code=code, at=NOW)

    assert stay_of(carla.account.pk) is None


@pytest.mark.parametrize("wrong", ["", "AAAAA-AAAAA", "\0", "é" * 1000])
def test_a_code_that_nobody_gave_out_opens_nothing(bob: Cardholder, code: str, wrong: str) -> None:
    assert code
    with pytest.raises(InvitationNotFound):
        join_household(account=bob.account, code=wrong, at=NOW)

    assert HouseholdStay.objects.count() == 1


def test_a_code_works_for_a_day(bob: Cardholder, code: str) -> None:
    with pytest.raises(InvitationNotFound):
        join_household(account=bob.account, code=code, at=NOW + LIFETIME)

    join_household(account=bob.account, code=code, at=NOW + LIFETIME - timedelta(seconds=1))
    assert stay_of(bob.account.pk) is not None


def test_a_new_code_ends_the_one_before(alice: Cardholder, bob: Cardholder, code: str) -> None:
    newer = invite(account=alice.account, at=NOW + timedelta(minutes=1))

    with pytest.raises(InvitationNotFound):
        join_household(account=bob.account, code=code, at=NOW + timedelta(minutes=2))

    join_household(account=bob.account, code=newer, at=NOW + timedelta(minutes=2))
    assert stay_of(bob.account.pk) is not None


def test_a_code_of_somebody_who_left_the_household_works_no_more(
    alice: Cardholder, bob: Cardholder, code: str
) -> None:
    leave_household(account=alice.account, at=NOW)

    with pytest.raises(InvitationNotFound):
        join_household(account=bob.account, code=code, at=NOW)


def test_a_code_opens_nothing_in_another_programme(code: str) -> None:
    other = make_programme("smiles", name="Smiles")
    allow_households(other)
    stranger = make_cardholder(other)

    with pytest.raises(InvitationNotFound):
        join_household(account=stranger.account, code=code, at=NOW)


def test_whoever_is_in_a_household_joins_no_other_and_the_code_stays(
    bob: Cardholder, carla: Cardholder, code: str
) -> None:
    found_household(account=bob.account, at=NOW)

    with pytest.raises(InHouseholdAlready):
        join_household(account=bob.account, code=code, at=NOW)

    join_household(account=carla.account, code=code, at=NOW)
    assert stay_of(carla.account.pk) is not None


def test_a_household_that_has_become_full_lets_nobody_in_and_the_code_stays(
    programme: Programme, alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(alice, bob)
    first, second = (invite(account=person.account, at=NOW) for person in (alice, bob))
    late = make_cardholder(programme)
    join_household(account=carla.account, code=first, at=NOW)

    with pytest.raises(HouseholdFull):
        join_household(account=late.account, code=second, at=NOW)

    assert HouseholdStay.objects.count() == 3
    leave_household(account=carla.account, at=NOW)
    join_household(account=late.account, code=second, at=NOW)
    assert stay_of(late.account.pk) is not None


def test_nobody_invites_into_a_household_they_are_not_in(bob: Cardholder) -> None:
    with pytest.raises(NotInHousehold):
        invite(account=bob.account, at=NOW)

    assert not HouseholdInvitation.objects.exists()


def test_a_programme_that_has_households_no_more_lets_nobody_invite_or_join(
    programme: Programme, alice: Cardholder, bob: Cardholder, code: str
) -> None:
    allow_households(programme, 0)

    with pytest.raises(NoHouseholds):
        invite(account=alice.account, at=NOW)
    with pytest.raises(NoHouseholds):
        join_household(account=bob.account, code=code, at=NOW)

    assert HouseholdStay.objects.count() == 1
