"""What points become in the new programme: in parts as in one, whatever the rate and the order."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.ledger.movements import LotDates
from loyalty.models import RoundedOver, Rounding
from loyalty.succession.convert import Converted, Held, LateReturn, Moved, Terms, convert, shared_out

OLD = LotDates(date(2027, 3, 1), date(2024, 3, 1))
YOUNG = LotDates(date(2028, 6, 30), date(2025, 6, 30))
LATEST = LotDates(date(2029, 1, 15), date(2026, 1, 15))
ONE_TO_ONE = Terms(1, 1)
ONE_FOR_THREE = Terms(1, 3)

rates = st.integers(1, 1_000_000)
terms_of_all_kinds = st.builds(
    Terms, rates, rates, st.sampled_from(Rounding), st.sampled_from(RoundedOver)
)  # fmt: skip
amounts = st.integers(0, 10**12)
lots = st.sampled_from([OLD, YOUNG, LATEST])


@pytest.mark.parametrize(
    ("terms", "worth"),
    [
        (Terms(1, 3, Rounding.DOWN), 33),
        (Terms(1, 3, Rounding.HALF_UP), 33),
        (Terms(1, 3, Rounding.UP), 34),
        (Terms(1, 8, Rounding.DOWN), 12),
        (Terms(1, 8, Rounding.HALF_UP), 13),
        (Terms(5, 2, Rounding.UP), 250),
        (Terms(2, 3, Rounding.HALF_UP), 67),
    ],
)
def test_a_fraction_is_dropped_rounded_or_filled_up_and_alike_for_points_owed(
    terms: Terms, worth: int
) -> None:
    assert terms.worth(100) == worth
    assert terms.worth(-100) == -worth
    assert terms.worth(0) == 0


def test_each_lot_keeps_its_days_and_the_lots_together_get_the_rounded_sum() -> None:
    parts = convert(Held({YOUNG: 50, OLD: 50, LATEST: 0}), ONE_FOR_THREE, Moved())
    assert parts == [Converted(OLD, 50, 16), Converted(YOUNG, 50, 17)]


def test_rounded_over_the_lot_each_lot_loses_its_own_fraction() -> None:
    terms = ONE_FOR_THREE._replace(over=RoundedOver.LOT)
    parts = convert(Held({YOUNG: 50, OLD: 50}), terms, Moved())
    assert parts == [Converted(OLD, 50, 16), Converted(YOUNG, 50, 16)]


def test_what_follows_later_brings_the_fractions_that_were_dropped_before() -> None:
    moved = Moved()
    assert convert(Held({OLD: 50}), ONE_FOR_THREE, moved) == [Converted(OLD, 50, 16)]
    assert convert(Held({OLD: 1}), ONE_FOR_THREE, moved) == [Converted(OLD, 1, 1)]
    assert convert(Held({OLD: 1}), ONE_FOR_THREE, moved) == [Converted(OLD, 1, 0)]
    assert (moved.total_left, moved.total_arrived) == (52, 17)


def test_a_late_return_takes_from_the_lot_of_its_own_purchase() -> None:
    moved = Moved()
    convert(Held({OLD: 100, YOUNG: 40}), ONE_TO_ONE, moved)
    parts = convert(Held(owed=40, late_returns=[LateReturn(YOUNG, 40)]), ONE_TO_ONE, moved)
    assert parts == [Converted(YOUNG, -40, -40)]
    assert moved.left == {OLD: 100, YOUNG: 0}


def test_what_a_lot_never_sent_over_is_owed_without_a_lot() -> None:
    moved = Moved()
    convert(Held({YOUNG: 10}), ONE_TO_ONE, moved)
    held = Held(owed=55, late_returns=[LateReturn(YOUNG, 25), LateReturn(YOUNG, 10), LateReturn(OLD, 20)])
    assert convert(held, ONE_TO_ONE, moved) == [Converted(YOUNG, -10, -10), Converted(None, -45, -45)]


def test_returns_of_before_that_were_repaid_meanwhile_are_not_taken_twice() -> None:
    moved = Moved()
    convert(Held({OLD: 30, YOUNG: 30}), ONE_TO_ONE, moved)
    parts = convert(
        Held(owed=12, late_returns=[LateReturn(YOUNG, 12), LateReturn(OLD, 30)]), ONE_TO_ONE, moved
    )
    assert parts == [Converted(YOUNG, -12, -12)]


def test_a_late_return_that_took_from_a_lot_that_came_late_gives_it_its_points_back() -> None:
    moved = Moved()
    convert(Held({OLD: 30}), ONE_TO_ONE, moved)
    parts = convert(Held({YOUNG: 5}, late_returns=[LateReturn(OLD, 20, YOUNG)]), ONE_TO_ONE, moved)
    assert parts == [Converted(OLD, -20, -20, YOUNG), Converted(YOUNG, 25, 25)]
    parts = convert(Held({LATEST: 1}, late_returns=[LateReturn(OLD, 40, LATEST)]), ONE_TO_ONE, moved)
    assert parts == [Converted(OLD, -10, -10, LATEST), Converted(LATEST, 11, 11)]
    assert (moved.left[OLD], moved.total_left, moved.total_arrived) == (0, 36, 36)


def test_late_returns_that_took_from_each_others_lots_leave_both_as_they_are() -> None:
    moved = Moved()
    convert(Held({OLD: 30, LATEST: 30}), ONE_TO_ONE, moved)
    returns = [LateReturn(YOUNG, 2, OLD), LateReturn(OLD, 2, YOUNG)]
    parts = convert(Held({OLD: 2, YOUNG: 1}, late_returns=returns), ONE_TO_ONE, moved)
    assert parts == [Converted(OLD, 2, 2), Converted(YOUNG, 1, 1)]
    returns = [LateReturn(YOUNG, 2, OLD), LateReturn(OLD, 5, YOUNG)]
    parts = convert(Held({YOUNG: 4}, late_returns=returns), ONE_TO_ONE, moved)
    assert parts == [Converted(OLD, -3, -3, YOUNG), Converted(YOUNG, 7, 7)]


def test_points_owed_that_move_first_are_repaid_by_what_follows() -> None:
    moved = Moved()
    assert convert(Held(owed=10), ONE_FOR_THREE, moved) == [Converted(None, -10, -3)]
    assert convert(Held({OLD: 11}), ONE_FOR_THREE, moved) == [Converted(OLD, 11, 3)]
    assert (moved.total_left, moved.total_arrived) == (1, 0)


def test_nothing_held_is_nothing_converted() -> None:
    assert convert(Held(), ONE_FOR_THREE, Moved()) == []


def test_how_much_rounding_changed_is_told_in_fractions_of_a_point() -> None:
    assert ONE_FOR_THREE.difference(left=100, arrived=33) == -1
    assert ONE_FOR_THREE.difference(left=100, arrived=34) == 2
    assert ONE_FOR_THREE.difference(left=99, arrived=33) == 0


@given(terms_of_all_kinds, amounts)
def test_rounding_changes_less_than_a_point_and_in_the_direction_that_was_agreed(
    terms: Terms, points: int
) -> None:
    difference = Fraction(terms.worth(points)) - Fraction(points * terms.new_points, terms.old_points)
    if terms.rounding is Rounding.DOWN:
        assert -1 < difference <= 0
    elif terms.rounding is Rounding.UP:
        assert 0 <= difference < 1
    else:
        assert Fraction(-1, 2) < difference <= Fraction(1, 2)


@given(terms_of_all_kinds, st.lists(st.tuples(lots, st.integers(-500, 500)), max_size=12))
def test_in_any_number_of_parts_the_account_gets_what_one_conversion_gives(
    terms: Terms, events: list[tuple[LotDates, int]]
) -> None:
    terms = terms._replace(over=RoundedOver.ACCOUNT)
    moved = Moved()
    for lot, points in events:
        if points > 0:
            convert(Held({lot: points}), terms, moved)
        else:
            convert(Held(owed=-points, late_returns=[LateReturn(lot, -points)]), terms, moved)
    assert moved.total_left == sum(points for _lot, points in events)
    assert moved.total_arrived == terms.worth(moved.total_left)
    assert all(left >= 0 for lot, left in moved.left.items() if lot is not None)


@given(terms_of_all_kinds, st.lists(st.tuples(lots, st.integers(-500, 500)), max_size=12))
def test_rounded_over_the_lot_each_lot_gets_what_one_conversion_gives(
    terms: Terms, events: list[tuple[LotDates, int]]
) -> None:
    terms = terms._replace(over=RoundedOver.LOT)
    moved = Moved()
    for lot, points in events:
        held = (
            Held({lot: points}) if points > 0 else Held(owed=-points, late_returns=[LateReturn(lot, -points)])
        )
        convert(held, terms, moved)
    assert moved.arrived == {lot: terms.worth(left) for lot, left in moved.left.items()}


@given(
    terms_of_all_kinds,
    st.dictionaries(lots, st.integers(0, 500)),
    st.dictionaries(lots, st.fractions(0, 1)),
)
def test_the_shares_of_lots_add_up_to_what_arrived_after_late_returns_too(
    terms: Terms, held: dict[LotDates, int], returned: dict[LotDates, Fraction]
) -> None:
    moved = Moved()
    convert(Held(held), terms, moved)
    for lot, share in returned.items():
        points = int(share * held.get(lot, 0))
        convert(Held(owed=points, late_returns=[LateReturn(lot, points)]), terms, moved)
    shares = shared_out(moved, terms)
    assert sum(part.arrived for part in shares) == moved.total_arrived
    assert {part.lot: part.left for part in shares} == {lot: left for lot, left in moved.left.items() if left}
    assert all(part.arrived >= 0 for part in shares)
