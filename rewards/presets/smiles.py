"""Smiles: the multi-brand programme (Monoprix and others) that Galeries Lafayette replaced in 2017.

Its members and balances move over to Galeries Lafayette: `loyalty/succession/`. Both programmes have one
issuer here, so a member of the old one is found in the new one by being the same member.
"""

from django.utils.translation import gettext_lazy as _

from loyalty.brand.palette import Seeds
from rewards.presets.preset import BrandPreset, GiftCardPreset, ProgrammePreset

SMILES = ProgrammePreset(
    code="smiles",
    name="Smiles",
    issuer="galeries-lafayette",
    issuer_name="Galeries Lafayette",
    card_products={"smiles": "Carte Smiles"},
    # A number kept for fiction, and a name under a domain kept for examples: neither reaches anybody.
    contact_phone="01 99 00 90 12",
    contact_email="contact@smiles.example",
    contact_hours_fr="Du lundi au vendredi, de 9 h à 18 h",
    contact_hours_en="Monday to Friday, 9 am to 6 pm",
    data_protection_email="donnees.personnelles@smiles.example",
    time_zone="Europe/Paris",
    currency="EUR",
    points_validity_years=3,
    verified_email_points=0,
    points=1,
    per_cents=100,
    rule_name_fr="1 point par euro",
    rule_name_en="1 point for each euro",
    gift_cards={
        "gift-card-10": GiftCardPreset(face_value_cents=1000, price_points=300),
        "gift-card-30": GiftCardPreset(face_value_cents=3000, price_points=900),
    },
    brand=BrandPreset(
        tagline_fr="Toutes vos enseignes, un seul sourire.",
        tagline_en="All your brands, one smile.",
        character="round",
        colours=Seeds(
            brand="#8a2466",
            brand_at_night="#f2a9d6",
            accent="#ffb545",
            hero_from="#86215f",
            hero_to="#42102f",
            paper="#faf5f8",
        ),
        logo_svg=(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            '<rect width="32" height="32" fill="#86215f" />'
            '<path d="M21.500 10.500c-1.500-1.900-3.400-2.800-5.600-2.800-2.900 0-5 1.500-5 3.900'
            "0 5.600 11 2.500 11 8.700 0 2.600-2.400 4.200-5.700 4.200-2.700 0-4.900-1-6.500-3.200"
            '" fill="none" stroke="#fff" stroke-width="2.600" stroke-linecap="round" />'
            '<circle cx="25" cy="8" r="2" fill="#ffb545" /></svg>'
        ),
    ),
    assumptions=_(
        "Of Smiles the source tells that it was a programme of several brands, Monoprix among them, and that"
        " Galeries Lafayette replaced it: the issuer, the card, 1 point for each full euro, three years and"
        " the prices of the gift cards are our assumption. The look is ours too."
    ),
)
