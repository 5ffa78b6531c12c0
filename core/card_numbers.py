"""Recognises what looks like a full card number, so that none is ever stored or logged.

Only the issuer's card token and the last four digits are kept. It reads text and knows no file and no card.
"""

import re

MASK = "[card-number-ending-"
"""Starts what stands in the place of a card number. A text that was masked still counts as holding one."""

# A word of 13 to 19 digits, in one piece or with single spaces. A phone number written with + is none.
# Spaces include those that do not break, which French writes in long numbers.
_WORD = re.compile(
    r"(?<![\w.+-])(?<![0-9][ \u00a0\u202f])"
    r"[1-9](?:[ \u00a0\u202f]?[0-9]){12,18}(?![ \u00a0\u202f]?[0-9])(?![\w-])"
)
# A number of the large card networks, in one piece or in its usual groups, even inside a longer word.
# References made of a store, a day and a number also have many digits and dashes: they match neither
# pattern.
_NETWORK = re.compile(
    r"(?<![0-9A-Fa-f+])(?:"
    r"(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6[0-9]{3})([ .\u00a0\u202f-]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    r"|3[47][0-9]{2}([ .\u00a0\u202f-]?)[0-9]{6}\2[0-9]{5}"
    r")(?![0-9A-Fa-f])"
)
_MANY_DIGITS = re.compile(r"[0-9](?:[ .\u00a0\u202f-]?[0-9]){12}").search
_SEPARATORS = re.compile(r"[ .\u00a0\u202f-]")
_NINE = 9


def holds_card_number(text: str) -> bool:
    """Say whether a text holds what looks like a full card number, or held one before it was masked."""
    if MASK in text:
        return True
    if not _MANY_DIGITS(text):
        return False
    found = (match[0] for pattern in (_WORD, _NETWORK) for match in pattern.finditer(text))
    return any(map(_passes_luhn, found))


def without_card_numbers(text: str) -> str:
    """Return the text with each full card number replaced by a note that keeps its last four digits."""
    if not _MANY_DIGITS(text):
        return text
    return _NETWORK.sub(_masked, _WORD.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    return f"{MASK}{_digits(found[0])[-4:]}]" if _passes_luhn(found[0]) else found[0]


def _digits(number: str) -> str:
    return _SEPARATORS.sub("", number)


def _passes_luhn(number: str) -> bool:
    """Check the last digit: from the right every second digit counts double, less nine above nine."""
    total = 0
    for place, digit in enumerate(reversed(_digits(number))):
        value = int(digit) * (1 + place % 2)
        total += value - _NINE if value > _NINE else value
    return total % 10 == 0
