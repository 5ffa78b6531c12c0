"""What each page asks of the database: `docs/query-counts.md` is the expectation, and this holds it exact.

Rewrite the document after a deliberate change, and read the difference before it is committed:

    REWRITE=1 .venv/bin/python -m pytest tests/site/test_query_counts.py
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.admin.sites import site
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns.models import Promotion
from members.models import User
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, household, make_colleague, story, succession
from tests.admin.test_large_tables import let_more_happen
from tests.every_page import ADMIN as BELOW_ADMIN
from tests.every_page import Who, browser_of, every_page
from tests.factories import buy, make_partner, make_store
from tests.site.cast import Cast, make_promotions

__all__ = ["household", "story", "succession"]

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "query-counts.md"
SITE, ADMIN = "Site", "Admin"
OPENING = """\
# Queries of each page

How many queries each page asks of PostgreSQL. `tests/site/test_query_counts.py` fails when a page asks one
more or one fewer, and when a page is missing here. *Few* is a member with some twenty movements; *many* is
the same member after 150 more purchases, more gift cards, promotions and stores (in the admin: more of
everything). A page that depends on how many there are fails, whatever stands here. Rewrite the tables with

    REWRITE=1 .venv/bin/python -m pytest tests/site/test_query_counts.py
"""
NOT_MEASURED = tuple(
    f"admin:{name}"
    for name in ("login", "logout", "jsi18n", "autocomplete", "view_on_site", "app_list", "search")
)
"""Pages of the admin that Django brings and nobody opens as a page, and the theme's search."""

PURCHASES, ORDERS, STORES, PROMOTIONS = 150, 8, 60, 12

Counts = dict[str, tuple[str, int, int]]
"""By the title of the page: who sees it, and its queries with few and with many rows."""


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> None:
    """Leave out the check of all other tests: the admin's theme asks for hundreds of variables."""


def test_the_pages_of_the_site_ask_what_the_document_says(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    pages = every_page(cast)
    browsers = {who: browser_of(who, cast) for who in Who}
    for page in pages:  # a first visit fills what a process and a session keep
        browsers[page.who].get(page.address)
    few = {page: _count(browsers[page.who], page.address) for page in pages}
    _let_much_happen(cast, at)
    many = {page: _count(browsers[page.who], page.address) for page in pages}
    _compare(SITE, {page.title: (page.who.value, few[page], many[page]) for page in pages})


@pytest.mark.usefixtures("succession", "household")
def test_the_pages_of_the_admin_ask_what_the_document_says(story: Story) -> None:
    client = client_of(make_colleague(ADMINISTRATOR))
    with time_machine.travel(
        timezone.now(), tick=False
    ):  # what is kept for a minute is kept on a slow machine too
        pages = dict(_admin_pages(client, story))
        few = {name: _count(client, address) for name, address in pages.items()}
        let_more_happen(story)
        many = {name: _count(client, address) for name, address in pages.items()}
    _compare(ADMIN, {name: ("administrator", few[name], many[name]) for name in pages})


def test_no_page_asks_more_when_there_is_more() -> None:
    rows = [row for part in (SITE, ADMIN) for row in _rows(part)]
    assert len(rows) > 60
    assert [row for row in rows if row[2] != row[3]] == []


def _count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def _let_much_happen(cast: Cast, at: datetime) -> None:
    """Give Alice purchases on many days, gift cards, and the programme promotions and stores."""
    for number in range(PURCHASES):
        buy(cast.programme, cast.alice.card.token, euros=100 + number, at=at - timedelta(days=number))
    for number in range(ORDERS):
        order_gift_card(
            account=cast.alice.account,
            product=GiftCardProduct.objects.get(programme=cast.programme, code="gift-card-15"),
            request_key=f"many-{number}",
            at=at,
        )
    for number in range(STORES):
        make_store(partner="boulanger", code=f"shop-{number}", programme=cast.programme)
    for number in range(PROMOTIONS):
        Promotion.objects.create(
            programme=cast.programme,
            partner=make_partner("conforama"),
            slug=f"offer-{number}",
            title_fr=f"Offre {number}",
            title_en=f"Offer {number}",
            summary_fr="Une offre.",
            summary_en="An offer.",
            starts_at=at - timedelta(days=1),
            ends_at=at + timedelta(days=30),
            is_published=True,
        )


def _admin_pages(client: Client, story: Story) -> Iterator[tuple[str, str]]:
    """Yield the name and the address of each page of the admin that shows, lists or edits something."""
    rows = {model._meta.label_lower.replace(".", "_"): _row(model) for model in site._registry}  # noqa: SLF001 - nothing public lists it
    below_admin = [one for one in get_resolver().url_patterns if str(one.pattern).startswith(BELOW_ADMIN)]
    for name in dict.fromkeys(_names(below_admin, "")):
        if name in NOT_MEASURED or name.endswith(("_history", "_delete")):
            continue
        row = next((row for model, row in rows.items() if name.startswith(f"admin:{model}_")), None)
        for arguments in ([], [row.pk] if row else [], [story.alice.member.public_id]):
            with suppress(NoReverseMatch):
                address = reverse(name, args=arguments)
                answer = client.get(address)
                if answer.status_code == HTTPStatus.OK and "text/html" in answer.headers["Content-Type"]:
                    yield name, address
                break


def _names(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(
                pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace
            )
        elif pattern.name:
            yield namespace + pattern.name


def _row(model: type[Model]) -> Model | None:
    rows = model._default_manager.order_by("-pk")  # noqa: SLF001 - what Django's own generic code uses
    # The sign-ins made last grow with the story; the actor of the change log stays.
    return rows.filter(email__startswith="log@").first() if model is User else rows.first()


def _compare(part: str, counts: Counts) -> None:
    """Compare with the part of the document, or write it when asked to."""
    measured = [(name, *rest) for name, rest in counts.items()]
    if os.environ.get("REWRITE"):
        _write(part, measured)
    written = _rows(part)
    assert [row for row in measured if row not in written] == [], "The document says otherwise."
    assert [row for row in written if row not in measured] == [], "The document lists more."


def _rows(part: str) -> list[tuple[str, str, int, int]]:
    if not DOCUMENT.exists():
        return []
    text = DOCUMENT.read_text(encoding="utf-8").partition(f"## {part}\n")[2].partition("\n## ")[0]
    rows = []
    for line in text.splitlines():
        if line.startswith("| `"):
            name, who, few, many = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append((name.strip("`"), who, int(few), int(many)))
    return rows


def _write(part: str, rows: list[tuple[str, str, int, int]]) -> None:
    parts = {name: rows if name == part else _rows(name) for name in (SITE, ADMIN)}
    text = OPENING
    for name, lines in parts.items():
        text += f"\n## {name}\n\n| Page | Seen by | Few | Many |\n|---|---|---:|---:|\n"
        text += "".join(f"| `{page}` | {who} | {few} | {many} |\n" for page, who, few, many in lines)
    DOCUMENT.write_text(text, encoding="utf-8")
