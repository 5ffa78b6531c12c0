"""Nothing that a page says in French is said in the same words in English, but for names.

The catalogue's own check finds sentences marked for translation and left without French. This one finds those
that nobody marked: each page is asked for in both languages and the texts that are the same are looked at.
"""

import re
from datetime import datetime
from html.parser import HTMLParser

import pytest

from loyalty.models import Programme
from members.models import CardProduct, Issuer, Member
from partners.models import Partner, Store
from tests.every_page import SeenPage, Who, browser_of, every_page
from tests.site.cast import Cast, make_promotions

WORD = re.compile(r"[^\W\d_]{4,}")
SAID_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
SILENT = ("script", "style", "head", "option")
"""Options are countries above all, and many of those have one name in both languages."""
THE_SAME = {
    # Words that are written alike in both languages.
    "cookies", "documents", "mail", "pages", "points", "point", "programme", "promotion", "promotions",
    "questions",
    # The two languages call themselves by their own names.
    "english", "français",
}  # fmt: skip
IN_BOTH_LANGUAGES = {"offline", "living_page", "demo:mailbox"}
"""One page holds both languages, and two are for those who build the site."""


class Texts(HTMLParser):
    """Collects what a page says, in its texts and in what is read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what is read aloud; leave out what nobody reads, and what says that it is in one language."""
        if tag in SILENT:
            self.silent.append(tag)
        if not self.silent:
            self.said |= {value for name, value in attrs if name in SAID_ATTRIBUTES and value}

    def handle_endtag(self, tag: str) -> None:
        """Read on after what nobody reads."""
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if not self.silent:
            self.said.add(" ".join(data.split()))


def test_every_page_says_everything_in_both_languages(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    names = _names()
    found: set[str] = set()
    for who in Who:
        texts: dict[str, dict[SeenPage, set[str]]] = {}
        pages = [page for page in every_page(cast) if page.who == who and page.name not in IN_BOTH_LANGUAGES]
        browser = browser_of(who, cast)
        for language in ("fr", "en"):
            texts[language] = {
                page: _texts(
                    browser.get(page.address, headers={"accept-language": language}).content.decode()
                )
                for page in pages
            }
        for page in pages:
            same = texts["fr"][page] & texts["en"][page]
            found |= {f"{page.title}: {text}" for text in same if _words(text) - names - THE_SAME}
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("text", ["Vos points expirent", "Sign in with a passkey"])
@pytest.mark.usefixtures("cast")
def test_the_check_finds_a_text_that_nobody_translated(text: str) -> None:
    assert _words(text) - _names() - THE_SAME
    assert text in _texts(f"<main><p>{text}</p></main>")
    assert text in _texts(f'<main><img alt="{text}"></main>')
    assert text not in _texts(f"<head><title>{text}</title></head>")


def _texts(page: str) -> set[str]:
    """Return the texts that hold a word; what is all capitals is a code."""
    parser = Texts()
    parser.feed(page)
    return {text for text in parser.said if WORD.search(text) and not text.isupper()}


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}


def _names() -> set[str]:
    """Return the words of all names: people, brands, stores, towns, addresses and codes."""
    rows = [
        *Member.objects.values_list("first_name", "last_name", "email", "reference", "user__email"),
        *Store.objects.values_list("name", "city", "address"),
        *Partner.objects.values_list("name"),
        *CardProduct.objects.values_list("name"),
        *Issuer.objects.values_list("name"),
        *Programme.objects.values_list("name", "contact_email"),
    ]
    return {word for row in rows for text in row if text for word in _words(str(text))}
