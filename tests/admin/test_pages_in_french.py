"""A French administrator reads no English on any page of the admin."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.permission_table import admin_pages

ENGLISH = re.compile(
    r"\b(?:the|and|of|with|for|this|that|from|are|was|not|has|have|you|your|which|all|by|changed|add|"
    r"added|delete|deleted|save|search|filter|filters|select|close|home|history|view|loading|toggle|today|"
    r"yesterday|clear|back|yes|show|hide|entries|results|result|rows|reset|apply|choose|remove|welcome|"
    r"switch|theme|dark|light|system|menu|open|next|previous|cancel|confirm|item|items|name|value|when|reason)\b",
    re.IGNORECASE,
)
OUR_DATA = re.compile(
    r"1 point for each euro|Asked for by the issuer|Told us so on the phone|"
    r"Double points|Christmas|A smile\.|Called twice|"
    r"Happy Card|view box|[\w.+-]+@[\w.]+|MISSING|<[^>]*>|[a-z_]+\.[a-z_]+|system-|#\w+"
)


class Words(HTMLParser):
    """Collects what people read or hear: texts, titles, labels and placeholders; not icons and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes that are read aloud."""
        given = dict(attrs)
        if tag in {"input", "link", "meta", "img", "br", "hr", "path", "rect", "line"}:
            self.found += [given.get("placeholder") or ""]
            return
        is_icon = "material-symbols" in (given.get("class") or "")
        is_silent = tag in {"script", "style", "template"} or is_icon or given.get("lang") == "en"
        self._open.append(is_silent)
        self._silent += is_silent
        if not self._silent:
            self.found += [
                given.get(name) or "" for name in ("title", "aria-label", "placeholder", "data-label")
            ]

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if self._open and tag not in {"input", "link", "meta", "img", "br", "hr", "path", "rect", "line"}:
            self._silent -= self._open.pop()

    def handle_data(self, data: str) -> None:
        """Keep a text that is seen."""
        if not self._silent:
            self.found.append(data)


PYTHON = re.compile(r"\('|\['|\bdatetime\.|\bDecimal\(|\bNone\b")
"""How Python writes its objects, which nobody wants to read."""


def english_in(html: str) -> set[str]:
    """Return the texts that hold an English word, or an object as Python writes it."""
    words = Words()
    words.feed(html)
    texts = {" ".join(OUR_DATA.sub("", text).split()) for text in words.found}
    return {text for text in texts if ENGLISH.search(text) or PYTHON.search(text)}


@pytest.mark.usefixtures("succession", "household")
def test_no_page_of_the_admin_speaks_english_or_python_to_a_french_reader(story: Story) -> None:
    client = client_of(make_colleague(ADMINISTRATOR), "fr")
    found: dict[str, set[str]] = {}
    for page in admin_pages(story):
        response = client.get(reverse(page.name, kwargs=page.arguments))
        if response.status_code != 200 or response.streaming or "preview_in_english" in page.name:
            continue
        for text in english_in(response.content.decode()):
            found.setdefault(text, set()).add(page.name)
    said = [f"{text[:80]} ({len(pages)}: {min(pages)})" for text, pages in sorted(found.items())]
    assert "\n".join(said) == ""


def test_the_crawl_sees_english() -> None:
    html = """<p title="Search">Tout <b>and</b></p><script>the</script><td>('running', 'en cours')</td>"""
    assert english_in(html) == {"Search", "and", "('running', 'en cours')"}
