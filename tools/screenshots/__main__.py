"""Picture every page of the demo that runs on this machine: `make run` in one window, this in another.

    .venv/bin/python -m tools.screenshots                     # PORT=8001 when the demo runs there
    .venv/bin/python -m tools.screenshots staff/marketing     # only some of the visitors

The pictures go to docs/screenshots, a folder for each visitor, a file for each page and width, and
docs/screenshots.md shows them all. A page that answers otherwise than it should, or whose console complains,
is named at the end, and the exit status says so.
"""

import base64
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from tools.screenshots.pages import VISITORS, Shot, Visitor

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "docs" / "screenshots"
INDEX = ROOT / "docs" / "screenshots.md"
WIDTHS = {390: 844, 1280: 900}
TALLEST = 2000
"""Of a longer page only so much is pictured."""

QUALITY = 42
SIX_DIGITS = re.compile(r"(?<![\w-])\d{6}(?![\w-])")
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
OPENING = """\
# Screenshots

The pages of the demo as a phone of 390 pixels and a window of 1280 pixels show them: both programmes, signed
out and signed in, and the admin for each role. Happy Card and the admin are in French here, Galeries
Lafayette in English; every page exists in both. Long pages are cut at the bottom. Made with `make run` in one
window and `.venv/bin/python -m tools.screenshots` in another.
"""


def main() -> int:
    """Sign in as each visitor and picture each page at each width."""
    port = os.environ.get("PORT") or "8000"
    wanted = sys.argv[1:]
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for visitor in VISITORS:
            if not wanted or visitor.folder in wanted:
                shutil.rmtree(PICTURES / visitor.folder, ignore_errors=True)
                problems += picture_all(browser, visitor, port)
                print(visitor.folder, flush=True)
        browser.close()
    write_index()
    sizes = [picture.stat().st_size for picture in PICTURES.rglob("*.webp")]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def picture_all(browser: Browser, visitor: Visitor, port: str) -> list[str]:
    """Picture what a visitor sees; return what went wrong."""
    problems: list[str] = []
    state = sign_in(browser, visitor, port) if visitor.email else None
    for width in WIDTHS:
        context = open_context(browser, visitor, port, width=width, state=state)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{visitor.folder}: {error}"))
        for shot in visitor.shots:
            try:
                if not take(page, visitor, shot, width):
                    problems.append(f"{visitor.folder} {shot.name}: {page.url} does not answer as it should")
            except Error as error:
                problems.append(f"{visitor.folder} {shot.name}: {error.message.splitlines()[0]}")
        context.close()
    return problems


def open_context(
    browser: Browser,
    visitor: Visitor,
    port: str,
    *,
    width: int,
    state: Any = None,  # noqa: ANN401 - Playwright's own
) -> BrowserContext:
    """Open a window on the visitor's site, in their language."""
    context = browser.new_context(
        base_url=f"http://{visitor.host}:{port}",
        viewport={"width": width, "height": WIDTHS[width]},
        locale=LOCALES[visitor.language],
        reduced_motion="reduce",
        service_workers="block",
        storage_state=state,
    )
    context.set_default_timeout(15_000)
    return context


def sign_in(browser: Browser, visitor: Visitor, port: str) -> Any:  # noqa: ANN401 - Playwright's own
    """Sign in as people do, with the code from the demo's mailbox; return what the browser then remembers."""
    context = open_context(browser, visitor, port, width=1280)
    page = context.new_page()
    page.goto("/accounts/sign-in/")
    page.locator("input[name=email]").fill(visitor.email)
    page.locator("input[name=email]").press("Enter")
    page.locator("input[name=code]").wait_for()
    mailbox = context.new_page()
    mailbox.goto("/demo/mailbox/")
    code = SIX_DIGITS.search(mailbox.locator("main").inner_text())
    if code is None:
        sys.exit(f"No code for {visitor.email} is in the mailbox.")
    page.locator("input[name=code]").fill(code.group())
    page.locator("input[name=code]").press("Enter")
    page.wait_for_url(lambda address: "/accounts/sign-in/" not in address)
    choice = page.locator(f"button[name=language][value={visitor.language}][aria-pressed=false]")
    if choice.count():
        choice.click()
        page.wait_for_load_state()
    state = context.storage_state()
    context.close()
    return state


def take(page: Page, visitor: Visitor, shot: Shot, width: int) -> bool:
    """Picture one page from top to bottom; return whether it answered as it should."""
    answer = page.goto(shot.address)
    if shot.search:
        page.keyboard.type(shot.search)
        with page.expect_navigation() as arrival:
            page.keyboard.press("Enter")
        answer = arrival.value
    for link in shot.follow:
        answer = page.goto(page.locator(link).first.get_attribute("href") or shot.address)
    page.evaluate("document.fonts.ready.then(() => true)")
    height = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": width, "height": max(height, WIDTHS[width])})
    session = page.context.new_cdp_session(page)
    picture = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    session.detach()
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    target = PICTURES / visitor.folder / f"{shot.name}-{width}.webp"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base64.b64decode(picture["data"]))
    return answer is not None and answer.status == shot.status


def write_index() -> None:
    """Write the page that shows all pictures there are."""
    text = OPENING
    for visitor in VISITORS:
        text += f"\n## {visitor.title}\n\n| Page | 390 px | 1280 px |\n|---|---|---|\n"
        for shot in visitor.shots:
            cells = [
                f'<a href="{path}"><img src="{path}" width="{shown}" alt="{shot.name}, {width} px"></a>'
                if (INDEX.parent / path).exists()
                else ""
                for width, shown in ((390, 130), (1280, 420))
                for path in [f"screenshots/{visitor.folder}/{shot.name}-{width}.webp"]
            ]
            text += f"| {shot.name} | {' | '.join(cells)} |\n"
    INDEX.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
