"""The words under which a member is found, and how what an agent types is read. It knows no database.

Words carry neither accents nor capitals. Those that are no plain words begin with a sign that no name holds:
`#4242` the last four digits of a card, `+612345678` a phone number without its country, `=19700517` a birth
date. The index and the question are made here alike, or they would not meet.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol

LONGEST_TEXT = 100
MOST_WORDS = 8
SHORTEST_BEGINNING = 3
"""So many letters are needed before a word may go on; shorter words are found as a whole."""
LAST4 = 4
FEWEST_PHONE_DIGITS = 6
WHOLE_PHONE_DIGITS = 10

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[0-9]+")
_NO_DIGIT = re.compile(r"[^0-9]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_DAY_FIRST = re.compile(r"(?<![0-9])([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})(?![0-9])")
_YEAR_FIRST = re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_GAP = r"[ ./()-]{0,3}"
_PHONE = re.compile(
    rf"(?<![^\W_])(?<!\+)(?:(?:\+|00){_GAP}[1-9](?:{_GAP}[0-9]){{5,14}}"  # from abroad
    rf"|0[1-9](?:{_GAP}[0-9]){{8}}"  # whole, as it is said in France
    r"|0[1-9](?:[ ./-][0-9]{2}){2,3}|0[1-9][0-9]{4,7})(?![0-9])"  # its beginning
)
_LETTERS_THEN_DIGITS = re.compile(r"(?<![^\W_])([^\W\d_]+)[ -]+(?=([0-9]+)(?![^\W_]))")
_DIGITS_THEN_LETTERS = re.compile(r"(?<![^\W_])([0-9]+)[ -]+(?=([^\W\d_]+)(?![^\W_]))")
# Letters that are no letter with an accent, and are yet typed in another way.
_OTHER_LETTERS = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
)
# Country codes are told apart by their first digits: one digit, two, else three.
_COUNTRY = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{1,3}")


class Findable(Protocol):
    """What a member is found by."""

    reference: str
    first_name: str
    last_name: str
    birth_date: date | None
    postcode: str
    city: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that was typed: the words that mean exactly it, and those it may begin."""

    kind: str
    exact: tuple[str, ...]
    beginnings: tuple[str, ...] = ()


def fold(text: str) -> str:
    """Return the text without accents and capitals; ligatures and their like are written out."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return plain.casefold().translate(_OTHER_LETTERS)


def name_words(text: str) -> Iterator[str]:
    """Yield the words of a name, and neighbours as one: "Le Goff" is found as legoff too."""
    words = _WORD.findall(fold(text))
    yield from words
    for before, after in pairwise(words):
        yield before + after
    if len(words) > 2:  # noqa: PLR2004 - of two words the neighbours are the whole
        yield "".join(words)


def words_of(
    member: Findable, *, emails: Iterable[str], phones: Iterable[str], last4s: Iterable[str]
) -> list[str]:
    """Return the words under which a member is found, in alphabetical order."""
    words = {*name_words(member.last_name), *name_words(member.first_name), *name_words(member.city)}
    words.update(name_words(member.reference))
    words.update(_NUMBER.findall(member.reference))
    words.update(_WORD.findall(fold(member.postcode)))
    for email in emails:
        address = "".join(fold(email).split())
        words.add(address)
        words.update(_WORD.findall(address.partition("@")[0]))
    words.update(f"+{national_number(phone)}" for phone in phones)
    words.update(f"#{last4}" for last4 in last4s)
    if member.birth_date is not None:
        words.add(f"={member.birth_date:%Y%m%d}")
    return sorted(words - {"", "+"})


def national_number(phone: str) -> str:
    """Return the digits of a phone number without the country's and without the zero that is said at home."""
    plain = fold(phone).strip()
    digits = _NO_DIGIT.sub("", plain.replace("(0)", ""))
    if plain.startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        digits = _COUNTRY.sub("", digits, count=1)
    return digits.lstrip("0")


def read_question(text: str) -> list[Wanted]:
    """Return what was typed, piece by piece, each once; nothing when it holds no letter and no digit."""
    rest = fold(text[:LONGEST_TEXT])
    as_one = _as_one(rest)
    wanted: list[Wanted] = []
    for pattern, read in (
        (_EMAIL, _email),
        (_DAY_FIRST, _day_first),
        (_YEAR_FIRST, _year_first),
        (_PHONE, _phone),
    ):
        for match in list(pattern.finditer(rest)):
            found = read(match)
            if found is not None:
                wanted.append(_or_as_one(found, as_one.get(match[0], [])))
                rest = rest.replace(match[0], " ", 1)
    wanted += [_or_as_one(_word(word), as_one.get(word, [])) for word in _WORD.findall(rest)]
    return list(dict.fromkeys(wanted))[:MOST_WORDS]


def _as_one(text: str) -> dict[str, list[str]]:
    """Return, for letters and digits beside each other, the reference that they may be: "HC 0001", HC0001."""
    pairs = _LETTERS_THEN_DIGITS.findall(text)
    pairs += [(letters, digits) for digits, letters in _DIGITS_THEN_LETTERS.findall(text)]
    found: dict[str, list[str]] = {}
    for letters, digits in pairs:
        found.setdefault(letters, []).append(letters + digits)
        found.setdefault(digits, []).append(letters + digits)
    return found


def _or_as_one(wanted: Wanted, references: list[str]) -> Wanted:
    return Wanted(wanted.kind, (*wanted.exact, *references), wanted.beginnings)


def _email(match: re.Match[str]) -> Wanted | None:
    return Wanted("email", (match[0],), (match[0],))


def _day_first(match: re.Match[str]) -> Wanted | None:
    return _birth_date(int(match[4]), int(match[3]), int(match[1]))


def _year_first(match: re.Match[str]) -> Wanted | None:
    return _birth_date(int(match[1]), int(match[2]), int(match[3]))


def _birth_date(year: int, month: int, day: int) -> Wanted | None:
    try:
        return Wanted("birth_date", (f"={date(year, month, day):%Y%m%d}",))
    except ValueError:
        return None


def _phone(match: re.Match[str]) -> Wanted | None:
    number, typed = f"+{national_number(match[0])}", match[0]
    if len(number) < FEWEST_PHONE_DIGITS:
        return None
    # Fewer digits than a whole number has may be a reference as well.
    others = (typed,) if typed.isdigit() and len(typed) < WHOLE_PHONE_DIGITS else ()
    return Wanted("phone", (number, *others), (number,))


def _word(word: str) -> Wanted:
    """Read a word; digits may be a card's last four, a phone number said without its zero or a reference."""
    beginnings = (word,) if len(word) >= SHORTEST_BEGINNING else ()
    if not (word.isascii() and word.isdigit()):
        return Wanted("word", (word,), beginnings)
    if len(word) == LAST4:
        return Wanted("last4", (f"#{word}", word), beginnings)
    if len(word) >= FEWEST_PHONE_DIGITS:
        return Wanted("number", (word, f"+{word}"), (*beginnings, f"+{word}"))
    return Wanted("number", (word,), beginnings)
