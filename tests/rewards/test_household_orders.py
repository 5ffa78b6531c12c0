"""An order paid by a household takes what expires first, of whoever allows it; a cancellation restores all.

Alice spends; Bob and Carla live with her.
"""

from datetime import date, timedelta

import pytest

from core.errors import RequestKeyReused
from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.errors import InsufficientPoints
from loyalty.expiry.service import expire_points
from loyalty.households.errors import PointsOwedFirst, SharesChanged
from loyalty.households.membership import leave_household
from loyalty.households.permissions import end_spending
from loyalty.models import EntryKind, Programme, Transfer, TransferReason
from rewards.models import OrderShare
from rewards.services.orders import cancel_order, order_gift_card
from tests.factories import NOW, Cardholder, bring_back, buy, make_cardholder, order
from tests.households import allow_households, let_spend, live_together, order_together, product_for
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import LotCounts, balance, entries, lots, paris, uses
from tests.proofs import violations
from tests.rewards.state import everything

MAY_2023, JUNE_2023 = paris("2023-05-01 12:00"), paris("2023-06-01 12:00")
JUNE_2026 = paris("2026-06-01 12:00")


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return Alice, with 30 points that live through 1 June 2027 and 50 through 1 June 2030."""
    alice = make_cardholder(programme, first_name="Alice")
    buy(programme, alice.card.token, euros=30, purchased_at=JUNE_2023)
    buy(programme, alice.card.token, euros=50, purchased_at=JUNE_2026)
    return alice


@kept()
def bob(programme: Programme) -> Cardholder:
    """Return Bob, with 20 points that live through 1 May 2027 and 40 through 1 June 2027."""
    bob = make_cardholder(programme, first_name="Bob")
    buy(programme, bob.card.token, euros=20, purchased_at=MAY_2023)
    buy(programme, bob.card.token, euros=40, purchased_at=JUNE_2023)
    return bob


@kept()
def carla(programme: Programme) -> Cardholder:
    """Return Carla, with 100 points that live through 1 June 2030."""
    carla = make_cardholder(programme, first_name="Carla")
    buy(programme, carla.card.token, euros=100, purchased_at=JUNE_2026)
    return carla


@kept(autouse=True)
def _household(alice: Cardholder, bob: Cardholder, carla: Cardholder) -> None:
    """Let Bob and Carla allow Alice to spend their points, and nobody else anything."""
    live_together(alice, bob, carla)
    let_spend(bob, alice)
    let_spend(carla, alice)


def test_what_expires_first_goes_first_whoever_it_is_and_one_s_own_first_among_one_day(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    order_together(alice, 60)

    assert lots(bob.account) == {
        date(2027, 5, 1): LotCounts(20, 0, 0, 0, 0, 20),
        date(2027, 6, 1): LotCounts(40, 0, 0, 0, 30, 10),
    }
    assert lots(alice.account) == {
        date(2027, 5, 1): LotCounts(0, 20, 0, 0, 0, -20),
        date(2027, 6, 1): LotCounts(30, 40, 0, 0, 0, -10),
        date(2030, 6, 1): LotCounts(50, 0, 0, 0, 50),
    }
    assert balance(carla.account) == (100, 0)
    assert violations() == []


def test_it_is_one_batch_with_one_transfer_and_one_share_for_each_who_gives(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    made = order_together(alice, 200)

    assert made.points == 200
    assert entries(alice.account)[2:] == [
        (EntryKind.MOVED_IN, 60, 0, 140),
        (EntryKind.MOVED_IN, 60, 0, 200),
        (EntryKind.ORDER, -200, 0, 0),
    ]
    assert entries(bob.account)[-1] == (EntryKind.MOVED_OUT, -60, 0, 0)
    assert entries(carla.account)[-1] == (EntryKind.MOVED_OUT, -60, 0, 40)
    shares = OrderShare.objects.filter(order=made).order_by("pk")
    assert [
        (
            one.transfer.source,
            one.transfer.target,
            one.permission.giver.account,
            one.permission.spender.account,
        )
        for one in shares
    ] == [(giver.account, alice.account, giver.account, alice.account) for giver in (bob, carla)]
    assert {one.transfer.reason for one in shares} == {TransferReason.HOUSEHOLD}
    assert violations() == []


def test_an_order_that_one_s_own_points_pay_first_takes_nothing_of_others(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    order(programme, alice.account, points=60)

    assert balance(alice.account) == (20, 0)
    assert balance(bob.account) == (60, 0)
    assert not OrderShare.objects.exists()


def test_without_the_household_the_points_of_others_do_not_count(
    programme: Programme, alice: Cardholder
) -> None:
    before = everything()

    with pytest.raises(InsufficientPoints):
        order_gift_card(account=alice.account, product=product_for(programme, 81), request_key="tap", at=NOW)

    assert everything() == before


def test_more_than_all_have_together_is_refused_and_nothing_moves(alice: Cardholder) -> None:
    before = everything()

    with pytest.raises(InsufficientPoints) as refusal:
        order_together(alice, 241)

    assert (refusal.value.available_points, refusal.value.needed_points) == (240, 241)
    assert everything() == before
    assert not Transfer.objects.exists()
    assert order_together(alice, 240).points == 240


def test_nobody_spends_the_points_of_whoever_did_not_allow_it(bob: Cardholder, carla: Cardholder) -> None:
    before = everything()

    with pytest.raises(InsufficientPoints):
        order_together(bob, 61)

    assert everything() == before
    assert order_together(bob, 60).points == 60
    assert balance(carla.account) == (100, 0)


@pytest.mark.parametrize("how", ["taken back", "left", "spender left", "no households any more"])
def test_nothing_is_spent_of_a_permission_that_has_ended(
    programme: Programme, alice: Cardholder, carla: Cardholder, how: str
) -> None:
    match how:
        case "taken back":
            end_spending(giver=carla.account, spender_id=alice.account.pk, at=NOW)
        case "left":
            leave_household(account=carla.account, at=NOW)
        case "spender left":
            leave_household(account=alice.account, at=NOW)
        case _:
            allow_households(programme, 0)
    before = everything()

    with pytest.raises(InsufficientPoints):
        order_together(alice, 141)

    assert everything() == before
    assert violations() == []


def test_points_that_wait_or_are_over_are_not_spent(
    programme: Programme, alice: Cardholder, carla: Cardholder
) -> None:
    programme.refresh_from_db()
    programme.days_until_available = 14
    programme.save()
    buy(programme, carla.card.token, euros=500)
    buy(programme, carla.card.token, euros=500, purchased_at=NOW - timedelta(days=4 * 366), at=JUNE_2026)

    with pytest.raises(InsufficientPoints) as refusal:
        order_together(alice, 241)

    assert refusal.value.available_points == 240


def test_whoever_owes_points_spends_nothing_of_others(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="BACK")
    order(programme, alice.account, points=90)
    bring_back(programme, alice.card.token, reference="BACK", euros=10)
    assert balance(alice.account) == (-10, 10)
    before = everything()

    with pytest.raises(PointsOwedFirst):
        order_together(alice, 5)

    assert everything() == before


def test_the_same_request_is_one_order_and_another_way_of_paying_is_another_request(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    first = order_together(alice, 60)

    assert order_together(alice, 60) == first
    with pytest.raises(RequestKeyReused):
        order_gift_card(account=alice.account, product=product_for(programme, 60), request_key="tap", at=NOW)
    assert balance(bob.account) == (30, 0)


def test_an_order_takes_no_more_of_one_s_own_points_than_were_shown(
    alice: Cardholder, bob: Cardholder
) -> None:
    end_spending(giver=bob.account, spender_id=alice.account.pk, at=NOW)
    before = everything()

    with pytest.raises(SharesChanged):
        order_together(alice, 60, shown_own_points=30)

    assert everything() == before
    assert not Transfer.objects.exists()
    assert order_together(alice, 60, shown_own_points=60).points == 60


def test_a_cancellation_gives_each_their_own_points_back_in_their_own_lots(
    alice: Cardholder, bob: Cardholder, carla: Cardholder
) -> None:
    before = [(balance(one.account), lots_left(one)) for one in (alice, bob, carla)]
    made = order_together(alice, 200)

    cancel_order(order=made, reason="Asked by phone", at=NOW)
    cancel_order(order=made, reason="Once more", at=NOW)

    assert [(balance(one.account), lots_left(one)) for one in (alice, bob, carla)] == before
    assert lots(bob.account) == {
        date(2027, 5, 1): LotCounts(20, 0, 0, 0, 20),
        date(2027, 6, 1): LotCounts(40, 0, 0, 0, 40),
    }
    assert uses(carla.account) == [
        (EntryKind.MOVED_OUT, date(2030, 6, 1), 60),
        (EntryKind.MOVE_UNDONE_IN, date(2030, 6, 1), -60),
    ]
    assert violations() == []


def lots_left(person: Cardholder) -> dict[date, int]:
    """Return the points that remain, by the day on which they expire."""
    return {expires_on: lot.remaining for expires_on, lot in lots(person.account).items() if lot.remaining}


def test_points_that_are_over_meanwhile_expire_with_whom_they_belong_to(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    made = order_together(alice, 60)
    later = paris("2027-05-20 12:00")
    expire_points(programme=programme, as_of=later.date(), at=later)

    cancel_order(order=made, reason="Asked by phone", at=later)

    assert (balance(alice.account), balance(bob.account)) == ((80, 0), (40, 0))
    assert lots(bob.account)[date(2027, 5, 1)] == LotCounts(20, 0, 20, 0, 0)
    assert lots(alice.account)[date(2027, 5, 1)] == LotCounts(0, 0, 0, 0, 0)
    assert violations() == []


def test_whoever_left_the_household_gets_their_points_back_all_the_same(
    alice: Cardholder, bob: Cardholder
) -> None:
    made = order_together(alice, 60)
    leave_household(account=bob.account, at=NOW)

    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert (balance(alice.account), balance(bob.account)) == ((80, 0), (60, 0))
    assert violations() == []


def test_whoever_owes_points_when_an_order_is_cancelled_does_not_pay_with_those_of_others(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, reference="BACK", purchased_at=JUNE_2026)
    made = order_together(alice, 60)
    order(programme, alice.account, points=60)
    bring_back(programme, alice.card.token, reference="BACK", euros=10)
    assert balance(alice.account) == (-10, 10)

    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert (balance(alice.account), balance(bob.account)) == ((20, 0), (60, 0))
    assert violations() == []


def test_a_return_of_what_somebody_else_spent_leaves_its_buyer_owing(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, bob.card.token, euros=7, reference="BOB", purchased_at=MAY_2023)
    made = order_together(alice, 150)
    assert balance(bob.account) == (0, 0)

    bring_back(programme, bob.card.token, reference="BOB", euros=7)
    assert balance(bob.account) == (-7, 7)
    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert balance(bob.account) == (60, 0)
    assert violations() == []


def test_whoever_leaves_the_programme_leaves_the_household_and_what_comes_back_ends_with_the_rest(
    alice: Cardholder, bob: Cardholder
) -> None:
    made = order_together(alice, 60)
    leave_programme(account=bob.account, at=NOW)

    with pytest.raises(InsufficientPoints):
        order_together(alice, 160, key="second")
    cancel_order(order=made, reason="Asked by phone", at=NOW)

    assert (balance(alice.account), balance(bob.account)) == ((80, 0), (30, 0))
    assert end_points_of_leavers(NOW) == 1
    assert balance(bob.account) == (0, 0)
    assert violations() == []
