"""Each member says for each other one whether they may spend their points, and takes it back at any time."""

from datetime import timedelta

import pytest

from loyalty.households.errors import NotInHousehold
from loyalty.households.permissions import allow_spending, end_spending
from loyalty.households.pool import permissions_to_spend
from loyalty.models import Programme, SpendingPermission
from tests.factories import NOW, Cardholder, make_cardholder
from tests.households import allow_households, let_spend, live_together
from tests.proofs import violations

LATER = NOW + timedelta(days=3)


def givers(spender: Cardholder) -> set[int]:
    """Return whose points somebody may spend."""
    spender.account.programme.refresh_from_db()
    return set(permissions_to_spend(spender.account))


def test_nobody_may_spend_what_nobody_allowed(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)

    assert (givers(alice), givers(bob)) == (set(), set())


def test_a_permission_is_one_person_s_to_another_and_goes_one_way(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(alice, bob, carla)

    let_spend(bob, alice)
    let_spend(carla, alice)

    assert givers(alice) == {bob.account.pk, carla.account.pk}
    assert (givers(bob), givers(carla)) == (set(), set())
    assert violations() == []


def test_allowing_twice_is_one_permission(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)

    first = allow_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW)
    second = allow_spending(giver=bob.account, spender_id=alice.account.pk, at=LATER)

    assert first == second
    assert SpendingPermission.objects.get().given_at == NOW


def test_a_permission_taken_back_ends_at_once_and_only_that_one(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    live_together(alice, bob, carla)
    let_spend(bob, alice)
    let_spend(bob, carla)

    end_spending(giver=bob.account, spender_id=alice.account.pk, at=LATER)
    end_spending(giver=bob.account, spender_id=alice.account.pk, at=LATER + timedelta(days=1))

    assert (givers(alice), givers(carla)) == (set(), {bob.account.pk})
    assert SpendingPermission.objects.get(spender__account=alice.account).ended_at == LATER


def test_it_can_be_given_again(alice: Cardholder, bob: Cardholder) -> None:
    live_together(alice, bob)
    let_spend(bob, alice)
    end_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW - timedelta(seconds=1))

    let_spend(bob, alice)

    assert givers(alice) == {bob.account.pk}
    assert SpendingPermission.objects.filter(ended_at=NOW).count() == 1


def test_nobody_allows_a_stranger_themselves_or_nobody_to_spend(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    stranger = make_cardholder(programme, first_name="Charlie")
    live_together(alice, bob)

    for spender_id in (stranger.account.pk, alice.account.pk, 0):
        with pytest.raises(NotInHousehold):
            allow_spending(giver=alice.account, spender_id=spender_id, at=NOW)
    with pytest.raises(NotInHousehold):
        allow_spending(giver=stranger.account, spender_id=alice.account.pk, at=NOW)
    live_together(stranger)
    with pytest.raises(NotInHousehold):
        allow_spending(giver=stranger.account, spender_id=alice.account.pk, at=NOW)

    assert not SpendingPermission.objects.exists()


def test_where_households_are_no_more_nobody_spends_what_others_once_allowed(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    live_together(alice, bob)
    let_spend(bob, alice)

    allow_households(programme, 0)

    assert givers(alice) == set()
