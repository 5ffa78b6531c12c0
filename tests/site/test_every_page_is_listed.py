"""The list of pages is complete, and each page on it answers."""

from datetime import datetime

import pytest

from tests.every_page import NO_PAGES, NOT_FOUND, browser_of, every_page, missing_pages, patterns
from tests.site.cast import Cast, make_promotions

BILINGUAL = {"offline": "fr"}
"""A page that a browser keeps for whoever reads it later is written in both languages, French first."""


def test_every_address_is_listed_as_a_page_or_as_none(cast: Cast) -> None:
    assert missing_pages(cast) == []
    pages, others = {page.name for page in every_page(cast)} - {NOT_FOUND}, set(NO_PAGES)
    assert sorted((pages | others) - {name for name, _ in patterns()}) == []
    assert sorted(pages & others) == []


def test_no_two_pages_of_the_list_are_called_the_same(cast: Cast) -> None:
    titles = [page.title for page in every_page(cast)]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_the_list_answers_with_a_page(cast: Cast, at: datetime, language: str) -> None:
    make_promotions(cast.programme, at)
    browsers = {page.who: browser_of(page.who, cast, language) for page in every_page(cast)}
    for page in every_page(cast):
        answer = browsers[page.who].get(page.address)
        assert (page.title, answer.status_code) == (page.title, page.status)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        shown = BILINGUAL.get(page.name, language)
        assert (page.title, f'<html lang="{shown}"' in answer.content.decode()) == (page.title, True)
