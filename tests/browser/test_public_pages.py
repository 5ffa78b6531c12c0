"""The public pages in a real browser: accessible, without complaint, and finding the nearest stores."""

from decimal import Decimal

import pytest
from playwright.sync_api import Geolocation, expect

from partners.models import Store
from tests.browser.conftest import DESKTOP, PHONE, Colours, Site, assert_accessible
from tests.factories import make_partner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/where/",
    "/where/?text=atlantis",
    "/where/?partner=nocibe&text=paris",
    "/questions/",
    "/terms/",
    "/privacy/",
    "/accessibility/",
    "/contact/",
    "/promotions/",
    "/promotions/?partner=conforama",
    "/promotions/salons/",
    "/promotions/rentree/",
]
UNFOLDED = ["/where/", "/where/?text=atlantis", "/where/?partner=nocibe&text=paris", "/questions/"]
"""Pages that show more than when they are opened, which `test_every_page.py` examines."""

PARIS: Geolocation = {"latitude": 48.87364, "longitude": 2.33259}


@pytest.fixture
def stores(site: Site) -> Site:
    """Return the site with stores whose positions are known."""
    for number, (city, latitude) in enumerate((("Lille", 50.6365), ("Paris", 48.8736), ("Lyon", 45.7578))):
        Store.objects.create(
            partner=make_partner("nocibe"),
            code=f"near-{number}",
            name=f"Nocibé {city}",
            address="1 rue de la Paix",
            postcode="75002",
            city=city,
            latitude=Decimal(str(latitude)),
            longitude=Decimal("2.3325"),
        )
    return site


@pytest.mark.parametrize(
    ("size", "language", "colours"),
    [(PHONE, "fr", "light"), (DESKTOP, "en", "dark")],
    ids=["phone", "desktop"],
)
def test_a_page_is_accessible_and_fits_with_all_that_it_unfolds(
    stores: Site, size: tuple[int, int], language: str, colours: Colours
) -> None:
    page = stores.visit(size=size, language=language, colours=colours)
    for address in UNFOLDED:
        page.goto(address)
        for summary in page.locator("summary").all():
            summary.click()
        assert_accessible(page)


@pytest.mark.parametrize(("width", "text"), [(320, "100%"), (640, "200%")])
def test_a_public_page_fits_a_small_phone_and_text_twice_as_large(
    stores: Site, width: int, text: str
) -> None:
    page = stores.visit(size=(width, 640))
    for address in PAGES:
        page.goto(address)
        page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_the_nearest_stores_come_first_once_the_visitor_allows_it(stores: Site) -> None:
    page = stores.visit()
    page.context.set_geolocation(PARIS)
    page.context.grant_permissions(["geolocation"])
    page.goto("/where/")
    expect(page.get_by_text("Nocibé Lille", exact=True)).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Au plus près de moi").click()
    expect(page.get_by_role("listitem").filter(has_text="Nocibé Paris")).to_contain_text("moins de 100")
    names = page.locator(".store__name").all_inner_texts()
    assert names[:3] == ["Nocibé Paris", "Nocibé Lille", "Nocibé Lyon"]
    assert sent.value.url == f"{stores.address}/where/"
    body = sent.value.post_data or ""
    assert "latitude=48.874&longitude=2.333" in body
    assert "48.8736" not in body
    assert_accessible(page)
    page.get_by_label("Ville, code postal ou magasin").fill("lyon")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.locator(".store__distance")).to_have_text("347 km")
    page.get_by_role("link", name="Trier de nouveau par ville").click()
    expect(page.locator(".store__distance")).to_have_count(0)
    assert "latitude" not in page.url


def test_a_visitor_who_refuses_reads_what_to_do_instead(stores: Site) -> None:
    page = stores.visit(language="en")
    page.goto("/where/")
    page.get_by_role("button", name="Nearest to me").click()
    expect(page.locator(".finder__said")).to_have_text(
        "Your browser does not share your position with us. Search for a town or a postcode instead."
    )
    assert_accessible(page)


def test_a_promotion_is_shared_by_its_link_and_by_a_letter(site: Site) -> None:
    page = site.visit(language="en")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/promotions/salons/")
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site.address}/promotions/salons/"
    letter = page.get_by_role("link", name="Send by e-mail").get_attribute("href") or ""
    assert letter.startswith("mailto:?subject=Points%20on%20living%20rooms&body=")
    assert letter.endswith("%2Fpromotions%2Fsalons%2F")


def test_the_pages_are_whole_without_scripts(stores: Site) -> None:
    context = stores.browser.new_context(base_url=stores.address, java_script_enabled=False, locale="fr-FR")
    stores.contexts.append(context)
    page = context.new_page()
    page.goto("/where/")
    expect(page.get_by_role("button", name="Au plus près de moi")).to_be_hidden()
    page.get_by_label("Ville, code postal ou magasin").fill("PARIS")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.locator(".store__name")).to_have_text(["Nocibé Paris"])
    page.goto("/promotions/salons/")
    expect(page.get_by_role("button", name="Copier le lien")).to_be_hidden()
    expect(page.get_by_role("link", name="Envoyer par e-mail")).to_be_visible()


def test_stores_are_searched_by_keyboard_alone(stores: Site) -> None:
    page = stores.visit(language="en")
    page.goto("/where/")
    page.get_by_label("Town, postcode or store").focus()
    page.keyboard.type("lille")
    page.keyboard.press("Enter")
    expect(page.locator(".store__name")).to_have_text(["Nocibé Lille"])
    page.get_by_label("Town, postcode or store").focus()
    for name in ("Partner brand", "Search", "Nearest to me"):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText"
        )
        assert focused.strip() == name


def test_a_whole_question_is_reached_and_opened_by_keyboard(site: Site) -> None:
    page = site.visit()
    page.goto("/questions/")
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("vous participez automatiquement")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("vous participez automatiquement")).to_be_hidden()


def test_going_from_page_to_page_leaves_no_complaint_where_things_move(site: Site) -> None:
    page = site.visit(moving=True)
    page.goto("/")
    for _ in range(3):
        for address in ("/questions/", "/terms/", "/contact/"):
            page.locator(f"footer a[href='{address}']").click()
            page.wait_for_url(f"**{address}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert site.complaints == []
