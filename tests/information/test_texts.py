"""The public texts: they give the programme's own numbers and say which facts are still missing."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.formatting import phone_address
from loyalty.earning.versions import retire_rule
from loyalty.models import EarningRule, ExpiryRounding, Programme
from rewards.models import GiftCardProduct
from tests.factories import make_next_version
from tests.site.reading import words_of

PAGES = [
    ("/questions/", 4, "Questions et réponses", "Questions and answers"),
    ("/terms/", 4, "Conditions du programme", "Terms of the programme"),
    ("/privacy/", 4, "Vos données personnelles", "Your personal data"),
    ("/accessibility/", 1, "Déclaration d’accessibilité", "Accessibility statement"),
    ("/contact/", 1, "Nous contacter", "Contact us"),
]
FACTS = {
    "legal_name": "Cetelem SA",
    "legal_address": "1 rue de la Fidélité, 75001 Paris",
    "data_protection_email": "dpo@happycard.example",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page[0])
def test_each_text_is_there_in_both_languages_for_few_queries(
    reader: Client, page: tuple[str, int, str, str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address, queries, french, english = page
    with django_assert_num_queries(queries):
        response = reader.get(address)
    assert f"<h1>{french}</h1>" in response.content.decode()
    other = Client(headers={"accept-language": "en"}).get(address)
    assert f"<h1>{english}</h1>" in other.content.decode()
    assert "Cetelem" in words_of(other)


@pytest.mark.parametrize("address", [page[0] for page in PAGES] + ["/where/"])
def test_no_public_page_is_written_to_except_the_search_by_position(reader: Client, address: str) -> None:
    assert reader.put(address).status_code == 405
    assert reader.post(address).status_code == (200 if address == "/where/" else 405)
    assert reader.head(address).status_code == 200


def test_the_questions_give_the_programmes_numbers(reader: Client) -> None:
    words = words_of(reader.get("/questions/"))
    assert "1 point par tranche de 1 € payée avec votre carte" in words
    assert "Un achat de 49,90 €, par exemple, rapporte 49 points." in words
    assert "Boulanger , Conforama" not in words
    assert "enseignes partenaires : Boulanger, Conforama, Histoire d'Or, Jacadi, Nocibé." in words
    assert "valables 4 ans à compter du jour de l’achat, jusqu’à la fin du dernier jour." in words
    assert "Oui : 50 points, une seule fois" in words
    assert "une carte cadeau de 15 € pour 1 500 points" in words
    assert "une carte cadeau de 60 € pour 6 000 points" in words
    assert "12 mois à compter de la commande." in words


def test_the_numbers_follow_the_programme(programme: Programme, reader: Client) -> None:
    base = EarningRule.objects.get(programme=programme)
    make_next_version(base, points=3, per_cents=1000, at=timezone.now())
    GiftCardProduct.objects.filter(programme=programme).exclude(code="gift-card-30").delete()
    GiftCardProduct.objects.filter(programme=programme).update(validity_months=6)
    programme.points_validity_years, programme.verified_email_points = 1, 0
    programme.expiry_rounding = ExpiryRounding.MONTH
    programme.save()
    reader = Client(headers={"accept-language": "en"})
    words = words_of(reader.get("/questions/"))
    assert "3 points for each €10 that you pay" in words
    assert "A purchase of €49.90, for example, earns 14 points." in words
    told = "Points are valid for 1 year from the day of the purchase, then through the end of that month."
    assert told in words
    assert "e-mail address?" not in words
    assert "a gift card of €30 for 3,000 points" in words
    assert "€15" not in words
    assert "6 months from the order." in words
    programme.expiry_rounding = ExpiryRounding.YEAR
    programme.save()
    assert "through the end of that calendar year." in words_of(reader.get("/terms/"))
    assert "A member who confirms an e-mail address" not in words_of(reader.get("/terms/"))


def test_a_programme_that_is_still_empty_promises_nothing(programme: Programme) -> None:
    retire_rule(rule=EarningRule.objects.get(programme=programme), at=timezone.now())
    GiftCardProduct.objects.filter(programme=programme).delete()
    programme.agreements.all().delete()
    reader = Client(headers={"accept-language": "en"})
    for address in ("/questions/", "/terms/"):
        words = words_of(reader.get(address))
        assert "rounded down" not in words
        assert "a gift card of" not in words
        assert "0 month" not in words


@pytest.mark.parametrize("address", ["/terms/", "/privacy/"])
def test_a_legal_text_says_which_facts_are_missing(
    programme: Programme, reader: Client, address: str
) -> None:
    words = words_of(reader.get(address))
    assert "Ce texte est un modèle que les juristes de la société complètent et valident." in words
    assert (
        "la dénomination sociale de la société l’adresse de son siège social l’e-mail de son délégué" in words
    )
    assert "le numéro de téléphone du service client" not in words
    Programme.objects.filter(pk=programme.pk).update(**FACTS)
    words = words_of(reader.get(address))
    assert "Ce texte est un modèle" not in words
    assert "Cetelem SA, 1 rue de la Fidélité, 75001 Paris." in words
    if address == "/privacy/":
        assert "Délégué à la protection des données : dpo@happycard.example" in words


def test_the_questions_are_no_legal_text(reader: Client) -> None:
    assert "Ce texte est un modèle" not in words_of(reader.get("/questions/"))


def test_the_contact_page_offers_the_phone_its_hours_and_the_address(
    programme: Programme, reader: Client
) -> None:
    Programme.objects.filter(pk=programme.pk).update(
        contact_phone="+33 (0)9 69 32 00 00",
        contact_hours_fr="Du lundi au samedi, de 9 h à 19 h",
        contact_hours_en="Monday to Saturday, 9 am to 7 pm",
    )
    page = reader.get("/contact/")
    assert 'href="tel:+33969320000"' in page.content.decode()
    assert 'href="mailto:service@happycard.example"' in page.content.decode()
    assert "Du lundi au samedi, de 9 h à 19 h" in words_of(page)
    english = words_of(Client(headers={"accept-language": "en"}).get("/contact/"))
    assert "Monday to Saturday, 9 am to 7 pm" in english
    Programme.objects.filter(pk=programme.pk).update(contact_phone="", contact_email="")
    words = words_of(reader.get("/contact/"))
    assert "Le numéro sera bientôt publié" in words
    assert "Par téléphone" not in words


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [
        ("09 69 32 00 00", "0969320000"),
        ("+33 (0)9 69.32-00 00", "+33969320000"),
        ("(01) 99 00 12 34", "0199001234"),
        ("3639", "3639"),
    ],
)
def test_a_phone_number_is_dialled_without_what_people_write_around_it(phone: str, dialled: str) -> None:
    assert phone_address(phone) == dialled


def test_every_page_leads_to_the_public_texts(reader: Client) -> None:
    page = reader.get("/").content.decode()
    for address in ("/where/", "/questions/", "/terms/", "/privacy/", "/accessibility/", "/contact/"):
        assert re.search(rf'href="{address}"', page), address
