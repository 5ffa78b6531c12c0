"""Happy Card: Cetelem rewards the holders of its cards for purchases at partner brands (end of 2005)."""

from django.utils.translation import gettext_lazy as _

from loyalty.brand.palette import Seeds
from rewards.presets.preset import BrandPreset, GiftCardPreset, ProgrammePreset

HAPPY_CARD = ProgrammePreset(
    code="happy-card",
    name="Happy Card",
    issuer="cetelem",
    issuer_name="Cetelem",
    card_products={
        "aurore": "Carte Aurore",
        "live": "Carte Live",
        "visa": "Carte Visa",
        "visa-premier": "Carte Visa Premier",
    },
    # A number kept for fiction, and a name under a domain kept for examples: neither reaches anybody.
    contact_phone="01 99 00 12 34",
    contact_email="contact@happy-card.example",
    contact_hours_fr="Du lundi au samedi, de 9 h à 19 h",
    contact_hours_en="Monday to Saturday, 9 am to 7 pm",
    data_protection_email="donnees.personnelles@happy-card.example",
    time_zone="Europe/Paris",
    currency="EUR",
    points_validity_years=4,
    verified_email_points=50,
    points=1,
    per_cents=100,
    rule_name_fr="1 point par euro",
    rule_name_en="1 point for each euro",
    gift_cards={
        "gift-card-15": GiftCardPreset(face_value_cents=1500, price_points=1500),
        "gift-card-30": GiftCardPreset(face_value_cents=3000, price_points=3000),
        "gift-card-60": GiftCardPreset(face_value_cents=6000, price_points=6000),
    },
    brand=BrandPreset(
        tagline_fr="Chaque achat vous sourit.",
        tagline_en="Every purchase smiles back.",
        character="round",
        colours=Seeds(
            brand="#0b6b50",
            brand_at_night="#63d2a9",
            accent="#f2c14e",
            hero_from="#0c6249",
            hero_to="#063a2c",
            paper="#f5f7f2",
        ),
        logo_svg=(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            '<rect width="32" height="32" fill="#0c6249" />'
            '<path d="M8.500 15.500c1.900 4.700 4.400 7 7.500 7s5.600-2.300 7.500-7"'
            ' fill="none" stroke="#fff" stroke-width="2.800" stroke-linecap="round" />'
            '<circle cx="10.200" cy="10" r="1.900" fill="#f2c14e" />'
            '<circle cx="21.800" cy="10" r="1.900" fill="#f2c14e" /></svg>'
        ),
    ),
    household_size=5,
    assumptions=_(
        "The source gives neither the earning rate nor the prices of the gift cards: 1 point for each full"
        " euro and 1,500, 3,000 and 6,000 points are our assumption. Households of up to five are our"
        " addition."
    ),
)
