"""Every page in a real browser, as both brands: accessible, by keyboard alone, at 400 %, without complaint.

The pages are those of `tests/every_page.py`, which is compared with the URL patterns. Each page is opened
once for each brand and examined at several widths and in both colours.
"""

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from loyalty.models import Brand, Programme
from loyalty.models.brands import COLOURS
from rewards.presets.load import PRESETS
from tests.browser.conftest import DESKTOP, PHONE, Colours, Site, assert_accessible
from tests.browser.examination import (
    ZOOMED,
    axe_findings,
    obstacles_for_the_keyboard,
    parts_without_room,
)
from tests.every_page import Who, browser_of, every_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BRANDS: dict[str, tuple[str, str, Colours]] = {
    # The brand: its host, its language here, and the colours on the phone; the desktop has the others.
    "happy-card": ("localhost", "fr", "light"),
    "galeries-lafayette": ("galeries-lafayette.localhost", "en", "dark"),
}
OTHER: dict[str, Colours] = {"light": "dark", "dark": "light"}
VISITORS = {Who.VISITOR, Who.IDENTIFIED, Who.ACTIVATING, Who.SIGNING_IN}
PEOPLE = {"outside": VISITORS, "inside": set(Who) - VISITORS}


def dress(programme: Programme, brand: str, host: str) -> None:
    """Give the programme the name and the look of a preset, and the host name."""
    preset = PRESETS[brand]
    Programme.objects.filter(pk=programme.pk).update(name=preset.name, host_names=[host])
    Brand.objects.create(
        programme=programme,
        tagline_fr=preset.brand.tagline_fr,
        tagline_en=preset.brand.tagline_en,
        character=preset.brand.character,
        logo_svg=preset.brand.logo_svg,
        **dict(zip(COLOURS, preset.brand.colours, strict=True)),
    )


@pytest.mark.parametrize("people", PEOPLE)
@pytest.mark.parametrize("brand", BRANDS)
def test_every_page_serves_everybody(site: Site, settings: Settings, brand: str, people: str) -> None:
    host, language, colours = BRANDS[brand]
    settings.ALLOWED_HOSTS = ["testserver", "localhost", ".localhost"]
    dress(site.cast.programme, brand, host)
    found: list[str] = []
    for who in Who:
        pages = [page for page in every_page(site.cast) if page.who == who and who in PEOPLE[people]]
        client = browser_of(who, site.cast, language)
        window = site.visit(client=client, language=language, host=host, colours=colours)
        for page in pages:
            answer = window.goto(page.address)
            if answer is None or answer.status != page.status:
                found.append(f"{page.title} does not answer with {page.status}")
            found += examine(window, colours, by_keyboard=PHONE if language == "fr" else DESKTOP)
    assert not found, "\n".join(found)


def examine(window: Page, colours: Colours, *, by_keyboard: tuple[int, int]) -> list[str]:
    """Return what is wrong with the page on the phone, on the desktop in the other colours, and zoomed."""
    found: list[str] = []
    for size, shown in ((PHONE, colours), (DESKTOP, OTHER[colours]), (ZOOMED, colours)):
        window.emulate_media(color_scheme=shown)
        window.set_viewport_size({"width": size[0], "height": size[1]})
        found += parts_without_room(window)
        if size != ZOOMED:
            found += axe_findings(window)
        if size == by_keyboard:
            found += obstacles_for_the_keyboard(window)
    window.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    window.emulate_media(color_scheme=colours)
    return found


def test_a_form_with_errors_is_accessible_and_ties_each_error_to_its_field(site: Site) -> None:
    page = site.visit()
    page.goto("/activate/")
    page.get_by_role("button", name="Continuer").click()
    assert_accessible(page)
    field = page.get_by_label("Référence adhérent")
    assert field.get_attribute("aria-invalid") == "true"
    described = (field.get_attribute("aria-describedby") or "").split()
    texts = [page.locator(f"#{name}").inner_text() for name in described]
    assert texts == ["Elle figure en haut du courrier que vous avez reçu.", "Ce champ est obligatoire."]


@pytest.mark.parametrize(("width", "text"), [(320, "100%"), (640, "200%")])
def test_a_page_fits_a_small_phone_and_text_twice_as_large(site: Site, width: int, text: str) -> None:
    page = site.visit(user=site.cast.alice.member.user, size=(width, 640))
    for address in ("/", "/statement/", "/gift-cards/", "/gift-cards/gift-card-15/", "/wallet/"):
        page.goto(address)
        page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
