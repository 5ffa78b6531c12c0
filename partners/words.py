"""Texts as people search them: without accents, case and punctuation, the same in SQL and in Python.

The database keeps the words of each store in generated columns, so that they are never out of date. A change
of what is written here for SQL needs a migration that makes those columns again.
"""

import re
import unicodedata

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Concat

LIGATURES = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"}
MARKS = "[\u0300-\u036f]"
"""Accents, once they are taken apart from their letters."""

ABBREVIATIONS = {"st": "saint", "ste": "sainte"}
"""As they are written in the names of towns."""

MOST_WORDS = 6
LONGEST_SEARCH = 80


class Folded(Func):
    """A text in small letters without accents, its words separated by single spaces."""

    function = "regexp_replace"
    template = (
        "trim(regexp_replace(lower(regexp_replace(normalize("
        + "replace(" * len(LIGATURES)
        + "%(expressions)s"
        + "".join(f", '{letter}', '{letters}')" for letter, letters in LIGATURES.items())
        + f", NFKD), '{MARKS}', '', 'g')), '[^a-z0-9]+', ' ', 'g'))"
    )
    output_field = TextField()
    arity = 1


class Words(Func):
    """The words of a folded text, to be found by how they begin."""

    template = "to_tsvector('simple'::regconfig, %(expressions)s)"
    output_field = SearchVectorField()
    arity = 1


TOWN = Folded(F("city"))
WORDS = Words(Folded(Concat(F("name"), Value(" "), F("city"), Value(" "), F("postcode"))))


def folded_words(text: str) -> list[str]:
    """Return the words of what somebody typed, folded like the columns; of a long text the first few."""
    for letter, letters in LIGATURES.items():
        text = text.replace(letter, letters)
    plain = re.sub(MARKS, "", unicodedata.normalize("NFKD", text[:LONGEST_SEARCH])).lower()
    return re.findall(r"[a-z0-9]+", plain)[:MOST_WORDS]


def beginning_with(word: str) -> str:
    """Return the search, in PostgreSQL's language, for words that begin like a folded one."""
    full = ABBREVIATIONS.get(word)
    return f"({word}:* | {full}:*)" if full else f"{word}:*"
