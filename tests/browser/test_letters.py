"""Every letter as a mail program shows it: axe finds nothing, nothing is fetched, and it fits a phone."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from loyalty.expiry.reminders import reminder_letter
from loyalty.letterheads import letterhead_of
from loyalty.letters import leaving_letter, merged_letter, separated_letter
from loyalty.models import Brand
from loyalty.selectors.balance import Expiring
from members import mails
from members.letters.send import send_letter
from members.models import Member
from rewards.handlers import order_letter
from tests.browser.conftest import Site

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SITE = "https://points.example"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""Landmarks are for pages: a mail program has its own around a letter."""

Sender = Callable[[Site, Member], None]


def _reminder(site: Site, member: Member) -> None:
    letterhead = letterhead_of(site.cast.programme)
    account = site.cast.alice.account
    expiring = [Expiring(date(2027, 1, 31), 1600), Expiring(date(2027, 2, 3), 40)]
    letter = reminder_letter(account, expiring, letterhead, at=AT)
    send_letter(letter, address="a@example.com", letterhead=letterhead, member=member, at=AT)


def _order(site: Site, member: Member) -> None:
    letterhead = letterhead_of(site.cast.programme)
    letter = order_letter(site.cast.used_order, letterhead)
    send_letter(letter, address="a@example.com", letterhead=letterhead, member=member, at=AT)


def _left(site: Site, member: Member) -> None:
    letterhead, account = letterhead_of(site.cast.programme), site.cast.alice.account
    letter = leaving_letter(account, letterhead, left_on=AT.date(), lost=1600, kept=0, owed=0)
    send_letter(letter, address="a@example.com", letterhead=letterhead, member=member, at=AT)


def _merged(site: Site, member: Member) -> None:
    letterhead = letterhead_of(site.cast.programme)
    letter = merged_letter(member, letterhead)
    send_letter(letter, address="a@example.com", letterhead=letterhead, member=member, at=AT)


def _separated(site: Site, member: Member) -> None:
    letterhead = letterhead_of(site.cast.programme)
    letter = separated_letter(member, letterhead)
    send_letter(letter, address="a@example.com", letterhead=letterhead, member=member, at=AT)


LETTERS: dict[str, Sender] = {
    "activation code": lambda _site, member: mails.send_code(
        member=member, email="a@example.com", code="123456", site=SITE, at=AT
    ),
    "address known": lambda _site, member: mails.send_address_known(
        issuer=member.issuer, email="a@example.com", sign_in_url=f"{SITE}/x/", site=SITE, at=AT
    ),
    "sign-in code": lambda _site, member: mails.send_sign_in_code(
        email="a@example.com", code="123456", issuer=member.issuer, site=SITE, at=AT
    ),
    "address unknown": lambda _site, member: mails.send_address_unknown(
        email="a@example.com", activation_url=f"{SITE}/x/", issuer=member.issuer, site=SITE, at=AT
    ),
    "change of e-mail": lambda _site, member: mails.send_email_change_code(
        member=member, email="a@example.com", code="123456", site=SITE, at=AT
    ),
    "welcome": lambda _site, member: mails.send_welcome(
        member=member, email="a@example.com", at=AT, reference="1"
    ),
    "e-mail changed": lambda _site, member: mails.send_email_changed(
        member=member, email="a@example.com", shown_new_email="b•••@example.com", at=AT, reference="1"
    ),
    "contact changed": lambda _site, member: mails.send_contact_changed(
        member=member, email="a@example.com", what="Phone", at=AT, reference="1"
    ),
    "account deleted": lambda _site, member: mails.send_account_deleted(
        issuer=member.issuer, email="a@example.com", greeting="Hello,", at=AT
    ),
    "order": _order,
    "points expiring": _reminder,
    "programme left": _left,
    "accounts merged": _merged,
    "accounts separated": _separated,
}


@pytest.mark.browser
@pytest.mark.parametrize(("language", "brand"), [("fr", ""), ("en", "#8a1538")])
def test_every_letter_can_be_read_by_everybody(site: Site, language: str, brand: str) -> None:
    if brand:
        Brand.objects.create(
            programme=site.cast.programme,
            tagline_fr="Un magasin",
            tagline_en="A store",
            brand_colour=brand,
            hero_from_colour="#3d0a1a",
            hero_to_colour="#1e050d",
        )
    page = site.visit(language=language)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, send in LETTERS.items():
        mail.outbox.clear()
        with translation.override(language):
            send(site, site.cast.alice.member)
        (message,) = mail.outbox
        assert isinstance(message, EmailMultiAlternatives)
        page.set_viewport_size({"width": 390, "height": 844})
        page.set_content(str(message.alternatives[0][0]))
        results = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        assert results.violations_count == 0, f"{name}\n{results.generate_report()}"
        for width in (390, 640):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert asked == []
