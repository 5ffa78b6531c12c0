"""Until it is closed a succession can be reversed: the old lots are as if nothing had ever moved."""

from datetime import datetime, timedelta

import pytest

from loyalty.dates import local_date
from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.expiry.service import expire_points
from loyalty.models import Conversion, ConversionKind, Lot, PointAccount, Programme, Succession, Transfer
from loyalty.succession.service import begin_succession, reverse_succession
from loyalty.succession.walks import step_succession
from members.services.erasure import erase_member
from tests.factories import NOW, PARIS, bring_back, buy, make_cardholder, order
from tests.loyalty.ledger_state import balance, lots
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    new_account,
    prepare,
    rehearse,
    run,
    terms,
    walk,
)
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(days=100)
LATER = NOW + timedelta(days=10)


def reverse(succession: Succession) -> Succession:
    return walk(reverse_succession(succession=succession, at=LATER), at=LATER)


def held(account: PointAccount) -> dict[object, int]:
    """Return what the account's lots hold."""
    return {day: lot.remaining for day, lot in lots(account).items() if lot.remaining}


def test_every_lot_is_restored_exactly_and_nothing_stays_in_the_new_programme(programmes: Programmes) -> None:
    alice, bob = (make_cardholder(programmes.old) for _ in range(2))
    buy(programmes.old, alice.card.token, euros=100, purchased_at=BEFORE)
    buy(programmes.old, alice.card.token, euros=30)
    buy(programmes.old, bob.card.token, euros=8)
    order(programmes.old, alice.account, points=20)
    before = list(Lot.objects.order_by("pk").values())
    succession = reverse(run(prepare(programmes, terms(2, 3))))
    assert list(Lot.objects.filter(account__programme=programmes.old).order_by("pk").values()) == before
    assert [balance(new_account(programmes, one.account)) for one in (alice, bob)] == [(0, 0), (0, 0)]
    assert (succession.state, succession.left_points, succession.arrived_points) == ("reversed", 0, 0)
    assert (succession.walk["moving"], succession.walk["undone_left"]) == (2, 118)
    assert succession.ended_at == LATER
    assert Transfer.objects.filter(undoes__isnull=False).count() == 2
    assert broken_rules() == []


def test_what_was_spent_meanwhile_is_paid_from_other_points_and_then_owed(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=50)
    succession = run(prepare(programmes))
    new = new_account(programmes, alice.account)
    order(programmes.new, new, points=45)
    buy(programmes.new, alice.card.token, euros=10, at=LATER)
    reverse(succession)
    assert balance(alice.account) == (50, 0)
    assert balance(new) == (-35, 35)
    assert broken_rules() == []


def test_late_returns_stay_taken_from_the_lots_of_their_purchases(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=BEFORE)
    buy(programmes.old, alice.card.token, euros=50, reference="YOUNG")
    succession = run(prepare(programmes, terms(1, 3)))
    bring_back(programmes.old, alice.card.token, reference="YOUNG", euros=20, at=LATER)
    succession = follow(succession, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="YOUNG", euros=10, at=LATER)
    succession = reverse(succession)
    assert list(held(alice.account).values()) == [50, 20]
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert (succession.left_points, succession.arrived_points) == (0, 0)
    assert broken_rules() == []


def test_a_late_return_of_since_the_last_walk_takes_from_its_own_lot_as_well(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=30, purchased_at=BEFORE, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="A", euros=20, at=LATER)
    reverse(succession)
    assert list(held(alice.account).values()) == [30, 30]
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert broken_rules() == []


def test_a_return_of_more_than_is_left_in_its_lot_is_undone_beside_what_it_owed(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=40, purchased_at=BEFORE, reference="OLD")
    buy(programmes.old, alice.card.token, euros=100, reference="YOUNG")
    order(programmes.old, alice.account, points=30)
    succession = run(prepare(programmes, terms(1, 3)))
    bring_back(programmes.old, alice.card.token, reference="OLD", euros=40, at=LATER)
    succession = follow(succession, at=LATER)
    assert set(succession.conversions.values_list("kind", flat=True)) == {1, 2, 3}
    reverse(succession)
    assert list(held(alice.account).values()) == [80 - 10]
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert broken_rules() == []


def test_where_rounding_took_from_no_lot_each_transfer_is_undone(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=3, purchased_at=BEFORE, reference="SPENT")
    order(programmes.old, alice.account, points=3)
    buy(programmes.old, alice.card.token, euros=2, reference="LATE")
    succession = run(prepare(programmes, terms(1, 3)))
    for reference, euros in (("SPENT", 3), ("LATE", 2)):
        bring_back(programmes.old, alice.card.token, reference=reference, euros=euros, at=LATER)
        succession = follow(succession, at=LATER)
    # Nothing arrived for the 2 points; with the 3 owed before they took a point as they went back.
    assert (succession.left_points, succession.arrived_points) == (-3, -1)
    assert balance(new_account(programmes, alice.account)) == (-1, 1)

    succession = reverse(succession)

    assert (succession.left_points, succession.arrived_points) == (0, 0)
    assert balance(alice.account) == (-3, 3)
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert broken_rules() == []


