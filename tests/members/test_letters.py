"""Letters: designed and as plain text, under the programme's name, and safe whatever a name holds."""

import re
from dataclasses import replace

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from pytest_django import Settings

from loyalty.letterheads import letterhead_of
from loyalty.models import Brand, Programme
from members.letters.letter import Button, Caution, Code, Fact, Letter, Paragraph
from members.letters.letterhead import Letterhead, letterhead_for
from members.letters.send import send_letter
from members.mails import hello, send_code
from members.models import SentLetter
from tests.factories import NOW, Cardholder, make_programme

LETTERHEAD = Letterhead(name="Happy Card", site="https://points.example", phone="09 69 32 00 00")
LETTER = Letter(
    kind="test",
    subject="Your points",
    heading="Your points",
    greeting="Hello Alice,",
    parts=(
        Paragraph("They are 100."),
        Code("123456"),
        Fact("Until", "tomorrow"),
        Button("See them", "https://points.example/?a=1&b=2"),
        Caution("Not you?\n01 02 03 04 05"),
    ),
)


def sent() -> EmailMultiAlternatives:
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    return message


def design() -> str:
    """Return the designed version of the one letter that was sent."""
    content, kind = sent().alternatives[0]
    assert kind == "text/html"
    return str(content)


def test_a_letter_is_sent_as_plain_text_and_designed_and_says_the_same_in_both() -> None:
    with translation.override("en"):
        send_letter(LETTER, address="alice@example.com", letterhead=LETTERHEAD, at=NOW)

    assert sent().body == (
        "Hello Alice,\n\nThey are 100.\n\n123456\n\nUntil: tomorrow\n\nSee them\n"
        "https://points.example/?a=1&b=2\n\nNot you?\n01 02 03 04 05\n\nHappy Card\nhttps://points.example\n"
        "09 69 32 00 00\n"
    )
    for said in ("Hello Alice,", "They are 100.", "123456", "tomorrow", "See them", "09 69 32 00 00"):
        assert said in design()
    assert 'href="https://points.example/?a=1&amp;b=2"' in design()
    assert sent().from_email == "Happy Card <contact@happycard.example>"
    assert sent().extra_headers == {"Auto-Submitted": "auto-generated"}


def test_a_designed_letter_asks_nothing_of_another_site() -> None:
    send_letter(LETTER, address="alice@example.com", letterhead=LETTERHEAD, at=NOW)

    asked = re.findall(r"(?:src|href|url\()[=\"'(]+([^\"')]+)", design())
    assert set(asked) == {"https://points.example", "https://points.example/?a=1&amp;b=2"}
    assert "<img" not in design()
    assert "<script" not in design()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_designed_letter_says_in_which_language_it_is(language: str) -> None:
    with translation.override(language):
        send_letter(LETTER, address="alice@example.com", letterhead=LETTERHEAD, at=NOW)

    assert f'<html lang="{language}"' in design()


def test_a_letter_that_can_be_switched_off_says_where_in_its_header_and_its_text() -> None:
    letter = replace(LETTER, unsubscribe_address="https://points.example/profile/choices/")

    send_letter(letter, address="alice@example.com", letterhead=LETTERHEAD, at=NOW, reference="order-1")

    assert sent().extra_headers["List-Unsubscribe"] == "<https://points.example/profile/choices/>"
    assert sent().extra_headers["Message-ID"] == "<order-1@points.example>"
    assert str(sent().body).endswith("https://points.example/profile/choices/\n")
    assert "https://points.example/profile/choices/" in design()


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\u2028", "\x85", "\v"])
def test_a_name_cannot_add_a_header(ending: str) -> None:
    letter = replace(LETTER, subject=f"Hello{ending}Bcc: mallory@example.com")
    letterhead = replace(LETTERHEAD, name=f'Happy" <mallory@example.com>{ending}Bcc: x@example.com')

    send_letter(letter, address="alice@example.com", letterhead=letterhead, at=NOW)

    raw = sent().message().as_bytes()
    headers = raw.split(b"\n\n")[0]
    assert sent().subject == "Hello Bcc: mallory@example.com"
    assert not re.search(rb"^bcc:", headers, re.IGNORECASE | re.MULTILINE)
    assert raw.count(b"\nFrom: ") + raw.startswith(b"From: ") == 1
    assert sent().recipients() == ["alice@example.com"]
    assert sent().from_email.endswith("<contact@happycard.example>")


def test_html_and_characters_that_cannot_be_written_in_a_name_do_no_harm() -> None:
    name = "</mj-text><script>alert(1)</script>\x00\x0b<mj-raw>&amp;"

    send_letter(
        replace(LETTER, greeting=f"Hello {name},"),
        address="alice@example.com",
        letterhead=replace(LETTERHEAD, name=name),
        at=NOW,
    )

    assert "<script" not in design()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in design()
    assert "\x00" not in design()
    assert "Hello </mj-text><script>alert(1)</script><mj-raw>&amp;," in str(sent().body)


def test_what_was_sent_to_a_member_is_recorded_without_what_it_said(alice: Cardholder) -> None:
    send_code(
        member=alice.member, email="new@example.com", code="123456", site="https://points.example", at=NOW
    )

    letter = SentLetter.objects.get()
    assert (letter.member, letter.kind, letter.address, letter.sent_at) == (
        alice.member,
        "activation_code",
        "new@example.com",
        NOW,
    )
    assert letter.subject.startswith("••••••")
    assert "123456" not in str(list(SentLetter.objects.values()))
    assert "123456" in sent().subject


def test_a_letter_has_the_name_the_site_and_the_colours_of_the_programme(
    programme: Programme, settings: Settings
) -> None:
    settings.SITE_ADDRESS = "https://elsewhere.example"
    programme.host_names = ["points.example"]
    programme.contact_phone = "01 02"
    programme.save()
    Brand.objects.create(
        programme=programme,
        tagline_fr="a",
        tagline_en="a",
        brand_colour="#aa1122",
        hero_to_colour="#330011",
    )

    letterhead = letterhead_for(programme.issuer)

    assert (letterhead.name, letterhead.site, letterhead.phone) == (
        "Happy Card",
        "https://points.example",
        "01 02",
    )
    assert (letterhead.brand, letterhead.hero, letterhead.on_hero) == ("#aa1122", "#330011", "#ffffff")


def test_of_an_issuer_with_two_programmes_the_one_whose_site_it_is_writes(programme: Programme) -> None:
    second = make_programme("second", name="Second", issuer=programme.issuer, host_names=["second.example"])

    assert letterhead_for(programme.issuer, site="https://second.example").name == "Second"
    assert letterhead_for(programme.issuer, site="https://second.example").site == "https://second.example"
    assert letterhead_for(programme.issuer).name == "Happy Card"
    assert letterhead_for(None, site="https://second.example").name == "Second"
    assert letterhead_for(None).name == ""
    assert letterhead_of(second).name == "Second"


def test_a_member_without_a_name_is_greeted_all_the_same(alice: Cardholder) -> None:
    alice.member.first_name = alice.member.last_name = ""

    assert hello(alice.member) == "Bonjour,"
