"""Galeries Lafayette: a department store, in its stores and on the web alike (2017).

There 300 points earn a voucher of 10 EUR by themselves. Vouchers, automatic and short lived, are not built
yet: until then the member takes the 10 EUR as a gift card, for the same 300 points.
"""

from django.utils.translation import gettext_lazy as _

from loyalty.brand.palette import Seeds
from rewards.presets.preset import BrandPreset, GiftCardPreset, ProgrammePreset

GALERIES_LAFAYETTE = ProgrammePreset(
    code="galeries-lafayette",
    name="Galeries Lafayette",
    issuer="galeries-lafayette",
    issuer_name="Galeries Lafayette",
    card_products={
        "fidelite": "Carte de fidélité",
        "mastercard": "Carte Mastercard",
    },
    # A number kept for fiction, and a name under a domain kept for examples: neither reaches anybody.
    contact_phone="01 99 00 56 78",
    contact_email="contact@galeries-lafayette.example",
    contact_hours_fr="Du lundi au samedi, de 9 h à 19 h",
    contact_hours_en="Monday to Saturday, 9 am to 7 pm",
    data_protection_email="donnees.personnelles@galeries-lafayette.example",
    time_zone="Europe/Paris",
    currency="EUR",
    points_validity_years=2,
    verified_email_points=0,
    points=1,
    per_cents=100,
    rule_name_fr="1 point par euro",
    rule_name_en="1 point for each euro",
    gift_cards={"gift-card-10": GiftCardPreset(face_value_cents=1000, price_points=300)},
    brand=BrandPreset(
        tagline_fr="Sous la coupole, chaque achat compte.",
        tagline_en="Under the dome, every purchase counts.",
        character="classic",
        colours=Seeds(
            brand="#1d1a18",
            brand_at_night="#e6cf9c",
            accent="#c9a35a",
            hero_from="#2a2522",
            hero_to="#0f0d0c",
            paper="#f8f5f0",
        ),
        logo_svg=(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            '<rect width="32" height="32" fill="#0f0d0c" />'
            '<path d="M6 23a10 10 0 0 1 20 0M16 13v10M16 13c-3.500 2-5.200 5.500-5.200 10'
            'M16 13c3.500 2 5.200 5.500 5.200 10M7.500 18h17M5 25.500h22M16 8v5"'
            ' fill="none" stroke="#c9a35a" stroke-width="1.500" stroke-linecap="round" />'
            '<circle cx="16" cy="7" r="1.300" fill="#c9a35a" /></svg>'
        ),
    ),
    assumptions=_(
        "The source names neither the card products nor how long points live: two products and two years are"
        " our assumption. The look is ours too."
    ),
)
