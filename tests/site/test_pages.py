"""What is true of every page: little weight, nothing from elsewhere, nothing that the content policy blocks.

The pages are those of `tests/every_page.py`. What they ask of the database stands in `docs/query-counts.md`.
"""

import gzip
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.every_page import Who, browser_of, every_page
from tests.factories import buy
from tests.site.cast import Cast, make_promotions

HEAVIEST_PAGE = 100_000
"""Bytes of a page with its styles, scripts, type and drawings, the static ones compressed as when sent."""

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
INLINE = re.compile(r"\sstyle\s*=|\son[a-z]+\s*=|javascript:|<style|<script(?![^>]*\bsrc=)", re.IGNORECASE)
STATIC = re.compile(r'"/static/([^"]+)"')
OF_THE_BRAND = re.compile(r'"(/brand/[^"]+)"')
WITHIN_STYLES = re.compile(r"""url\(["']?([^"')#]+)""")
FOR_BUILDERS = {"living_page"}
"""It shows every part at once."""


def test_every_page_is_light_with_all_that_it_needs(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    for number in range(60):
        buy(cast.programme, cast.alice.card.token, euros=50 + number, at=at - timedelta(days=number))
    heavy: dict[str, int] = {}
    for who in Who:
        browser = browser_of(who, cast)
        for page in every_page(cast):
            if page.who == who and page.name not in FOR_BUILDERS:
                weight = _weight(browser, browser.get(page.address).content.decode())
                if weight >= HEAVIEST_PAGE:
                    heavy[page.title] = weight
    assert heavy == {}


def test_no_page_loads_anything_from_elsewhere(cast: Cast, at: datetime) -> None:
    make_promotions(cast.programme, at)
    found: list[tuple[str, str]] = []
    for who in Who:
        browser = browser_of(who, cast)
        for page in every_page(cast):
            if page.who == who:
                content = browser.get(page.address).content.decode()
                loaded = re.findall(r'(?:src|action|srcset|poster|data)="((?:https?:)?//[^"]+)', content)
                loaded += re.findall(r'<link\b[^>]*\bhref="((?:https?:)?//[^"]+)', content)
                found += [(page.title, address) for address in loaded]
    assert found == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(path.parents[2])))
def test_no_template_carries_a_style_or_a_script_of_its_own(template: Path) -> None:
    assert INLINE.findall(template.read_text(encoding="utf-8")) == []


def _weight(browser: Client, page: str) -> int:
    """Return the bytes that a first visit brings."""
    brand = sum(len(browser.get(address).content) for address in set(OF_THE_BRAND.findall(page)))
    return len(page.encode()) + brand + sum(_static_weight(name) for name in set(STATIC.findall(page)))


@cache
def _static_weight(name: str) -> int:
    """Return the bytes of a static file and of what a stylesheet asks for in its turn."""
    found = finders.find(name)
    assert found, f"{name} does not exist."
    file = Path(str(found))
    content = file.read_bytes()
    if file.suffix != ".css":
        return min(len(content), len(gzip.compress(content)))
    asked = {(file.parent / part).resolve() for part in WITHIN_STYLES.findall(content.decode())}
    weight: int = len(gzip.compress(content)) + sum(part.stat().st_size for part in asked if part.is_file())
    return weight
