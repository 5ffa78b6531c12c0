"""The check of the translations finds what readers would stumble over."""

import pytest
from babel.messages.catalog import Message

from tools.messages import breaks, check


def test_every_sentence_has_its_french_and_no_line_begins_with_a_sign() -> None:
    assert check() == 0


@pytest.mark.parametrize(
    "french", ["Pourquoi ?", ("1 point : fin", "2 points"), "« Personnel\N{NO-BREAK SPACE}»"]
)
def test_a_space_that_breaks_before_a_sign_is_found(french: str | tuple[str, str]) -> None:
    assert breaks(Message("English", french))


@pytest.mark.parametrize(
    "french", ["Pourquoi\N{NO-BREAK SPACE}?", "12:30", "", "1\N{NARROW NO-BREAK SPACE}; 2"]
)
def test_a_space_that_holds_the_sign_is_not(french: str) -> None:
    assert not breaks(Message("English", french))
