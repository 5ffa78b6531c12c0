"""The one way in which a letter leaves: designed and as plain text, in one language, and recorded."""

import re
from datetime import datetime
from email.utils import formataddr, parseaddr
from functools import cache
from urllib.parse import urlsplit

import mrml
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language

from members.letters.letter import Letter
from members.letters.letterhead import Letterhead
from members.models import Member, SentLetter

LONGEST_SUBJECT = 150
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no XML document may hold; one in a member's name must not hold up a letter."""

LINE_ENDS = re.compile(r"[\r\n\t\v\f\x1c-\x1e\x85\u2028\u2029]+")
NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f"<>\\]')


def send_letter(
    letter: Letter,
    *,
    address: str,
    letterhead: Letterhead,
    at: datetime,
    member: Member | None = None,
    reference: str = "",
) -> None:
    """Send the letter in the active language and, when it is to a member, record that it was sent.

    A repeat sends it again; name the fact it reports as `reference` so that mailboxes can tell.
    Raises OSError when the mail cannot be handed over; then nothing is recorded.
    """
    subject = one_line(letter.subject)
    context = {
        "letter": letter,
        "letterhead": letterhead,
        "language": get_language() or settings.LANGUAGE_CODE,
    }
    message = EmailMultiAlternatives(
        subject=subject,
        body=written_as_text(letter, letterhead),
        from_email=sender(letterhead),
        to=[address],
        headers=_headers(letter, letterhead, reference),
    )
    message.attach_alternative(designed(context), "text/html")
    for file in letter.attachments:
        message.attach(file.name, file.content, file.media_type)
    message.send()
    if member is not None:
        SentLetter.objects.create(
            member=member, kind=letter.kind, address=address, subject=_without_digits(subject), sent_at=at
        )


def written_as_text(letter: Letter, letterhead: Letterhead) -> str:
    """Return the letter as plain text."""
    text = render_to_string("email/letter.txt", {"letter": letter, "letterhead": letterhead})
    return re.sub(r"\n{3,}", "\n\n", UNWRITABLE.sub("", text)).strip() + "\n"


def designed(context: dict[str, object]) -> str:
    """Return the letter as a page that mail programs show as it was meant."""
    document = UNWRITABLE.sub("", render_to_string("email/letter.mjml", context))
    return str(mrml.to_html(document).content)


def sender(letterhead: Letterhead) -> str:
    """Return the address that letters come from, under the name of the programme."""
    name, address = _configured_sender()
    return formataddr((NOT_IN_A_NAME.sub(" ", letterhead.name).strip() or name, address))


@cache
def _configured_sender() -> tuple[str, str]:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)


def one_line(text: str) -> str:
    """Return a text that can stand in a header: no line ends in it, and it is not endless."""
    return UNWRITABLE.sub("", LINE_ENDS.sub(" ", text)).strip()[:LONGEST_SUBJECT]


def _without_digits(subject: str) -> str:
    """Hide a code that stands in a subject: the record says which letter was sent, never the code."""
    return re.sub(r"(?<!\d)\d{6}(?!\d)", "••••••", subject)


def _headers(letter: Letter, letterhead: Letterhead, reference: str) -> dict[str, str]:
    headers = {"Auto-Submitted": "auto-generated"}
    if reference:
        headers["Message-ID"] = f"<{reference}@{urlsplit(letterhead.site).hostname}>"
    if letter.unsubscribe_address:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe_address}>"
    return headers
