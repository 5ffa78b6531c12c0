"""A member's whole way in a real browser, by keyboard: activation, code, points, order, gift card."""

import re

import pytest
from django.core import mail
from django.utils import translation
from playwright.sync_api import Page, expect

from core.formatting import points
from rewards.codes import reveal_code
from rewards.models import GiftCard
from tests.browser.conftest import DESKTOP, PHONE, Colours, Site, assert_accessible
from tests.factories import buy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = {
    "fr": {
        "activate": "Activer mon compte",
        "hello": "Bonjour Bruno",
        "balance": "Points disponibles",
        "gift_cards": "Cadeaux",
        "order": "Commander la carte de 15 €",
        "confirm": "Commander pour 1 500 points",
        "ready": "Votre carte cadeau est prête.",
        "wallet": "Mes cartes",
        "value": "15,00 €",
        "sign_out": "Déconnexion",
        "goodbye": "Vous êtes déconnecté.",
    },
    "en": {
        "activate": "Activate my account",
        "hello": "Hello Bruno",
        "balance": "Available points",
        "gift_cards": "Gift cards",
        "order": "Order the €15 card",
        "confirm": "Order for 1,500 points",
        "ready": "Your gift card is ready.",
        "wallet": "Wallet",
        "value": "€15.00",
        "sign_out": "Sign out",
        "goodbye": "You have signed out.",
    },
}


def press_until(page: Page, words: str) -> None:
    """Press Tab until the focus stands on what carries these words, then press Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText || ''")
        if " ".join(focused.split()) == words:
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    pytest.fail(f"No {words!r} can be reached with the Tab key on {page.url}")


def type_next(page: Page, text: str) -> None:
    """Move to the next field with the Tab key and type."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    page.keyboard.type(text)


def submit(page: Page) -> None:
    """Send the form with the Enter key from within its last field."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def activate(site: Site, page: Page, words: dict[str, str]) -> None:
    """Go from the welcome to the points, with what the letter says and the code from the e-mail."""
    page.goto("/")
    assert_accessible(page)
    press_until(page, words["activate"])
    assert_accessible(page)
    page.locator("#id_reference").focus()
    page.keyboard.type(site.cast.bruno.member.reference)
    for text in ("4242", "17", "5", "1970"):
        type_next(page, text)
    submit(page)
    assert_accessible(page)
    page.locator("#id_email").focus()
    page.keyboard.type("bruno@example.com")
    submit(page)
    assert_accessible(page)
    code = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    page.locator("#id_code").focus()
    page.keyboard.insert_text(f" {code[0][:3]} {code[0][3:]} ")
    submit(page)


@pytest.mark.parametrize(
    ("language", "size", "colours"),
    [("fr", DESKTOP, "dark"), ("en", PHONE, "light")],
    ids=["desktop", "phone"],
)
def test_from_the_letter_to_the_gift_card(
    site: Site, language: str, size: tuple[int, int], colours: Colours
) -> None:
    words = WORDS[language]
    buy(site.cast.programme, site.cast.bruno.card.token, euros=1460, at=site.at)
    page = site.visit(language=language, size=size, colours=colours)
    activate(site, page, words)
    expect(page.get_by_role("heading", level=1)).to_have_text(words["hello"])
    with translation.override(language):
        expect(page.get_by_role("region", name=words["balance"])).to_contain_text(points(1510))
    press_until(page, words["gift_cards"])
    press_until(page, words["order"])
    assert_accessible(page)
    press_until(page, words["confirm"])
    expect(page.get_by_role("status")).to_contain_text(words["ready"])
    gift_card = GiftCard.objects.get(order__account=site.cast.bruno.account)
    expect(page.get_by_text(reveal_code(gift_card))).to_be_visible()
    press_until(page, words["wallet"])
    expect(page.get_by_role("main")).to_contain_text(words["value"])
    expect(page.get_by_role("main")).to_contain_text(gift_card.code_last4)
    press_until(page, words["sign_out"])
    expect(page.get_by_role("status")).to_contain_text(words["goodbye"])


def test_two_taps_on_the_button_are_one_order(site: Site) -> None:
    user = site.cast.alice.member.user
    page = site.visit(user=user)
    before = GiftCard.objects.count()
    page.goto("/gift-cards/gift-card-15/")
    button = page.get_by_role("button", name=re.compile("Commander pour"))
    button.dblclick(no_wait_after=True)
    expect(page).to_have_url(re.compile("/wallet/"))  # the second tap may end the answer to the first
    expect(page.get_by_role("status")).to_be_visible()
    assert GiftCard.objects.count() == before + 1


def test_the_language_is_switched_in_the_footer_and_stays(site: Site) -> None:
    page = site.visit(user=site.cast.alice.member.user)
    page.goto("/statement/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Statement of points")
    assert page.url.endswith("/statement/")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Alice")


def test_the_skip_link_leads_past_the_navigation(site: Site) -> None:
    page = site.visit(user=site.cast.alice.member.user)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