def test_rounding_leaves_nothing_owed_of_what_expired(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=14, reference="KEPT")
    succession = run(prepare(programmes, terms(1, 3)))
    buy(programmes.old, alice.card.token, euros=25, purchased_at=NOW - timedelta(days=1090))
    succession = follow(succession)
    new = new_account(programmes, alice.account)
    assert [lot.remaining for lot in lots(new).values()] == [9, 4]
    expire_points(programme=programmes.new, as_of=local_date(LATER, PARIS), at=LATER)
    bring_back(programmes.old, alice.card.token, reference="KEPT", euros=8, at=LATER)
    succession = follow(succession, at=LATER)

    reverse(succession)

    assert (balance(alice.account), balance(new)) == ((6, 0), (0, 0))
    assert broken_rules() == []


def test_points_owed_that_had_moved_are_owed_in_the_old_programme_again(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=60, reference="A")
    order(programmes.old, alice.account, points=60)
    bring_back(programmes.old, alice.card.token, reference="A", euros=60)
    succession = run(prepare(programmes))
    new = new_account(programmes, alice.account)
    buy(programmes.new, alice.card.token, euros=100, at=LATER)
    assert balance(new) == (40, 0)
    reverse(succession)
    assert balance(alice.account) == (-60, 60)
    assert balance(new) == (100, 0)
    assert broken_rules() == []


def test_points_owed_and_points_that_followed_them_are_both_undone(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=60, reference="A")
    order(programmes.old, alice.account, points=60)
    bring_back(programmes.old, alice.card.token, reference="A", euros=60)
    succession = run(prepare(programmes, terms(1, 2)))
    buy(programmes.old, alice.card.token, euros=75, reference="B", at=LATER)
    succession = follow(succession, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="B", euros=5, at=LATER)
    succession = follow(succession, at=LATER)
    reverse(succession)
    assert balance(alice.account) == (10, 0)
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert broken_rules() == []


def test_a_late_return_of_everything_leaves_nothing_to_reverse(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=60, reference="A")
    succession = run(prepare(programmes))
    bring_back(programmes.old, alice.card.token, reference="A", euros=60, at=LATER)
    succession = follow(succession, at=LATER)
    before = Conversion.objects.count()
    succession = reverse(succession)
    assert (Conversion.objects.count(), succession.walk["moving"]) == (before, 0)
    assert balance(alice.account) == (0, 0)
    assert broken_rules() == []


def test_the_points_of_somebody_who_was_erased_meanwhile_end_again(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=50)
    succession = run(prepare(programmes))
    erase_member(member=alice.member, at=LATER)
    reverse(succession)
    assert balance(alice.account) == (0, 0)
    assert balance(PointAccount.objects.get(member=alice.member, programme=programmes.new)) == (0, 0)
    assert broken_rules() == []


def test_who_left_the_old_programme_when_it_cost_nothing_can_spend_what_comes_back(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old, points=100)
    succession = run(prepare(programmes))
    assert leave_programme(account=alice.account, at=NOW) == 0

    reverse(succession)

    assert end_points_of_leavers(NOW) == 0
    order(programmes.old, alice.account, points=60)
    assert balance(alice.account) == (40, 0)
    assert broken_rules() == []


def test_points_that_are_over_by_then_come_back_and_expire_in_the_old_programme(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=NOW - timedelta(days=1090))
    reverse(run(prepare(programmes)))
    assert balance(alice.account) == (0, 0)
    assert [lot.expired for lot in lots(alice.account).values()] == [50]
    assert balance(new_account(programmes, alice.account)) == (0, 0)
    assert broken_rules() == []


def test_a_succession_can_be_reversed_in_the_middle_of_its_first_walk(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.succession.walks.MOVED_AT_ONCE", 2)
    people = [make_cardholder(programmes.old, points=10) for _ in range(5)]
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)
    step_succession(succession.pk, at=NOW)
    assert [balance(one.account)[0] for one in people] == [0, 0, 10, 10, 10]
    reverse(succession)
    assert [balance(one.account)[0] for one in people] == [10] * 5
    assert Conversion.objects.filter(kind=ConversionKind.REVERSED).count() == 2
    assert broken_rules() == []


def test_afterwards_the_old_programme_goes_on_and_may_be_succeeded_again(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=10)
    reverse(run(prepare(programmes)))
    assert Programme.objects.get(code="smiles").lines_end_on is None
    buy(programmes.old, alice.card.token, euros=5, at=LATER)
    assert balance(alice.account) == (15, 0)
    run(prepare(programmes, terms(2, 1)))
    assert balance(new_account(programmes, alice.account)) == (30, 0)
    assert broken_rules() == []


def test_two_conversions_of_a_lot_are_undone_in_the_night_in_which_it_ends(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    bought, night = datetime(2023, 11, 23, 12, tzinfo=PARIS), datetime(2026, 11, 24, 1, tzinfo=PARIS)
    buy(programmes.old, alice.card.token, euros=100, purchased_at=bought)
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=50, purchased_at=bought)
    follow(succession)
    walk(reverse_succession(succession=succession, at=night), at=night)
    assert (balance(alice.account), balance(new_account(programmes, alice.account))) == ((0, 0), (0, 0))
    assert [lot.expired_points for lot in Lot.objects.filter(account=alice.account)] == [150]
    assert broken_rules() == []
