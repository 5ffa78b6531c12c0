"""What arrives late in the old programme lands where it would have landed, to the point."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from loyalty.dates import local_date
from loyalty.enrolment import end_points_of_leavers, leave_programme
from loyalty.expiry.service import expire_points
from loyalty.models import Conversion, ConversionKind, EntryKind, RoundedOver, Rounding
from loyalty.succession.convert import Terms
from rewards.services.orders import cancel_order
from tests.factories import NOW, PARIS, bring_back, buy, make_cardholder, order
from tests.loyalty.ledger_state import balance, lots
from tests.loyalty.succession.conftest import (
    Programmes,
    follow,
    make_programmes,
    new_account,
    prepare,
    run,
    terms,
)
from tests.patience import patient
from tests.proofs import broken_rules

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(days=100)
LATER = NOW + timedelta(days=10)


def test_a_late_purchase_follows_with_its_own_days(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=10)
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=7, purchased_at=BEFORE, at=LATER)
    assert balance(alice.account) == (7, 0)
    succession = follow(succession, at=LATER)
    new = new_account(programmes, alice.account)
    assert balance(alice.account) == (0, 0)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {
        date(2029, 8, 14): 7,
        date(2029, 11, 22): 10,
    }
    assert (succession.left_points, succession.walks) == (17, 2)
    assert broken_rules() == []


def test_a_late_return_takes_from_the_lot_of_its_purchase_and_not_from_what_expires_first(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, purchased_at=BEFORE)
    buy(programmes.old, alice.card.token, euros=50, reference="YOUNG")
    succession = run(prepare(programmes))
    bring_back(programmes.old, alice.card.token, reference="YOUNG", euros=20, at=LATER)
    assert balance(alice.account) == (-20, 20)
    follow(succession, at=LATER)
    new = new_account(programmes, alice.account)
    assert balance(alice.account) == (0, 0)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {
        date(2029, 8, 14): 50,
        date(2029, 11, 22): 30,
    }
    assert Conversion.objects.get(kind=ConversionKind.LATE_RETURN).parts == [
        ["2029-11-22", "2026-11-22", -20, -20]
    ]
    assert broken_rules() == []


def test_a_late_return_takes_nothing_from_a_purchase_that_came_late_itself(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=30, purchased_at=BEFORE, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="A", euros=20, at=LATER)
    assert balance(alice.account) == (10, 0)
    succession = follow(succession, at=LATER)
    new = new_account(programmes, alice.account)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {
        date(2029, 8, 14): 30,
        date(2029, 11, 22): 30,
    }
    assert (succession.left_points, succession.arrived_points) == (60, 60)
    assert broken_rules() == []


@pytest.mark.parametrize(("of_moved", "of_late"), [(5, 4), (5, 5), (3, 5), (5, 1)])
def test_returns_of_a_purchase_that_moved_and_of_one_that_came_late_take_each_its_own(
    programmes: Programmes, of_moved: int, of_late: int
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=5, reference="MOVED", purchased_at=BEFORE)
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=5, reference="LATE", at=LATER)
    # The first takes the points of the late purchase, the second finds none of them and owes.
    bring_back(programmes.old, alice.card.token, reference="MOVED", euros=of_moved, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="LATE", euros=of_late, at=LATER)
    assert balance(alice.account)[1] == of_moved + of_late - 5

    follow(succession, at=LATER)

    new = new_account(programmes, alice.account)
    assert balance(alice.account) == (0, 0)
    left = {date(2029, 8, 14): 5 - of_moved, date(2029, 12, 2): 5 - of_late}
    assert {day: lot.remaining for day, lot in lots(new).items() if lot.remaining} == {
        day: points for day, points in left.items() if points
    }
    assert broken_rules() == []


def test_one_late_return_finds_its_points_though_it_took_others_and_owed_the_rest(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=10, reference="MOVED")
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=4, purchased_at=BEFORE, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="MOVED", euros=9, at=LATER)
    assert balance(alice.account) == (-5, 5)

    follow(succession, at=LATER)

    new = new_account(programmes, alice.account)
    assert balance(alice.account) == (0, 0)
    assert {day: lot.remaining for day, lot in lots(new).items()} == {
        date(2029, 8, 14): 4,
        date(2029, 11, 22): 1,
    }
    assert broken_rules() == []


def test_a_late_return_of_spent_points_takes_others_and_leaves_the_rest_owed_in_the_new_programme(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    new = new_account(programmes, alice.account)
    order(programmes.new, new, points=45)
    buy(programmes.new, alice.card.token, euros=10, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="A", euros=50, at=LATER)
    follow(succession, at=LATER)
    assert balance(alice.account) == (0, 0)
    assert balance(new) == (-35, 35)
    assert broken_rules() == []


def test_a_late_return_of_points_that_expired_in_the_new_programme_costs_no_other_points(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    long_ago = NOW - timedelta(days=1090)
    buy(programmes.old, alice.card.token, euros=50, reference="A", purchased_at=long_ago)
    succession = run(prepare(programmes))
    new = new_account(programmes, alice.account)
    buy(programmes.new, alice.card.token, euros=9, at=LATER)
    expire_points(programme=programmes.new, as_of=local_date(LATER, PARIS), at=LATER)
    assert balance(new) == (9, 0)
    bring_back(programmes.old, alice.card.token, reference="A", euros=50, at=LATER)
    follow(succession, at=LATER)
    assert balance(alice.account) == (0, 0)
    assert balance(new) == (9, 0)
    assert broken_rules() == []


def test_points_of_an_order_cancelled_late_follow(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=100)
    placed = order(programmes.old, alice.account, points=30)
    succession = run(prepare(programmes, terms(1, 3)))
    new = new_account(programmes, alice.account)
    assert balance(new) == (23, 0)
    cancel_order(order=placed, reason="late", at=LATER)
    follow(succession, at=LATER)
    assert balance(new) == (33, 0)
    assert broken_rules() == []


def test_whoever_leaves_the_old_programme_after_moving_is_followed(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    leave_programme(account=alice.account, at=LATER)
    bring_back(programmes.old, alice.card.token, reference="A", euros=50, at=LATER)
    follow(succession, at=LATER)
    assert balance(alice.account) == (0, 0)
    assert balance(new_account(programmes, alice.account)) == (0, 0)


def test_whoever_lost_their_points_by_leaving_gets_none_for_late_purchases_but_pays_for_late_returns(
    programmes: Programmes,
) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=50, reference="A")
    succession = run(prepare(programmes))
    leave_programme(account=alice.account, at=LATER)
    buy(programmes.old, alice.card.token, euros=9, purchased_at=BEFORE, at=LATER)
    follow(succession, at=LATER)
    new = new_account(programmes, alice.account)
    assert (balance(alice.account), balance(new)) == ((9, 0), (50, 0))
    end_points_of_leavers(LATER)
    bring_back(programmes.old, alice.card.token, reference="A", euros=20, at=LATER)
    follow(succession, at=LATER)
    assert (balance(alice.account), balance(new)) == ((0, 0), (30, 0))
    assert broken_rules() == []


def test_a_walk_that_finds_nothing_late_moves_nothing(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=10)
    succession = run(prepare(programmes))
    before = Conversion.objects.count()
    succession = follow(follow(succession))
    assert (Conversion.objects.count(), succession.walks, succession.walk["accounts"]) == (before, 3, 0)


Event = tuple[str, int, int]
events = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 40), st.integers(0, 3)),
        st.tuples(st.just("return"), st.integers(1, 40), st.integers(0, 5)),
        st.tuples(st.just("follow"), st.just(0), st.just(0)),
    ),
    max_size=10,
)


@patient(10)
@given(
    events=events,
    rate=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    rounding=st.sampled_from(Rounding),
)
def test_late_lines_in_any_order_give_what_one_conversion_at_the_end_gives(
    real_points: "Callable[..., tuple[int, int]]",
    events: list[Event],
    rate: tuple[int, int],
    rounding: Rounding,
) -> None:
    old_points, new_points = real_points(events, rate, rounding)
    assert new_points == Terms(*rate, rounding).worth(old_points)


@pytest.fixture
def real_points(db: None) -> Callable[..., tuple[int, int]]:  # noqa: ARG001 - for its effect
    """Return a function that plays events during a succession, and what they are worth in the old programme.

    The new programme's owner spends nothing, so that both balances can be compared. Each example is undone.
    """

    def play(events: list[Event], rate: tuple[int, int], rounding: Rounding) -> tuple[int, int]:
        with transaction.atomic():
            programmes = make_programmes()
            alice = make_cardholder(programmes.old)
            for number in range(3):
                buy(programmes.old, alice.card.token, euros=11 * (number + 1), reference=f"P{number}")
            succession = run(prepare(programmes, terms(*rate, rounding=rounding)))
            bought = 3
            for kind, euros, chosen in events:
                if kind == "buy":
                    at = NOW - timedelta(days=chosen)
                    buy(
                        programmes.old, alice.card.token, euros=euros, reference=f"P{bought}", purchased_at=at
                    )
                    bought += 1
                elif kind == "return":
                    bring_back(programmes.old, alice.card.token, reference=f"P{chosen % bought}", euros=euros)
                else:
                    succession = follow(succession)
            follow(succession)
            assert broken_rules() == []
            lines = alice.account.entries.filter(kind__in=(EntryKind.PURCHASE, EntryKind.RETURN))
            earned = sum(lines.values_list("points", flat=True))
            found = earned, balance(new_account(programmes, alice.account))[0]
            transaction.set_rollback(True)
        return found

    return play


def test_rounded_over_the_lot_a_late_return_is_rounded_with_its_own_lot(programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old)
    buy(programmes.old, alice.card.token, euros=5, reference="A")
    succession = run(prepare(programmes, terms(1, 2, over=RoundedOver.LOT)))
    bring_back(programmes.old, alice.card.token, reference="A", euros=1, at=LATER)
    follow(succession, at=LATER)
    assert balance(new_account(programmes, alice.account)) == (2, 0)
    assert broken_rules() == []
