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
    "4111_1111_1111_1111",
    "4111/1111/1111/1111",
    "4111  1111  1111  1111",
    "4111\u20091111\u20091111\u20091111",
    "4111\u20111111\u20111111\u20111111",
    "4111\u22121111\u00b71111\u20441111",
    "4111\u200b1111\u200b1111\u200b1111",
    "3530-1113-3330-0000",
    "3530111333300000",
    "0004111111111111111",
]
BESIDE_LETTERS = [
    "CB4111111111111111",
    "CARD4111111111111111",
    "4111111111111111E",
    "4111111111111111abc",
    "a4970100000000154f",
    "REF3530111333300000",
    "REF3530111333300000-1",
    "REF00378282246310005",
    "+4111111111111111",
    "004111111111111111",
    "4111111111111111 12/28",
    "4111 1111 1111 1111 12/28",
    "3530111333300000 12/28",
]
OTHER_NUMBERS = [
    "",
    "497010000000015",
    "4970100000000155",
    "0000000000000000",
    "+378282246310005",
    "00378282246310005",
    "49701000000001540000",
    "FR76 3000 6000 0112 3456 7890 189",
    "+33 6 12 34 56 78",
    "06 12 34 56 78",
    "2026-11-22-0001-0042",
    "CF-20261120-000123",
    "a4970100000000154f0e1d2c3b4",
    "550e8400-e29b-41d4-a716-446655440000",
    "48.8566140000001",
    "12-20261120-000106",
    "P20261120000031",
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


def test_a_number_is_found_inside_a_longer_word() -> None:
    assert holds_card_number("tok_4970100000000154")
    assert without_card_numbers("tok_4970100000000154-x") == f"tok_{MASK}0154]-x"


def test_two_numbers_in_one_text_are_both_masked() -> None:
    text = "4970100000000154 or 5555555555554444"
    assert without_card_numbers(text) == f"{MASK}0154] or {MASK}4444]"


@pytest.mark.parametrize("text", BESIDE_LETTERS)
def test_a_card_number_beside_letters_or_other_digits_is_found_and_masked(text: str) -> None:
    assert holds_card_number(text)
    masked = without_card_numbers(text)
    assert MASK in masked
    assert sum(character.isdigit() for character in masked) < 10


def test_full_width_digits_are_digits_and_the_rest_of_the_text_stays() -> None:
    number = "4111111111111111".translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert without_card_numbers(f"Zo\u00e9 \ufb01 {number} \u00bd") == f"Zo\u00e9 \ufb01 {MASK}1111] \u00bd"
    assert holds_card_number(number)


def test_groups_that_are_those_of_a_reference_are_no_card_number() -> None:
    passing = [f"12-345678-{number:06}" for number in range(100)] + [f"P-20261120-{n:06}" for n in range(100)]
    assert [text for text in passing if holds_card_number(text)] == []
