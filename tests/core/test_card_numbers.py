"""Full card numbers are recognised however they are written; what merely has many digits is left alone."""

import pytest

from core.card_numbers import MASK, holds_card_number, without_card_numbers

CARD_NUMBERS = [
    "4970100000000154",
    "4970 1000 0000 0154",
    "4970-1000-0000-0154",
    "4970.1000.0000.0154",
    "4970\u202f1000\u202f0000\u202f0154",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "3782-822463-10005",
    "6011111111111117",
    "4222222222222",
    "6304000000000000000",
    "4 9 7 0 1 0 0 0 0 0 0 0 0 1 5 4",
]
OTHER_NUMBERS = [
    "",
    "497010000000015",
    "4970100000000155",
    "0000000000000000",
    "+4970100000000154",
    "49701000000001540000",
    "FR76 3000 6000 0112 3456 7890 189",
    "+33 6 12 34 56 78",
    "06 12 34 56 78",
    "2026-11-22-0001-0042",
    "CF-20261120-000123",
    "a4970100000000154f",
    "550e8400-e29b-41d4-a716-446655440000",
    "48.8566140000001",
]


@pytest.mark.parametrize("number", CARD_NUMBERS)
@pytest.mark.parametrize("around", ["{}", "card {} of Alice", "({})", "a,{},b", '"{}"'])
def test_a_card_number_is_found_and_masked(number: str, around: str) -> None:
    text = around.format(number)
    assert holds_card_number(text)
    masked = without_card_numbers(text)
    last4 = "".join(digit for digit in number if digit.isdigit())[-4:]
    assert masked == around.format(f"{MASK}{last4}]")
    assert holds_card_number(masked)


@pytest.mark.parametrize("number", OTHER_NUMBERS)
def test_another_number_is_left_alone(number: str) -> None:
    assert not holds_card_number(number)
    assert without_card_numbers(number) == number


def test_a_number_of_a_large_network_is_found_inside_a_longer_word() -> None:
    assert holds_card_number("tok_4970100000000154")
    assert without_card_numbers("tok_4970100000000154-x") == f"tok_{MASK}0154]-x"
    assert not holds_card_number("tok_1970100000000157")


def test_two_numbers_in_one_text_are_both_masked() -> None:
    text = "4970100000000154 or 5555555555554444"
    assert without_card_numbers(text) == f"{MASK}0154] or {MASK}4444]"
