"""Passkeys in a real browser: made on the security page, then used to sign in and to prove who one is."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from playwright.sync_api import Page, expect

from members.models import SignInRecord, User
from rewards.models import Order
from tests.browser.conftest import Site, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ONLY_THE_BUTTON = "delete window.PublicKeyCredential.isConditionalMediationAvailable"
"""Takes away the offer of passkeys in the address field, which a virtual device would accept at once."""


@pytest.fixture
def alice(site: Site) -> User:
    """Return Alice's sign-in."""
    user = site.cast.alice.member.user
    assert user is not None
    return user


def give_device(page: Page) -> None:
    """Give the browser a device that keeps passkeys and checks who holds it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def make_passkey(page: Page) -> None:
    """Make a passkey, starting on the security page."""
    page.goto("/security/")
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    page.get_by_label("Nom de cette clé d’accès").fill("Mon téléphone")
    page.get_by_role("button", name="Créer la clé d’accès").click()
    expect(page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    page.get_by_role("link", name="Je les ai gardés").click()
    expect(page.get_by_text("Mon téléphone")).to_be_visible()


def sign_out(page: Page) -> None:
    """Sign out, and wait until the site has said so."""
    page.goto("/accounts/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Déconnexion").click()
    page.wait_for_url(re.compile(r"^[^/]*//[^/]*/$"))


@pytest.mark.parametrize("way", ["the button", "the address field"])
def test_a_passkey_is_made_and_signs_in(site: Site, alice: User, way: str) -> None:
    page = site.visit(user=alice)
    if way == "the button":
        page.add_init_script(ONLY_THE_BUTTON)
    give_device(page)
    make_passkey(page)
    assert Authenticator.objects.filter(user=alice, type="webauthn").count() == 1
    assert mail.outbox[-1].to == [alice.email]
    sign_out(page)
    page.goto("/accounts/sign-in/?next=/security/")
    if way == "the button":
        page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.get_by_role("heading", name="Dernières connexions")).to_be_visible()
    assert SignInRecord.objects.get(user=alice).way == "passkey"


def test_a_passkey_proves_who_orders_and_the_order_is_the_one_that_was_chosen(
    site: Site, alice: User
) -> None:
    page = site.visit(user=alice)
    page.add_init_script(ONLY_THE_BUTTON)
    give_device(page)
    make_passkey(page)
    stale = site.visit(user=alice)
    before = Order.objects.filter(account=site.cast.alice.account).count()
    stale.goto("/gift-cards/gift-card-15/")
    stale.get_by_role("main").locator("form[method=post] button").first.click()
    expect(stale.get_by_role("heading", name="Confirmez que c’est bien vous")).to_be_visible()
    page.goto(stale.url)
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url("**/gift-cards/gift-card-15/")
    assert Order.objects.filter(account=site.cast.alice.account).count() == before
    page.get_by_role("main").locator("form[method=post] button").first.click()
    page.wait_for_url("**/wallet/**")
    assert Order.objects.filter(account=site.cast.alice.account).count() == before + 1


def test_without_a_passkey_at_hand_the_page_says_so_and_leaves_the_other_ways(
    site: Site, alice: User
) -> None:
    page = site.visit(user=alice)
    page.add_init_script(ONLY_THE_BUTTON)
    sign_out(page)
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('no passkey'))")
    page.goto("/accounts/sign-in/")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.get_by_text("Aucune clé d’accès n’a été utilisée")).to_be_visible()
    expect(page.get_by_role("button", name="Recevoir le code")).to_be_enabled()
    assert_accessible(page)


def test_a_recovery_code_is_the_second_step_and_this_device_can_be_trusted(site: Site, alice: User) -> None:
    own = site.visit(user=alice)
    give_device(own)
    make_passkey(own)
    page = site.visit()
    page.goto("/accounts/sign-in/")
    page.get_by_label("Adresse e-mail").fill(alice.email)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code à six chiffres")).to_be_visible()
    code = re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    page.get_by_label("Code à six chiffres").fill(f"{code[0][:3]} {code[0][3:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Seconde étape")).to_be_visible()
    assert_accessible(page)
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    page.get_by_label("Code de secours").fill(f"{codes[0][:4]} {codes[0][4:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Faire confiance à cet appareil")).to_be_visible()
    assert_accessible(page)
