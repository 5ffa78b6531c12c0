"""A real browser on the running site. No page it opens may complain in its console or have a part blocked."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from members.models import User
from tests.browser.examination import axe_findings
from tests.sign_ins import prove_now
from tests.site.cast import Cast, make_cast, make_promotions
from tests.transactions import real_commits

__all__ = ["real_commits"]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Colours = Literal["light", "dark"]
EXPECTED = (
    # A page whose status is an error, and a network that a test has cut: both are what those tests are about.
    "Failed to load resource: the server responded with a status of",
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",
    "Failed to load resource: net::ERR_FAILED",
    # Playwright warns of the workers that a window does without.
    "Service Worker registration blocked by Playwright",
)
PHONE, DESKTOP = (390, 844), (1280, 900)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed, so no page is tried in a browser: apt install chromium")
    expect.set_options(timeout=20_000)  # a busy machine is slow, and no test is about that
    with sync_playwright() as playwright:
        # Playwright's loop runs in this thread; the tests use the database outside of it, one by one.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        program = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--headless=old"]
        )
        yield program
        program.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Site:
    """The running site, the people on it and the browsers that look at it."""

    address: str
    at: datetime
    cast: Cast
    browser: Browser
    complaints: list[str]
    contexts: list[BrowserContext]

    def visit(
        self,
        *,
        language: str = "fr",
        size: tuple[int, int] = PHONE,
        user: User | None = None,
        client: Client | None = None,
        colours: Colours = "light",
        host: str = "",
        worker: bool = False,
        moving: bool = False,
    ) -> Page:
        """Open a window, signed in as the user or with the client's session; `host` names a brand.

        The site's worker, which keeps pages for places without reception, runs only where it is asked for,
        and so does what moves on the pages.
        """
        address = self.address.replace("localhost", host) if host else self.address
        context = self.browser.new_context(
            base_url=address,
            locale={"fr": "fr-FR", "en": "en-GB"}[language],
            viewport={"width": size[0], "height": size[1]},
            color_scheme=colours,
            reduced_motion="no-preference" if moving else "reduce",
            service_workers="allow" if worker else "block",
        )
        self.contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            prove_now(client, user)
        if client is not None and "sessionid" in client.cookies:
            context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}]
            )
        page = context.new_page()
        page.on("console", self._complain)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _complain(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def site(browser: Browser, live_server: LiveServer, real_commits: None) -> Iterator[Site]:  # noqa: ARG001 - for its effect
    """Return the site with the cast and the promotions; at the end nothing may have been complained of."""
    cache.clear()  # what other tests tried counts against no visitor of this one
    at = timezone.now()
    cast = make_cast(at)
    make_promotions(cast.programme, at)
    running = Site(live_server.url, at, cast, browser, [], [])
    yield running
    for context in running.contexts:
        context.close()
    assert running.complaints == []


def assert_accessible(page: Page) -> None:
    """Fail with what axe finds against WCAG 2.2 AA, or when the page scrolls sideways."""
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        f"{page.url} scrolls sideways"
    )
