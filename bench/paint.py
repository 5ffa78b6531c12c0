"""How soon a phone shows the points: Largest Contentful Paint in Chromium, with 10,000 movements.

The pages come from gunicorn, as in production; each is opened in fresh windows that have nothing in their
cache. The weight is what travels for such a visit, compressed as it is.
"""

import shutil
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.measures import LOWER, Measure, middle
from bench.pages import BALANCE, MANY, STATEMENT, members_with_movements, site
from bench.population import make_population

GOAL_MILLISECONDS = 1000
GOAL_KILOBYTES = 100
PHONE: ViewportSize = {"width": 390, "height": 844}
# The last candidate is the largest; the observer hears of those from before it was made, too.
PAINT = """() => new Promise(resolve => {
  new PerformanceObserver(list => resolve(list.getEntries().at(-1).startTime))
    .observe({ type: 'largest-contentful-paint', buffered: true });
})"""
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def measure(_server_url: str, *, quick: bool) -> list[Measure]:
    """Open home and statement again and again, and take the medians; nothing without Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed, so no paint is measured: apt install chromium")
        return []
    now = timezone.now()
    population = make_population(2, at=now - timedelta(days=1400))
    _, many = members_with_movements(population, now)
    measures: list[Measure] = []
    with site() as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, address in (("home", BALANCE), ("statement", STATEMENT)):
            paints, weights = _visits(browser, f"http://localhost:{port}{address}", many, 3 if quick else 11)
            measures += [
                Measure(
                    f"first paint of {name}, {MANY:,} movements",
                    middle(paints),
                    GOAL_MILLISECONDS,
                    "ms",
                    1.0,
                    LOWER,
                    "one second",
                    f"Largest Contentful Paint, nothing cached; the slowest was {max(paints):.0f} ms.",
                ),
                Measure(
                    f"weight of {name}, {MANY:,} movements",
                    middle(weights) / 1000,
                    GOAL_KILOBYTES,
                    "kB",
                    1.0,
                    LOWER,
                    "one hundred kilobytes",
                    "Everything that travels for the first visit: page, styles, scripts, type, pictures.",
                ),
            ]
        browser.close()
    return measures


def _visits(browser: Browser, address: str, cookie: str, visits: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds to the largest paint and the bytes of each visit; a first one warms up."""
    paints, weights = [], []
    for number in range(visits + 1):
        context = browser.new_context(viewport=PHONE, locale="fr-FR", service_workers="block")
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        paint, weight = _visit(page, address)
        if number:
            paints.append(paint)
            weights.append(weight)
        context.close()
    return paints, weights


def _visit(page: Page, address: str) -> tuple[float, float]:
    answer = page.goto(address, wait_until="load")
    if answer is None or not answer.ok:
        raise RuntimeError(f"{address} did not answer.")
    return float(page.evaluate(PAINT)), float(page.evaluate(WEIGHT))
