"""What is true of every page: few queries, little weight, nothing that the content policy would block."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import buy
from tests.site.cast import Cast, make_promotions
from tests.site.conftest import signed_in

# What each page may ask of the database: session, sign-in, programme and account are four for a member.
QUERIES = [
    ("/", 11),
    ("/statement/", 9),
    ("/statement/?kind=purchase", 7),
    ("/statement/documents/", 4),
    ("/statement/expiry/", 5),
    ("/gift-cards/", 7),
    ("/gift-cards/gift-card-15/", 7),
    ("/gift-cards/orders/", 5),
    ("/wallet/", 6),
    ("/wallet/history/", 5),
    ("/promotions/", 4),
    ("/promotions/?partner=conforama", 4),
    ("/promotions/salons/", 4),
    ("/where/", 7),
    ("/questions/", 6),
    ("/terms/", 6),
    ("/privacy/", 6),
    ("/accessibility/", 3),
    ("/contact/", 3),
]
HEAVIEST_PAGE = 100_000
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
INLINE = re.compile(r"\sstyle\s*=|\son[a-z]+\s*=|javascript:|<style|<script(?![^>]*\bsrc=)", re.IGNORECASE)


@pytest.mark.parametrize(("address", "queries"), QUERIES)
def test_a_page_asks_the_database_the_same_few_questions_however_much_there_is(
    cast: Cast,
    at: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
    address: str,
    queries: int,
) -> None:
    alice = signed_in(cast.alice.member.user)
    make_promotions(cast.programme, at)
    with django_assert_num_queries(queries):
        alice.get(address)
    for euros in range(1, 60):
        buy(cast.programme, cast.alice.card.token, euros=euros, at=at)
    with django_assert_num_queries(queries):
        alice.get(address)


@pytest.mark.parametrize("address", [page[0] for page in QUERIES])
def test_a_page_with_its_styles_is_light(cast: Cast, at: datetime, address: str) -> None:
    alice = signed_in(cast.alice.member.user)
    make_promotions(cast.programme, at)
    for euros in range(1, 60):
        buy(cast.programme, cast.alice.card.token, euros=euros, at=at)
    page = alice.get(address).content
    weight = len(page)
    for name in re.findall(rb'"/static/([^"]+)"', page):
        found = finders.find(name.decode())
        assert found, name
        weight += Path(found).stat().st_size
    assert weight < HEAVIEST_PAGE


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(path.parents[2])))
def test_no_template_carries_a_style_or_a_script_of_its_own(template: Path) -> None:
    assert INLINE.findall(template.read_text(encoding="utf-8")) == []


@pytest.mark.usefixtures("cast")
def test_no_page_loads_anything_from_elsewhere(alice: Client) -> None:
    for address, _ in QUERIES[:-1]:
        page = alice.get(address).content.decode()
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page) == []
