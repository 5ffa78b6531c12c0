"""Loading a preset once. A programme that exists is compared and left alone: somebody may have edited it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import transaction
from django.utils import timezone

from core.errors import DomainError
from loyalty.adjustments.usual import add_usual_rules
from loyalty.earning.versions import draft_new_rule, schedule_rule
from loyalty.models import Brand, EarningRule, Programme
from loyalty.models.brands import COLOURS
from members.models import CardProduct, Issuer
from rewards.models import GiftCardProduct
from rewards.presets.galeries_lafayette import GALERIES_LAFAYETTE
from rewards.presets.happy_card import HAPPY_CARD
from rewards.presets.preset import BrandPreset, GiftCardPreset, ProgrammePreset
from rewards.presets.smiles import SMILES

PRESETS = {preset.code: preset for preset in (HAPPY_CARD, GALERIES_LAFAYETTE, SMILES)}
RULE = "base"

Facts = dict[str, object]
"""What a preset says, by name. A preset and a loaded programme are compared fact by fact."""


class UnknownPreset(DomainError):
    """No preset has this code."""

    code: ClassVar[str] = "unknown_preset"


@dataclass(frozen=True, slots=True)
class LoadedPreset:
    """Whether the programme was made now, and the names of what differs from the preset since."""

    preset: ProgrammePreset
    is_new: bool
    differences: tuple[str, ...] = ()


@transaction.atomic
def load_preset(*, code: str, at: datetime | None = None) -> LoadedPreset:
    """Make the programme of a preset, its rule live from `at` or now, or say how the one there is differs.

    A repeat changes nothing, and what was edited since is never overwritten. Raises UnknownPreset.
    """
    if code not in PRESETS:
        raise UnknownPreset
    preset = PRESETS[code]
    issuer, _ = Issuer.objects.get_or_create(code=preset.issuer, defaults={"name": preset.issuer_name})
    programme, is_new = Programme.objects.get_or_create(
        code=code,
        defaults={
            "name": preset.name,
            "issuer": issuer,
            "contact_phone": preset.contact_phone,
            "contact_email": preset.contact_email,
            "contact_hours_fr": preset.contact_hours_fr,
            "contact_hours_en": preset.contact_hours_en,
            "data_protection_email": preset.data_protection_email,
            "time_zone": preset.time_zone,
            "currency": preset.currency,
            "points_validity_years": preset.points_validity_years,
            "verified_email_points": preset.verified_email_points,
            "household_size": preset.household_size,
        },
    )
    if is_new:
        _fill(programme, preset, at or timezone.now())
        return LoadedPreset(preset, is_new=True)
    expected, found = _facts_of_preset(preset), _facts_of_programme(programme)
    found = {
        name: fact for name, fact in found.items() if name in expected or name not in _facts_of_others(preset)
    }
    names = sorted(expected.keys() | found.keys())
    return LoadedPreset(
        preset,
        is_new=False,
        differences=tuple(name for name in names if expected.get(name) != found.get(name)),
    )


def _fill(programme: Programme, preset: ProgrammePreset, at: datetime) -> None:
    """Add what belongs to a new programme. Its issuer may have card products already."""
    add_usual_rules(programme)
    CardProduct.objects.bulk_create(
        [
            CardProduct(issuer=programme.issuer, code=code, name=name)
            for code, name in preset.card_products.items()
        ],
        ignore_conflicts=True,
    )
    Brand.objects.create(
        programme=programme,
        tagline_fr=preset.brand.tagline_fr,
        tagline_en=preset.brand.tagline_en,
        character=preset.brand.character,
        logo_svg=preset.brand.logo_svg,
        **dict(zip(COLOURS, preset.brand.colours, strict=True)),
    )
    rule = EarningRule(
        programme=programme,
        code=RULE,
        name_fr=preset.rule_name_fr,
        name_en=preset.rule_name_en,
        points=preset.points,
        per_cents=preset.per_cents,
    )
    schedule_rule(rule=draft_new_rule(rule=rule), at=at)
    GiftCardProduct.objects.bulk_create(
        GiftCardProduct(
            programme=programme,
            code=code,
            face_value_cents=gift_card.face_value_cents,
            currency=preset.currency,
            price_points=gift_card.price_points,
        )
        for code, gift_card in preset.gift_cards.items()
    )


def _facts_of_preset(preset: ProgrammePreset) -> Facts:
    facts: Facts = {
        "name": preset.name,
        "issuer": preset.issuer,
        "time_zone": preset.time_zone,
        "currency": preset.currency,
        "points_validity_years": preset.points_validity_years,
        "verified_email_points": preset.verified_email_points,
        "household_size": preset.household_size,
        "earning_rule": (preset.points, preset.per_cents),
        "brand": preset.brand,
    }
    facts |= {_card_product(code): name for code, name in preset.card_products.items()}
    return facts | {f"gift_card {code}": gift_card for code, gift_card in preset.gift_cards.items()}


def _facts_of_programme(programme: Programme) -> Facts:
    rules = EarningRule.objects.filter(
        programme=programme, code=RULE, scheduled_at__isnull=False, applies_until__isnull=True
    )
    products = CardProduct.objects.filter(issuer=programme.issuer)
    gift_cards = GiftCardProduct.objects.filter(programme=programme, is_offered=True)
    facts: Facts = {
        "name": programme.name,
        "issuer": programme.issuer.code,
        "time_zone": programme.time_zone,
        "currency": programme.currency,
        "points_validity_years": programme.points_validity_years,
        "verified_email_points": programme.verified_email_points,
        "household_size": programme.household_size,
        "earning_rule": rules.order_by("pk").values_list("points", "per_cents").first(),
        "brand": _brand_of(programme),
    }
    facts |= {_card_product(code): name for code, name in products.values_list("code", "name")}
    return facts | {
        f"gift_card {card.code}": GiftCardPreset(card.face_value_cents, card.price_points)
        for card in gift_cards
    }


def _facts_of_others(preset: ProgrammePreset) -> set[str]:
    """Return the card products that other presets of the issuer bring: they are no edit of this one."""
    others = (one for one in PRESETS.values() if one.issuer == preset.issuer and one.code != preset.code)
    return {_card_product(code) for other in others for code in other.card_products}


def _card_product(code: str) -> str:
    return f"card_product {code}"


def _brand_of(programme: Programme) -> BrandPreset | None:
    brand = Brand.objects.filter(programme=programme).first()
    if brand is None:
        return None
    return BrandPreset(brand.tagline_fr, brand.tagline_en, brand.character, brand.seeds, brand.logo_svg)
