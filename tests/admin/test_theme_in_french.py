"""The admin's theme ships no French: every sentence that its installed parts can show has ours."""

import io
from collections.abc import Iterator
from pathlib import Path

import unfold
from babel.messages.extract import extract
from django.utils import translation
from django.utils.translation.template import templatize

from tools.messages import KEYWORDS

THEME = Path(unfold.__file__).parent
SAME_IN_FRENCH = {"Action", "Code", "Date", "Page"}


def sentences() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the file and the sentence, or the singular and the plural of one."""
    templates = [path for path in sorted(THEME.rglob("*.html")) if "contrib" not in path.parts]
    programs = [path for path in sorted(THEME.rglob("*.py")) if "contrib" not in path.parts]
    for path in (*templates, *programs):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        for _line, ids, _comments, _context in extract(
            "python", io.BytesIO(text.encode()), keywords=KEYWORDS
        ):
            found = ids if isinstance(ids, tuple) else (ids,)
            yield str(path.relative_to(THEME)), tuple(one for one in found if one)


def in_french(sentence: tuple[str, ...]) -> str:
    """Translate a sentence, or the plural of one."""
    with translation.override("fr"):
        if len(sentence) == 1:
            return translation.gettext(sentence[0])
        singular, plural = sentence[:2]
        return translation.ngettext(singular, plural, 5)


def test_every_sentence_of_the_theme_has_its_french() -> None:
    english = {
        sentence
        for _path, sentence in sentences()
        if sentence and in_french(sentence) in sentence and sentence[0] not in SAME_IN_FRENCH
    }
    assert english == set()


def test_the_search_sees_what_the_theme_says() -> None:
    assert ("Filters",) in {sentence for _path, sentence in sentences()}
