"""A line of the cardholders file: what it says, or why it is refused.

A card's owner takes part without asking, so a wrong title or e-mail address does not keep anybody out: it
is left out, and the line's verdict says so.
"""

import re
from collections.abc import Sequence

from loyalty.feeds.values import (
    Malformed,
    is_email,
    read_address,
    read_country,
    read_date,
    read_identifier,
    read_language,
    read_required_text,
    read_text,
)
from loyalty.purchases.reasons import Reason
from members.models import CardStatus, Title
from members.services.cardholders import CardholderLine

COLUMNS = (
    "card_token",
    "card_last4",
    "card_product",
    "card_status",
    "member_reference",
    "title",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "address",
    "postcode",
    "city",
    "country",
    "language",
)

_LAST4 = re.compile(r"[0-9]{4}").fullmatch
_TITLES = {
    "": Title.NONE,
    "m": Title.SIR,
    "m.": Title.SIR,
    "mr": Title.SIR,
    "mr.": Title.SIR,
    "monsieur": Title.SIR,
    "mme": Title.MADAM,
    "mme.": Title.MADAM,
    "madame": Title.MADAM,
    "mlle": Title.MADAM,
    "mademoiselle": Title.MADAM,
    "mrs": Title.MADAM,
    "ms": Title.MADAM,
    "miss": Title.MADAM,
}


def read_cardholder(fields: Sequence[str]) -> tuple[CardholderLine, Reason]:
    """Return the card and member that the fields describe, in the order of COLUMNS, and what was left out.

    Raises Malformed.
    """
    (
        token,
        last4,
        product,
        status,
        reference,
        title,
        first_name,
        last_name,
        birth_date,
        email,
        phone,
        address,
        postcode,
        city,
        country,
        language,
    ) = fields
    known_title = _TITLES.get(read_text(title, 100).lower())
    email = read_text(email, 254)
    is_wrong_email = bool(email) and not is_email(email)
    line = CardholderLine(
        card_token=read_identifier(token, 64),
        card_last4=_read_last4(last4),
        card_product=read_identifier(product, 40),
        card_status=_read_status(status),
        member_reference=read_identifier(reference, 40),
        title=known_title or Title.NONE,
        first_name=read_text(first_name, 100),
        last_name=read_required_text(last_name, 100),
        birth_date=read_date(birth_date),
        email="" if is_wrong_email else email,
        phone=read_text(phone, 30),
        address=read_address(address),
        postcode=read_text(postcode, 12),
        city=read_text(city, 100),
        country=read_country(country),
        language=read_language(language),
    )
    if is_wrong_email:
        return line, Reason.EMAIL_LEFT_OUT
    return line, Reason.TITLE_LEFT_OUT if known_title is None else Reason.NONE


def _read_last4(value: str) -> str:
    digits = read_required_text(value, 40)
    if not _LAST4(digits):
        raise Malformed(Reason.MALFORMED_LAST4)
    return digits


def _read_status(value: str) -> str:
    status = read_required_text(value, 40)
    if status not in CardStatus.values:
        raise Malformed(Reason.UNKNOWN_CARD_STATUS)
    return status
