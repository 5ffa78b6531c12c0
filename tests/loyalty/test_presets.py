"""Happy Card loads with one command; loading it again overwrites nothing."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from loyalty.brand.logo import safe_logo
from loyalty.brand.palette import unreadable
from loyalty.models import Brand, EarningRule, Programme
from members.models import CardProduct, Issuer
from rewards.models import GiftCardProduct
from rewards.presets.load import PRESETS, load_preset
from rewards.presets.preset import ProgrammePreset
from tests.factories import make_next_version

pytestmark = pytest.mark.django_db


def load(code: str = "happy-card", verbosity: int = 1) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with translation.override("en"):
        call_command("load_preset", code, stdout=out, stderr=err, verbosity=verbosity)
    return out.getvalue(), err.getvalue()


def stored() -> list[tuple[object, ...]]:
    return [
        row
        for model in (Issuer, CardProduct, Programme, Brand, EarningRule, GiftCardProduct)
        for row in model.objects.order_by("pk").values_list()
    ]


def test_happy_card_is_what_its_source_says() -> None:
    out, err = load()
    assert out == "The programme Happy Card is loaded.\n"
    assert "are our assumption" in err
    programme = Programme.objects.get()
    assert (programme.code, programme.issuer.name, programme.time_zone, programme.currency) == (
        "happy-card", "Cetelem", "Europe/Paris", "EUR",
    )  # fmt: skip
    assert (programme.points_validity_years, programme.verified_email_points) == (4, 50)
    rule = EarningRule.objects.get(programme=programme)
    assert (rule.points, rule.per_cents, rule.version) == (1, 100, 1)
    products = CardProduct.objects.filter(issuer=programme.issuer).order_by("code")
    assert [product.code for product in products] == ["aurore", "live", "visa", "visa-premier"]
    catalogue = GiftCardProduct.objects.filter(programme=programme, is_offered=True).order_by("price_points")
    assert list(catalogue.values_list("face_value_cents", "price_points", "currency")) == [
        (1500, 1500, "EUR"), (3000, 3000, "EUR"), (6000, 6000, "EUR"),
    ]  # fmt: skip


def test_galeries_lafayette_is_what_its_source_says() -> None:
    load("galeries-lafayette")
    programme = Programme.objects.select_related("issuer").get()
    assert (programme.name, programme.issuer.code, programme.currency) == (
        "Galeries Lafayette", "galeries-lafayette", "EUR",
    )  # fmt: skip
    rule = EarningRule.objects.get(programme=programme)
    assert (rule.points, rule.per_cents) == (1, 100)
    catalogue = GiftCardProduct.objects.filter(programme=programme)
    assert list(catalogue.values_list("face_value_cents", "price_points")) == [(1000, 300)]


def test_smiles_has_the_issuer_of_the_programme_that_replaced_it_and_neither_edits_the_other() -> None:
    load("galeries-lafayette")
    out, err = load("smiles")
    assert out == "The programme Smiles is loaded.\n"
    assert "Monoprix" in err
    assert "our assumption" in err
    programme = Programme.objects.select_related("issuer").get(code="smiles")
    assert (programme.issuer.code, programme.points_validity_years) == ("galeries-lafayette", 3)
    assert programme.issuer == Programme.objects.get(code="galeries-lafayette").issuer
    catalogue = GiftCardProduct.objects.filter(programme=programme).order_by("price_points")
    assert list(catalogue.values_list("face_value_cents", "price_points")) == [(1000, 300), (3000, 900)]
    assert load("smiles")[0] == "Smiles was loaded before; nothing changed.\n"
    assert load("galeries-lafayette")[0] == "Galeries Lafayette was loaded before; nothing changed.\n"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_the_look_of_a_preset_can_be_read_by_day_and_by_night_and_its_logo_only_draws(
    preset: ProgrammePreset,
) -> None:
    load(preset.code)
    brand = Brand.objects.get(programme__code=preset.code)
    assert (brand.tagline_fr, brand.character) == (preset.brand.tagline_fr, preset.brand.character)
    assert brand.seeds == preset.brand.colours
    assert unreadable(brand.seeds) == []
    assert safe_logo(brand.logo_svg) == preset.brand.logo_svg


def test_a_look_that_was_edited_is_told_and_left_as_it_is() -> None:
    load()
    Brand.objects.update(accent_colour="#ffcc00")
    assert load()[0] == "Happy Card was edited since it was loaded and is left as it is: brand.\n"
    assert Brand.objects.get().accent_colour == "#ffcc00"
    Brand.objects.all().delete()
    assert "brand" in load()[0]
    assert not Brand.objects.exists()


def test_loading_again_changes_nothing() -> None:
    load()
    before = stored()
    assert load() == ("Happy Card was loaded before; nothing changed.\n", "")
    assert stored() == before


def test_a_programme_that_was_edited_is_left_as_it_is() -> None:
    load()
    Programme.objects.update(points_validity_years=3)
    GiftCardProduct.objects.filter(code="gift-card-15").update(price_points=1400)
    GiftCardProduct.objects.filter(code="gift-card-60").update(is_offered=False)
    before = stored()
    out, _ = load()
    assert out == (
        "Happy Card was edited since it was loaded and is left as it is:"
        " gift_card gift-card-15, gift_card gift-card-60, points_validity_years.\n"
    )
    assert stored() == before


def test_a_new_version_of_the_earning_rule_is_an_edit() -> None:
    load()
    make_next_version(EarningRule.objects.get(), points=2, at=timezone.now())
    assert load_preset(code="happy-card").differences == ("earning_rule",)


def test_the_issuers_own_products_stay() -> None:
    issuer = Issuer.objects.create(code="cetelem", name="Cetelem SA")
    CardProduct.objects.create(issuer=issuer, code="visa", name="Visa Classic")
    load()
    assert Programme.objects.get().issuer.name == "Cetelem SA"
    assert CardProduct.objects.get(code="visa").name == "Visa Classic"
    assert load_preset(code="happy-card").differences == ("card_product visa",)


def test_quietly_nothing_is_said() -> None:
    assert load(verbosity=0) == ("", "")


def test_an_unknown_preset_is_refused_with_those_that_are_known() -> None:
    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command("load_preset", "smiley")
    assert (
        str(refused.value)
        == "There is no such preset. Known presets: happy-card, galeries-lafayette, smiles."
    )
    assert stored() == []


@pytest.mark.django_db
def test_a_new_programme_can_be_asked_at_a_number_and_an_address_that_are_nobodys() -> None:
    load_preset(code="happy-card")
    programme = Programme.objects.get(code="happy-card")
    assert (programme.contact_phone, programme.contact_email) == (
        "01 99 00 12 34",
        "contact@happy-card.example",
    )
