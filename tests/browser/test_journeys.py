"""What members do on the site, one thing after the other: on a phone at night and at a desk by day."""

import re
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone, translation
from playwright.sync_api import Page, expect

from core.formatting import points
from core.outbox import deliver_due
from loyalty.models import PointAccount
from members.models import Member, User
from tests.browser.conftest import DESKTOP, PHONE, Colours, Site
from tests.browser.test_security import give_device
from tests.every_page import latest_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WINDOWS: list[tuple[str, tuple[int, int], Colours]] = [("fr", PHONE, "dark"), ("en", DESKTOP, "light")]

ONLY_BY_BUTTON = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
"""The device of the tests would else answer at once, before anybody presses the button."""


class Reader:
    """Somebody before a window, who reads it in their language."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.language = language

    def words(self, sentence: str) -> str:
        """Return a sentence of the site as this person reads it."""
        with translation.override(self.language):
            return translation.gettext(sentence)

    def follow(self, sentence: str) -> None:
        """Follow the link with these words."""
        self.page.get_by_role("main").get_by_role("link", name=self.words(sentence)).first.click()

    def press(self, sentence: str) -> None:
        """Press the button with these words."""
        self.page.get_by_role("button", name=self.words(sentence), exact=True).first.click()

    def fill(self, sentence: str, text: str) -> None:
        """Write into the field with this label."""
        self.page.get_by_label(self.words(sentence)).fill(text)

    def expect_title(self, sentence: str) -> None:
        """Expect the page with this title."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.words(sentence))


@pytest.mark.parametrize(("language", "size", "colours"), WINDOWS, ids=["phone", "desktop"])
def test_a_member_signs_in_reads_changes_and_leaves(
    site: Site, language: str, size: tuple[int, int], colours: Colours
) -> None:
    page = site.visit(language=language, size=size, colours=colours)
    reader = Reader(page, language)
    user = site.cast.alice.member.user
    assert user is not None
    Member.objects.filter(user=user).update(language=language)

    sign_in_by_code(reader, user)
    ask_the_statement(reader)
    change_language_and_back(reader)
    change_phone(reader, site.cast.alice.member)
    keep_a_passkey_and_use_it(reader)
    delete_the_account(reader, site.cast.alice.account)


def sign_in_by_code(reader: Reader, user: User) -> None:
    """Ask for a code, paste it, and stand before the points."""
    page = reader.page
    page.goto("/statement/")
    reader.expect_title("Sign in")
    page.locator("input[name=email]").fill(user.email.upper())
    reader.press("Send me the code")
    page.locator("input[name=code]").wait_for()
    code = latest_code()
    page.locator("input[name=code]").focus()
    page.keyboard.insert_text(f" {code[:3]} {code[3:]} ")
    page.keyboard.press("Enter")
    reader.expect_title("Statement of points")


def ask_the_statement(reader: Reader) -> None:
    """Filter by kind, then by days in which nothing happened; take the file."""
    page = reader.page
    lines = page.locator("main .line")
    everything = lines.count()
    page.locator("details summary").first.click()
    page.locator("[name=kind]").select_option("return")
    reader.press("Show")
    expect(page).to_have_url(re.compile("kind=return"))
    assert 0 < lines.count() < everything
    with page.expect_download() as download:
        page.locator("main a[href*='movements.csv']").first.click()
    rows = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == lines.count() + 1
    page.locator("[name=since]").fill("2001-01-01")
    page.locator("[name=until]").fill("2001-12-31")
    reader.press("Show")
    assert lines.count() == 0
    reader.follow("Show everything")
    assert lines.count() == everything


def change_language_and_back(reader: Reader) -> None:
    """Switch in the footer: the same page, the other language, and back."""
    page, first = reader.page, reader.language
    for language in ({"fr": "en", "en": "fr"}[first], first):
        page.locator(f"button[name=language][value={language}]").click()
        reader.language = language
        reader.expect_title("Statement of points")
        expect(page.locator("html")).to_have_attribute("lang", language)


def change_phone(reader: Reader, member: Member) -> None:
    """Change the phone number; the member is told by e-mail, and the page shows it."""
    page = reader.page
    page.goto("/profile/")
    reader.follow("Change phone and address")
    page.locator("[name=phone]").fill("12")
    reader.press("Save")
    expect(page.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=phone]").fill("06 39 98 12 34")
    deliver_due(at=timezone.now())  # what was due before
    letters = len(mail.outbox)
    reader.press("Save")
    expect(page.get_by_role("status")).to_contain_text(reader.words("Your changes are saved."))
    member.refresh_from_db()
    assert member.phone.replace(" ", "")[-8:] == "39981234"
    expect(page.get_by_role("main")).to_contain_text(member.phone)
    assert (deliver_due(at=timezone.now()), len(mail.outbox)) == (1, letters + 1)


def keep_a_passkey_and_use_it(reader: Reader) -> None:
    """Make a passkey, sign out, and sign in with it alone."""
    page = reader.page
    give_device(page)
    page.goto("/security/")
    reader.follow("Add a passkey")
    reader.fill("Name of this passkey", "Mine")
    reader.press("Make the passkey")
    reader.expect_title("Recovery codes")
    reader.follow("I have kept them")
    expect(page.get_by_text("Mine")).to_be_visible()
    page.goto("/accounts/sign-out/")
    page.get_by_role("main").get_by_role("button", name=reader.words("Sign out")).click()
    expect(page.get_by_role("status")).to_contain_text(reader.words("You have signed out."))
    page.add_init_script(ONLY_BY_BUTTON)
    page.goto("/accounts/sign-in/?next=/wallet/")
    letters = len(mail.outbox)
    reader.press("Sign in with a passkey")
    expect(page).to_have_url(re.compile(r"\d/wallet/$"))
    assert len(mail.outbox) == letters


def delete_the_account(reader: Reader, account: PointAccount) -> None:
    """Read what it costs, say that it was understood, and be gone: no sign-in, no points, no name."""
    page, member = reader.page, Member.objects.get(pk=account.member_id)
    page.goto("/profile/delete/")
    account.refresh_from_db()
    balance = page.get_by_role("main").locator("strong").first
    with translation.override(reader.language):
        expect(balance).to_contain_text(points(account.balance_points))
    reader.press("Delete my account for ever")
    expect(page.locator(".field__error")).to_be_visible()
    assert Member.objects.get(pk=member.pk).user_id is not None
    page.locator("[name=understood]").check()
    reader.press("Delete my account for ever")
    expect(page).to_have_url(re.compile("/profile/deleted/$"))
    gone = Member.objects.get(pk=member.pk)
    assert (gone.user_id, member.last_name in (gone.last_name, gone.first_name)) == (None, False)
    account.refresh_from_db()
    assert account.balance_points == 0
    page.goto("/statement/")
    reader.expect_title("Sign in")
