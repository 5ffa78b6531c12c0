"""What becomes of a household, and of what it spent, when members merge, leave, go or lose their card."""

from datetime import date, timedelta

import pytest

from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.households.membership import leave_household, stay_of
from loyalty.households.pool import permissions_to_spend
from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from loyalty.models import LeavingPolicy, PointAccount, Programme, SpendingPermission
from members.models import CardStatus
from members.services.erasure import erase_member
from rewards.models import GiftCardProduct, Order
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, buy, make_cardholder, tell_card_status
from tests.households import let_spend, live_together
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@kept()
def bob(programme: Programme) -> Cardholder:
    """Return Bob, who has 2,000 points."""
    return make_cardholder(programme, first_name="Bob", points=2000)


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return a member with 100 points, who turns out to be somebody else here as well."""
    return make_cardholder(programme, first_name="Twin", points=100)


@kept(autouse=True)
def _household(alice: Cardholder, bob: Cardholder) -> None:
    """Let Alice and Bob live together and each spend the other's points."""
    live_together(alice, bob)
    let_spend(bob, alice)
    let_spend(alice, bob)


@kept()
def made(alice: Cardholder) -> Order:
    """Return an order of Alice's for 3,000 points, 1,000 of them Bob's."""
    account = PointAccount.objects.select_related("programme").get(pk=alice.account.pk)
    product = GiftCardProduct.objects.get(programme=account.programme, code="gift-card-30")
    return order_gift_card(account=account, product=product, request_key="tap", with_household=True, at=NOW)


def is_in_household(person: Cardholder) -> bool:
    """Say whether somebody is in a household."""
    return stay_of(person.account.pk) is not None


def test_a_member_who_leads_to_another_leaves_the_household_and_the_survivor_joins_none(
    alice: Cardholder, bob: Cardholder, twin: Cardholder
) -> None:
    merge_members(survivor=twin.member, merged=bob.member, at=NOW)

    assert (is_in_household(alice), is_in_household(bob), is_in_household(twin)) == (True, False, False)
    assert not SpendingPermission.objects.filter(ended_at=None).exists()
    assert balance(twin.account) == (2100, 0)
    assert violations() == []


def test_a_survivor_stays_in_their_household_and_their_permissions_hold_for_all_their_points(
    alice: Cardholder, bob: Cardholder, twin: Cardholder
) -> None:
    merge_members(survivor=bob.member, merged=twin.member, at=NOW)

    assert is_in_household(bob)
    alice.account.programme.refresh_from_db()
    assert set(permissions_to_spend(alice.account)) == {bob.account.pk}
    assert balance(bob.account) == (2100, 0)
    assert violations() == []


def test_a_separated_member_is_in_the_household_again_with_all_permissions(
    alice: Cardholder, bob: Cardholder, twin: Cardholder
) -> None:
    merge = merge_members(survivor=twin.member, merged=bob.member, at=NOW)

    separate_members(merge=merge, at=NOW)
    separate_members(merge=merge, at=NOW)

    bob.account.refresh_from_db()
    assert is_in_household(bob)
    assert set(permissions_to_spend(alice.account)) == {bob.account.pk}
    assert set(permissions_to_spend(bob.account)) == {alice.account.pk}
    assert SpendingPermission.objects.filter(ended_at=None).count() == 2
    assert (balance(bob.account), balance(twin.account)) == ((2000, 0), (100, 0))
    assert violations() == []


def test_permissions_come_back_only_from_and_to_those_who_are_still_there(
    alice: Cardholder, bob: Cardholder, twin: Cardholder
) -> None:
    merge = merge_members(survivor=twin.member, merged=bob.member, at=NOW)
    leave_household(account=alice.account, at=NOW)

    separate_members(merge=merge, at=NOW)

    assert (is_in_household(alice), is_in_household(bob)) == (False, True)
    assert not SpendingPermission.objects.filter(ended_at=None).exists()


