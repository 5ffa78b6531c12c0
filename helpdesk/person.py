"""The person on the page: whole for who talks to them, masked for who only checks."""

from dataclasses import dataclass
from datetime import date

from members.models import Member

HIDDEN = "•••"
SHOWN_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Person:
    """What the page shows of a person. Masked values still let two people be told apart."""

    is_masked: bool
    title: str
    name: str
    birth_date: date | None
    birth_year: int | None
    email: str
    sign_in_email: str
    phone: str
    address: str
    town: str


def person_of(member: Member, *, is_masked: bool) -> Person:
    """Return the person, with what identifies them hidden when it is to be masked."""
    sign_in = member.user.email if member.user else ""
    town = " ".join(part for part in (member.postcode, member.city, member.country) if part)
    birth_date = member.birth_date
    return Person(
        is_masked=is_masked,
        title=member.get_title_display() if member.title else "",
        name=f"{member.first_name} {member.last_name}".strip(),
        birth_date=None if is_masked else birth_date,
        birth_year=birth_date.year if birth_date else None,
        email=masked_email(member.email) if is_masked else member.email,
        sign_in_email=masked_email(sign_in) if is_masked else sign_in,
        phone=_masked_phone(member.phone) if is_masked else member.phone,
        address=(HIDDEN if member.address else "") if is_masked else member.address,
        town=town,
    )


def masked_email(address: str) -> str:
    """Return an address of which the first letter and the domain are left."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}{HIDDEN}{at}{domain}" if address else ""


def _masked_phone(phone: str) -> str:
    return f"{HIDDEN} {phone.strip()[-SHOWN_DIGITS:]}" if phone.strip() else ""
