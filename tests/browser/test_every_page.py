"""Every page in a real browser, phone and desktop, in both languages: accessible and without complaint."""

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Colours, Site, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PUBLIC = [
    "/",
    "/promotions/",
    "/promotions/salons/",
    "/promotions/rentree/",
    "/activate/",
    "/accounts/sign-in/",
    "/accounts/inactive/",
    "/demo/mailbox/",
    "/nowhere/",
]
PRIVATE = [
    "/",
    "/statement/",
    "/statement/not-counted/",
    "/statement/expiry/",
    "/gift-cards/",
    "/gift-cards/gift-card-15/",
    "/gift-cards/gift-card-60/",
    "/wallet/",
    "/accounts/sign-out/",
    "/nowhere/",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "language", "colours"),
    [(PHONE, "fr", "light"), (DESKTOP, "en", "light"), (PHONE, "en", "dark")],
    ids=["phone", "desktop", "dark"],
)
def test_every_page_is_accessible_and_fits(
    site: Site, size: tuple[int, int], language: str, colours: Colours
) -> None:
    cast = site.cast
    cards = [f"/wallet/{order.gift_card.public_id}/" for order in (cast.used_order, cast.cancelled_order)]
    for user, addresses in (
        (None, PUBLIC),
        (cast.alice.member.user, PRIVATE + cards),
        (cast.chloe.member.user, ["/", "/statement/expiry/"]),
        (cast.staff, ["/", "/statement/"]),
    ):
        page = site.visit(language=language, size=size, user=user, colours=colours)
        for address in addresses:
            page.goto(address)
            assert_accessible(page)


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
