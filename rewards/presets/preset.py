"""What a preset is made of. Everything in it can be edited in the admin once it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise

from loyalty.brand.palette import Seeds


class GiftCardPreset(NamedTuple):
    """A gift card of the catalogue: face value in cents, price in points."""

    face_value_cents: int
    price_points: int


class BrandPreset(NamedTuple):
    """How the site looks: a sentence in both languages, colours, the character of its type, a logo."""

    tagline_fr: str
    tagline_en: str
    character: str
    colours: Seeds
    logo_svg: str


@dataclass(frozen=True, slots=True)
class ProgrammePreset:
    """A programme with its issuer, card products, earning rule and catalogue, keyed by their codes.

    `assumptions` says what the source does not tell and we made up.
    """

    code: str
    name: str
    issuer: str
    issuer_name: str
    card_products: Mapping[str, str]
    contact_phone: str
    contact_email: str
    contact_hours_fr: str
    contact_hours_en: str
    data_protection_email: str
    time_zone: str
    currency: str
    points_validity_years: int
    verified_email_points: int
    points: int
    per_cents: int
    rule_name_fr: str
    rule_name_en: str
    gift_cards: Mapping[str, GiftCardPreset]
    brand: BrandPreset
    household_size: int = 0
    assumptions: str | Promise = ""
