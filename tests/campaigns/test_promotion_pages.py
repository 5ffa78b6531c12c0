"""Public pages about promotions: what is under way, what is over, what must not be seen yet."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import Promotion
from loyalty.models import Programme
from tests.factories import NOW, make_issuer, make_programme
from tests.site.cast import make_promotions
from tests.site.reading import words_of


@pytest.fixture
def programme(db: None) -> Programme:  # noqa: ARG001 - the programme needs the database
    """Return the programme with one promotion of each kind."""
    programme = make_programme()
    make_promotions(programme, NOW)
    return programme


@pytest.fixture
def reader() -> Client:
    """Return somebody who is not signed in and reads French."""
    return Client(headers={"accept-language": "fr"})


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_the_list_shows_what_is_under_way_the_soonest_to_end_first(reader: Client) -> None:
    words = words_of(reader.get("/promotions/"))
    assert words.index("Points sur les salons") < words.index("Préparez les fêtes")
    assert "Conforama Points sur les salons" in words
    assert "Jusqu’au 12 décembre 2026" in words
    for hidden in ("La rentrée", "Les soldes", "Brouillon"):
        assert hidden not in words


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_promotion_has_a_page_in_both_languages(reader: Client) -> None:
    words = words_of(reader.get("/promotions/salons/"))
    assert "Du 17 novembre 2026 au 12 décembre 2026" in words
    assert "Les points sont crédités sous deux jours." in words
    english = words_of(Client(headers={"accept-language": "en"}).get("/promotions/salons/"))
    assert "From 17 November 2026 to 12 December 2026" in english
    assert "The points are credited within two days." in english


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_promotion_that_is_over_says_so(reader: Client) -> None:
    page = reader.get("/promotions/rentree/")
    assert page.status_code == 410
    assert "Cette offre s’est terminée le 23 septembre 2026. Merci de votre intérêt." in words_of(page)
    assert "Présentez-vous en magasin." not in words_of(page)


@pytest.mark.parametrize("slug", ["soldes", "brouillon", "inconnue"])
@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_what_is_to_come_or_unpublished_is_not_there(reader: Client, slug: str) -> None:
    assert reader.get(f"/promotions/{slug}/").status_code == 404


@pytest.mark.usefixtures("programme")
def test_a_promotion_begins_and_ends_on_the_instant(reader: Client) -> None:
    promotion = Promotion.objects.get(slug="salons")
    moment = timedelta(microseconds=1)
    for at, status in (
        (promotion.starts_at - moment, 404),
        (promotion.starts_at, 200),
        (promotion.ends_at - moment, 200),
        (promotion.ends_at, 410),
    ):
        with time_machine.travel(at, tick=False):
            assert reader.get("/promotions/salons/").status_code == status
            assert ("Points sur les salons" in words_of(reader.get("/promotions/"))) is (status == 200)


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_another_programmes_promotion_is_not_shown(reader: Client) -> None:
    other = make_programme("other", issuer=make_issuer("other", "Autre"), host_names=["localhost"])
    assert reader.get("/promotions/salons/", headers={"host": "localhost"}).status_code == 404
    words = words_of(reader.get("/promotions/", headers={"host": "localhost"}))
    assert "Aucune promotion en ce moment" in words
    assert other.promotions.count() == 0
