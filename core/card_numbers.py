"""Recognises what looks like a full card number, so that none is ever stored or logged.

Only the issuer's card token and the last four digits are kept. It reads text and knows no file and no card.
"""

import re
import unicodedata
from collections.abc import Iterator

MASK = "[card-number-ending-"
"""Starts what stands in the place of a card number. A text that was masked still counts as holding one."""

# Separators are told apart only after other alphabets were brought down to these.
_SEPARATED = "[ ._/-]{0,8}"
_RUN = re.compile(rf"[0-9](?:{_SEPARATED}[0-9]){{12,}}")
_GROUPS = re.compile("[0-9]+").findall
# Inside a longer run, such as a card number with its expiry date: a number in one piece, or one of the large
# card networks in its usual groups.
_INSIDE = re.compile(
    r"(?<![0-9.])0*[1-9][0-9]{12,18}(?![0-9.])"
    r"|(?<![0-9])(?:"
    rf"(?:4[0-9]{{3}}|5[1-5][0-9]{{2}}|2[2-7][0-9]{{2}}|6[0-9]{{3}})({_SEPARATED})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}"
    rf"|3[47][0-9]{{2}}({_SEPARATED})[0-9]{{6}}\2[0-9]{{5}}"
    r")(?![0-9])"
)
# No card number starts like a day of this century; references often do.
_DAY = re.compile(r"20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])").match
_WORD_AT_END = re.compile(r"[A-Za-z0-9_-]+\Z")
_WORD_AT_START = re.compile(r"\A[A-Za-z0-9_-]+")
_LONGEST_WORD = 200
_OTHER_CHARACTERS_OF_A_TOKEN = 8
_SHORTEST, _LONGEST = 13, 19
_LONGEST_PHONE = 15
_LONGEST_LAST_GROUP = 7
_NINE = 9
_DOTS = "\u00b7\u2022\u2024\u2027\u2219\u22c5\u30fb"
_SLASHES = "\u2044\u2215\u29f8"


class _Plain(dict[int, str]):
    """What stands for a character: one ASCII digit or separator for its kin, else the character itself."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


def _plain(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind in {"Zs", "Cf"}:
        return " "
    if kind == "Pd" or character == "\u2212":
        return "-"
    if character in _DOTS:
        return "."
    if character in _SLASHES:
        return "/"
    usual = unicodedata.normalize("NFKC", character)
    return usual if len(usual) == 1 else character


_PLAIN = _Plain()


def holds_card_number(text: str) -> bool:
    """Say whether a text holds what looks like a full card number, or held one before it was masked."""
    return MASK in text or any(True for _ in _card_numbers(_as_plain(text)))


def without_card_numbers(text: str) -> str:
    """Return the text with each full card number replaced by a note that keeps its last four digits."""
    plain = _as_plain(text)
    pieces = []
    end = 0
    for first, last in _card_numbers(plain):
        pieces += [text[end:first], f"{MASK}{_digits(plain[first:last])[-4:]}]"]
        end = last
    return "".join([*pieces, text[end:]]) if pieces else text


def _as_plain(text: str) -> str:
    """Return a text of the same length, its digits and separators in ASCII."""
    return text if text.isascii() else text.translate(_PLAIN)


def _card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each card number starts and ends."""
    for run in _RUN.finditer(text):
        if _is_phone(text, run) or _is_in_token(text, run):
            continue
        if _is_grouped_like_card(run[0]) and _is_card_number(run[0]):
            yield run.span()
            continue
        for inside in _INSIDE.finditer(run[0]):
            if _is_card_number(inside[0]):
                yield run.start() + inside.start(), run.start() + inside.end()


def _is_phone(text: str, run: re.Match[str]) -> bool:
    """Say whether a run is a phone number in its international form."""
    before = text[max(0, run.start() - 1) : run.start()]
    digits = _digits(run[0])
    if before == "+":
        return len(digits) <= _LONGEST_PHONE
    is_prefixed = digits.startswith("00") and digits[2] != "0" and not before.isalnum()
    return is_prefixed and len(digits) - len("00") <= _LONGEST_PHONE


def _is_in_token(text: str, run: re.Match[str]) -> bool:
    """Say whether a run is a part of a long hexadecimal word, in which many digits may meet by chance."""
    before = text[max(0, run.start() - _LONGEST_WORD) : run.start()]
    after = text[run.end() : run.end() + _LONGEST_WORD]
    if not {before[-1:].upper(), after[:1].upper()} & set("ABCDEF"):
        return False
    words = _WORD_AT_END.findall(before) + _WORD_AT_START.findall(after)
    others = len([character for word in words for character in word if character.isalnum()])
    return others > _OTHER_CHARACTERS_OF_A_TOKEN


def _is_grouped_like_card(run: str) -> bool:
    """Say whether the groups of a run may be those of a card number.

    Between spaces they may have any length. Other separators also make references out of a store, a day and
    a number: there only the groups that stand on cards count, or single digits.
    """
    if not set("._/-") & set(run):
        return True
    *firsts, last = map(len, _GROUPS(run))
    return (
        (set(firsts) == {4} and last <= _LONGEST_LAST_GROUP)
        or (firsts == [4, 6] and last in {4, 5})
        or {*firsts, last} == {1}
    )


def _is_card_number(number: str) -> bool:
    digits = _digits(number).lstrip("0")
    return _SHORTEST <= len(digits) <= _LONGEST and not _DAY(digits) and _passes_luhn(digits)


def _digits(number: str) -> str:
    return "".join(_GROUPS(number))


def _passes_luhn(digits: str) -> bool:
    """Check the last digit: from the right every second digit counts double, less nine above nine."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - _NINE if value > _NINE else value
    return total % 10 == 0
