"""Happy Card: Cetelem rewards the holders of its cards for purchases at partner brands (end of 2005)."""

from django.utils.translation import gettext_lazy as _

from rewards.presets.preset import GiftCardPreset, ProgrammePreset

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
    assumptions=_(
        "The source gives neither the earning rate nor the prices of the gift cards: 1 point for each full"
        " euro and 1,500, 3,000 and 6,000 points are our assumption."
    ),
)
