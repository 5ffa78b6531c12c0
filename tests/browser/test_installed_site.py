"""The site as an app: the wallet opens without reception, and nothing is left of it after signing out."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = """async () => {
  const cache = await caches.open("kept");
  return (await cache.keys()).map((request) => new URL(request.url).pathname).sort();
}"""


def open_app(site: Site) -> Page:
    page = site.visit(user=site.cast.alice.member.user, worker=True)
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def wait_until(page: Page, question: str) -> None:
    """Ask again and again until the promise of an expression is kept with something true."""
    pause = "await new Promise((go) => setTimeout(go, 50));"
    poll = f"for (let n = 0; n < 400; n++) {{ if (await ({question})) return true; {pause} }}"
    assert page.evaluate(f"async () => {{ {poll} }}"), question


def wait_until_kept(page: Page, address: str) -> None:
    wait_until(page, f"caches.open('kept').then((cache) => cache.match('{address}'))")


def gift_card_page(site: Site) -> str:
    return f"/wallet/{site.cast.used_order.gift_card.public_id}/"


def lose_reception(page: Page) -> None:
    """Cut the network, and wait until the worker has lost it as well: it is a program of its own."""
    page.context.set_offline(True)
    wait_until(page, "fetch('/static/nowhere').then(() => false, () => true)")


def test_the_wallet_opens_without_reception_though_it_was_never_opened_before(site: Site) -> None:
    page = open_app(site)
    wait_until_kept(page, gift_card_page(site))
    wait_until_kept(page, f"{gift_card_page(site)}till/")
    lose_reception(page)
    page.goto("/wallet/")
    assert page.get_by_text("Pas de réseau : cette page est celle que votre appareil a gardée.").is_visible()
    page.goto(gift_card_page(site))
    code = page.locator(".code-card__code").inner_text()
    page.goto(f"{gift_card_page(site)}till/")
    assert code in page.locator("body").inner_text()
    page.goto(gift_card_page(site))
    page.context.set_offline(False)
    assert_accessible(page)
    page.goto(gift_card_page(site))
    assert page.locator(".code-card__code").inner_text() == code
    assert not page.get_by_text("Pas de réseau").is_visible()


def test_nothing_private_but_the_wallet_is_kept(site: Site) -> None:
    page = open_app(site)
    wait_until_kept(page, f"{gift_card_page(site)}till/")
    for address in ("/statement/", "/gift-cards/", "/profile/", "/wallet/"):
        page.goto(address)
    kept = page.evaluate(KEPT)
    assert "/wallet/" in kept
    assert [name for name in kept if not name.startswith("/wallet/")] == ["/whose"]
    shells = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).filter((name) => name !== 'kept').map("
        "async (name) => (await (await caches.open(name)).keys())"
        ".map((one) => new URL(one.url).pathname)))).flat()"
    )
    assert [name for name in shells if not name.startswith(("/static/", "/brand/"))] == ["/offline/"]


def test_a_page_that_was_not_kept_says_that_there_is_no_reception(site: Site) -> None:
    page = open_app(site)
    lose_reception(page)
    page.goto("/statement/")
    assert page.get_by_role("heading", name="Pas de réseau").is_visible()
    rules = page.evaluate(
        "[...document.styleSheets]"
        ".map((one) => { try { return one.cssRules.length } catch { return one.href } })"
    )
    assert [type(number) for number in rules] == [int] * 6, rules


def test_signing_out_forgets_the_wallet(site: Site) -> None:
    page = open_app(site)
    wait_until_kept(page, gift_card_page(site))
    page.get_by_role("button", name="Déconnexion").click()
    page.wait_for_url("**/")
    wait_until(page, "caches.open('kept').then((cache) => cache.match('/wallet/')).then((found) => !found)")
    lose_reception(page)
    page.goto(gift_card_page(site))
    assert page.get_by_role("heading", name="Pas de réseau").is_visible()


HOLD = """() => {
  const real = self.fetch;
  self.released = new Promise((release) => { self.release = release; });
  self.fetch = async (...asked) => {
    const answer = await real(...asked);
    self.isHeld = true;
    await self.released;
    return answer;
  };
}"""


def test_a_page_on_its_way_while_signing_out_is_not_kept(site: Site) -> None:
    page = open_app(site)
    address = gift_card_page(site)
    wait_until_kept(page, f"{address}till/")
    (worker,) = page.context.service_workers
    page.evaluate("caches.delete('kept')")
    worker.evaluate(HOLD)
    page.evaluate(f"navigator.serviceWorker.controller.postMessage({{keep: '{address}'}})")
    worker.evaluate("async () => { while (!self.isHeld) await new Promise((go) => setTimeout(go, 20)); }")
    page.evaluate(
        """async () => {
          const form = document.querySelector("form[action='/accounts/sign-out/']");
          await fetch(form.action, {method: "POST", body: new FormData(form), redirect: "manual"});
        }"""
    )
    worker.evaluate("self.release()")
    page.wait_for_timeout(500)
    assert address not in page.evaluate(KEPT)


def test_another_visitor_finds_nothing_of_the_one_before(site: Site) -> None:
    page = open_app(site)
    wait_until_kept(page, gift_card_page(site))
    page.context.clear_cookies()
    page.goto("/promotions/")
    page.goto("/")
    assert page.evaluate(KEPT) in ([], ["/whose"])


def test_the_site_can_be_installed(site: Site) -> None:
    page = open_app(site)
    manifest = page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.text())"
    )
    facts = json.loads(manifest)
    assert (facts["name"], facts["start_url"], facts["display"]) == ("Happy Card", "/", "standalone")
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        # Windows that Playwright opens keep nothing, as private ones do; the site has no other fault.
        [{"errorId": "in-incognito", "errorArguments": []}],
    )
