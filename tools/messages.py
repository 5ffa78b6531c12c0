"""The translations: collects the sentences to translate, checks that French is complete, compiles.

    .venv/bin/python -m tools.messages collect    # adds new sentences to locale/fr/LC_MESSAGES/django.po
    .venv/bin/python -m tools.messages check      # fails when a sentence has no French, or badly set French
    .venv/bin/python -m tools.messages compile

It needs no GNU gettext. Source sentences are English, so English has no catalogue of its own. Entries that no
source asks for stay: they translate the sentences of the admin's theme.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "campaigns",
    "config",
    "core",
    "demo",
    "feedback",
    "helpdesk",
    "information",
    "loyalty",
    "members",
    "partners",
    "rewards",
)
FRENCH = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
# Header lines that change at every run, or say nothing.
NOISE = ('"POT-', '"PO-Rev', '"Generated-By', '"Last-Trans', '"Report-Msgid', '"Language-Team', '"Project-Id')
BREAK_BEFORE_A_SIGN = re.compile("[ \N{THIN SPACE}][:;!?»]|«[ \N{THIN SPACE}]")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def main() -> int:
    """Do what the command line asks; return the exit status."""
    actions = {"collect": collect, "check": check, "compile": compile_all}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:  # noqa: PLR2004 - the program's name and one word
        print(__doc__)
        return 2
    return actions[sys.argv[1]]()


def collect() -> int:
    """Add the sentences that the French catalogue does not have yet, and refresh where each one stands."""
    catalog = read_catalog(FRENCH)
    wanted = sentences_in_source()
    for message in catalog:
        if message.id:
            message.locations = []
    for message in wanted:
        if not message.id:
            continue
        known = catalog.get(message.id, message.context)
        if known is None:
            catalog.add(message.id, context=message.context, locations=message.locations)
        else:
            known.locations, known.id = message.locations, message.id
    FRENCH.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, catalog, width=110, sort_output=True, include_lineno=False)
    lines = written.getvalue().decode().splitlines(keepends=True)
    FRENCH.write_text("".join(line for line in lines if not line.startswith(NOISE)), encoding="utf-8")
    print(f"{FRENCH.relative_to(ROOT)}: {len(missing(catalog, wanted))} sentences wait for their French.")
    return 0


def check() -> int:
    """Name every sentence of the source without a French translation, and every doubtful translation."""
    catalog = read_catalog(FRENCH)
    problems = [f"no French: {text}" for text in missing(catalog, sentences_in_source())]
    problems += [f"doubtful (fuzzy): {message.id}" for message in catalog if message.id and message.fuzzy]
    problems += [
        f"breaks before a sign: {message.id}" for message in catalog if message.id and breaks(message)
    ]
    for message in catalog:
        if message.id and not message.fuzzy:
            problems += [f"{error}: {message.id}" for error in message.check(catalog)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def compile_all() -> int:
    """Compile every catalogue for gettext."""
    for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        unfinished = source.with_suffix(".mo.new")
        with unfinished.open("wb") as target:
            write_mo(target, read_catalog(source))
        unfinished.replace(source.with_suffix(".mo"))
    return 0


def breaks(message: Message) -> bool:
    """Say whether a line of the French can end before a colon or another sign that must not begin one."""
    texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return any(BREAK_BEFORE_A_SIGN.search(text or "") for text in texts)


def missing(catalog: Catalog, wanted: Catalog) -> list[str]:
    """Return the wanted sentences that have no complete translation."""
    return [str(message.id) for message in wanted if message.id and not _is_translated(catalog, message)]


def read_catalog(source: Path) -> Catalog:
    """Read a catalogue; one that does not exist is empty."""
    if not source.exists():
        return Catalog(
            locale=source.parent.parent.name, charset="utf-8", fuzzy=False, header_comment="# French."
        )
    with source.open("rb") as lines:
        return read_po(lines, locale=source.parent.parent.name)


def sentences_in_source() -> Catalog:
    """Return every sentence that our Python files and templates mark for translation."""
    found = Catalog(charset="utf-8")
    for path, text in _sources():
        stream = io.BytesIO(text.encode())
        for line, ids, _comments, context in extract("python", stream, keywords=KEYWORDS):
            found.add(ids, locations=[(path, line)], context=context)
    return found


def _is_translated(catalog: Catalog, message: Message) -> bool:
    known = catalog.get(message.id, message.context)
    if known is None or known.fuzzy:
        return False
    return all(known.string) if isinstance(known.string, (list, tuple)) else bool(known.string)


def _sources() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                with tokenize.open(path) as source:
                    yield str(path.relative_to(ROOT)), source.read()
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt", ".mjml"):
            marked = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # What is left of the template is a row of letters; without its indentation Python can read it.
            yield str(path.relative_to(ROOT)), "\n".join(line.strip() for line in marked.splitlines())


if __name__ == "__main__":
    sys.exit(main())