def test_nobody_comes_back_into_a_household_that_has_no_room_any_more(
    alice: Cardholder, bob: Cardholder, twin: Cardholder, programme: Programme
) -> None:
    merge = merge_members(survivor=twin.member, merged=bob.member, at=NOW)
    Programme.objects.filter(pk=programme.pk).update(household_size=0)

    separate_members(merge=merge, at=NOW)

    assert (is_in_household(alice), is_in_household(bob)) == (True, False)


def test_whoever_had_left_before_the_merge_comes_back_to_none(bob: Cardholder, twin: Cardholder) -> None:
    leave_household(account=bob.account, at=NOW - timedelta(seconds=1))
    merge = merge_members(survivor=twin.member, merged=bob.member, at=NOW + timedelta(seconds=1))

    separate_members(merge=merge, at=NOW + timedelta(seconds=2))

    assert not is_in_household(bob)


def test_what_a_merged_member_had_given_follows_to_the_survivor_when_the_order_is_cancelled(
    alice: Cardholder, bob: Cardholder, twin: Cardholder, made: Order
) -> None:
    merge_members(survivor=twin.member, merged=bob.member, at=NOW)

    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert [balance(one.account) for one in (alice, bob, twin)] == [(2000, 0), (0, 0), (2100, 0)]
    assert violations() == []


def test_what_a_merged_member_had_ordered_goes_back_to_whoever_gave_and_the_rest_follows(
    alice: Cardholder, bob: Cardholder, twin: Cardholder, made: Order
) -> None:
    merge_members(survivor=twin.member, merged=alice.member, at=NOW)

    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert [balance(one.account) for one in (alice, bob, twin)] == [(0, 0), (2000, 0), (2100, 0)]
    assert violations() == []


def test_two_of_one_household_who_are_one_person_get_everything_back_together(
    alice: Cardholder, bob: Cardholder, made: Order
) -> None:
    merge = merge_members(survivor=bob.member, merged=alice.member, at=NOW)
    cancel_order(order=made, reason="Asked by phone", at=NOW)
    assert (balance(alice.account), balance(bob.account)) == ((0, 0), (4000, 0))
    assert violations() == []

    separate_members(merge=merge, at=NOW)

    assert (balance(alice.account), balance(bob.account)) == ((2000, 0), (2000, 0))
    assert violations() == []


@pytest.mark.parametrize("policy", LeavingPolicy)
def test_whoever_leaves_the_programme_leaves_the_household_whatever_becomes_of_their_points(
    alice: Cardholder, bob: Cardholder, policy: LeavingPolicy
) -> None:
    Programme.objects.update(leaving_policy=policy)

    leave_programme(account=bob.account, at=NOW)

    assert (is_in_household(alice), is_in_household(bob)) == (True, False)
    assert not SpendingPermission.objects.filter(ended_at=None).exists()
    assert violations() == []


def test_an_erased_member_leaves_the_household_and_their_permissions_stay_as_rows_without_a_name(
    alice: Cardholder, bob: Cardholder, made: Order
) -> None:
    erase_member(member=bob.member, at=NOW)

    assert (is_in_household(alice), is_in_household(bob)) == (True, False)
    assert SpendingPermission.objects.filter(ended_at=NOW).count() == 2
    cancel_order(order=made, reason="Asked by phone", at=NOW)
    assert (balance(alice.account), balance(bob.account)) == ((2000, 0), (1000, 0))
    assert end_points_of_leavers(NOW) == 1
    assert balance(bob.account) == (0, 0)
    assert violations() == []


def test_a_closed_card_earns_no_more_and_changes_nothing_in_the_household(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    tell_card_status(bob.card, CardStatus.CLOSED, on=date(2026, 11, 1))

    assert buy(programme, bob.card.token, euros=5).points == 0
    assert is_in_household(bob)
    alice.account.programme.refresh_from_db()
    assert set(permissions_to_spend(alice.account)) == {bob.account.pk}
    assert violations() == []
