"""Public pages about promotions: what is under way, what is over, what must not be seen yet."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Illustration, Promotion
from campaigns.pages import promotion_page
from loyalty.models import Programme
from tests.factories import NOW, make_issuer, make_programme
from tests.kept_fixtures import kept
from tests.site.cast import make_promotions
from tests.site.reading import words_of


@kept()
def programme() -> Programme:
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


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_promotion_that_is_over_offers_those_under_way(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        page = reader.get("/promotions/rentree/")
    words = words_of(page)
    assert words.index("En cours actuellement") < words.index("Points sur les salons")
    assert b'content="noindex"' in page.content
    assert b"og:title" not in page.content
    Promotion.objects.exclude(slug="rentree").delete()
    alone = reader.get("/promotions/rentree/")
    assert alone.status_code == 410
    assert "En cours actuellement" not in words_of(alone)


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_promotions_are_chosen_by_brand(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        words = words_of(reader.get("/promotions/?partner=conforama"))
    assert "Promotions chez Conforama" in words
    assert "Points sur les salons" in words
    assert "Préparez les fêtes" not in words


@pytest.mark.parametrize("partner", ["jacadi", "nobody", "%", "a\0b", "x" * 5000])
@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_brand_without_a_promotion_leads_to_all_of_them(reader: Client, partner: str) -> None:
    words = words_of(reader.get("/promotions/", {"partner": partner}))
    assert "Cette enseigne n’a pas de promotion en ce moment. Voici toutes celles en cours." in words
    assert "Points sur les salons" in words


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_shared_link_shows_its_title_its_summary_and_its_picture() -> None:
    page = Client(headers={"accept-language": "en"}).get("/promotions/salons/")
    shown = dict(re.findall(r'<meta property="og:([a-z:_]+)" content="([^"]*)">', page.content.decode()))
    assert shown["title"] == "Points on living rooms"
    assert shown["description"] == "Points on living rooms: an offer of our partner brands."
    assert shown["url"] == "http://testserver/promotions/salons/"
    assert shown["locale"] == "en_GB"
    assert shown["site_name"] == "Happy Card"
    assert shown["image"].endswith("img/promotions/gift.png")
    assert (shown["image:width"], shown["image:height"]) == ("1200", "600")


@pytest.mark.parametrize("illustration", Illustration.values)
def test_every_picture_has_its_drawing_and_its_image_for_shared_links(illustration: str) -> None:
    assert finders.find(f"img/promotions/{illustration}.png")
    drawn = [
        render_to_string("campaigns/_picture.html", {"promotion": Promotion(illustration=kind)})
        for kind in Illustration.values
    ]
    assert len(set(drawn)) == len(Illustration.values)


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_a_letter_about_a_promotion_carries_its_text_whole() -> None:
    Promotion.objects.filter(slug="salons").update(
        title_fr="Été & hiver : 20 % ?", summary_fr="À 100 % pour vous"
    )
    page = Client(headers={"accept-language": "fr"}).get("/promotions/salons/").content.decode()
    letter = html.unescape(re.findall(r'href="(mailto:\?[^"]+)"', page)[0])
    parts = parse_qs(urlsplit(letter).query)
    assert parts["subject"] == ["Été & hiver : 20 % ?"]
    assert parts["body"] == ["À 100 % pour vous\r\n\r\nhttp://testserver/promotions/salons/"]


@time_machine.travel(NOW, tick=False)
@pytest.mark.usefixtures("programme")
def test_what_staff_wrote_is_shown_as_text(reader: Client) -> None:
    text = '"><script>alert(1)</script>'
    Promotion.objects.filter(slug="salons").update(title_fr=text, summary_fr=text, body_fr=text)
    for address in ("/", "/promotions/", "/promotions/salons/"):
        assert b"<script>alert" not in reader.get(address).content


@pytest.mark.parametrize("slug", ["soldes", "brouillon", "rentree"])
def test_staff_preview_a_promotion_before_it_is_there(programme: Programme, slug: str) -> None:
    request = RequestFactory().get("/promotions/any/", headers={"accept-language": "fr"})
    request.user = AnonymousUser()
    request.programme = programme  # type: ignore[attr-defined] # set by the site's middleware
    request.session = {}  # type: ignore[assignment] # nothing is kept of a preview
    promotion = Promotion.objects.select_related("partner", "programme").get(slug=slug)
    page = promotion_page(request, promotion, at=NOW, is_preview=True)
    assert page.status_code == 200
    words = words_of(page)
    assert "Aperçu : seuls vos collègues voient cette page." in words
    assert promotion.summary_fr in words
    assert "Copier le lien" not in words
    assert b"og:title" not in page.content


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
