"""Each site looks as its programme says, from the same templates, and can be installed under its name."""

import json
import re

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error
from pytest_django import DjangoAssertNumQueries

from loyalty.brand.look import HOUSE, look_of
from loyalty.brand.palette import day_tones, night_tones, unreadable
from loyalty.models import Brand, Programme
from loyalty.offline import KEEP, VISITOR
from rewards.presets.load import load_preset
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

pytestmark = pytest.mark.django_db

HAPPY, STORE = "happy.example", "store.example"
HEAVIEST = 100_000


@pytest.fixture
def _two_sites(settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = [HAPPY, STORE]
    for code, host in (("happy-card", HAPPY), ("galeries-lafayette", STORE)):
        load_preset(code=code)
        Programme.objects.filter(code=code).update(host_names=[host])


def visit(host: str, address: str = "/", language: str = "fr") -> str:
    return Client(headers={"host": host, "accept-language": language}).get(address).content.decode()


def stylesheet_of(page: str) -> str:
    found = re.search(r'"(/brand/[^"]+/colours\.css)"', page)
    assert found
    return found[1]


@pytest.mark.usefixtures("_two_sites")
def test_each_host_shows_the_name_the_sentence_the_colours_and_the_type_of_its_own_programme() -> None:
    happy, store = visit(HAPPY), visit(STORE)
    assert "Chaque achat vous sourit." in happy
    assert "Sous la coupole, chaque achat compte." in store
    assert "Under the dome, every purchase counts." in visit(STORE, language="en")
    assert 'data-character="round"' in happy
    assert 'data-character="classic"' in store
    assert "--brand:#0b6b50" in visit(HAPPY, stylesheet_of(happy))
    assert "--brand:#1d1a18" in visit(STORE, stylesheet_of(store))
    for word in ("Happy Card", "Cetelem", "Chaque achat vous sourit."):
        assert word not in store
    assert "Galeries Lafayette" not in happy


@pytest.mark.usefixtures("_two_sites")
def test_a_versioned_address_is_kept_for_a_year_and_changes_with_the_look() -> None:
    client = Client(headers={"host": HAPPY})
    before = stylesheet_of(visit(HAPPY))
    answer = client.get(before)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    Brand.objects.filter(programme__code="happy-card").update(accent_colour="#ffc83d")
    after = stylesheet_of(visit(HAPPY))
    assert after != before
    assert "--accent:#ffc83d" in visit(HAPPY, after)
    # A browser that still has the old page gets what is true now, and asks again next time.
    late = client.get(before)
    assert "--accent:#ffc83d" in late.content.decode()
    assert late.headers["Cache-Control"] == "no-cache"


@pytest.mark.usefixtures("_two_sites")
def test_the_mark_and_the_icon_are_pictures_that_run_nothing() -> None:
    for host in (HAPPY, STORE):
        version = re.search(r'/brand/([^"]+)/mark\.svg', visit(host))
        assert version
        for name in ("brand_mark", "brand_icon"):
            answer = Client(headers={"host": host}).get(reverse(name, args=[version[1]]))
            assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "<script" not in answer.content.decode()


@pytest.mark.usefixtures("_two_sites")
def test_the_manifest_installs_each_site_under_its_own_name() -> None:
    names = {}
    for host in (HAPPY, STORE):
        answer = Client(headers={"host": host, "accept-language": "en"}).get("/manifest.webmanifest")
        assert answer.headers["Content-Type"] == "application/manifest+json"
        facts = json.loads(answer.content)
        names[host] = (facts["name"], facts["description"], facts["lang"])
        assert {icon["purpose"] for icon in facts["icons"]} == {"any", "maskable"}
        for icon in facts["icons"]:
            assert Client(headers={"host": host}).get(icon["src"]).status_code == 200
    assert names == {
        HAPPY: ("Happy Card", "Every purchase smiles back.", "en"),
        STORE: ("Galeries Lafayette", "Under the dome, every purchase counts.", "en"),
    }


@pytest.mark.usefixtures("_two_sites")
def test_the_page_of_those_who_are_not_signed_in_tells_prices_from_the_catalogue_and_weighs_little() -> None:
    client = Client(headers={"host": STORE, "accept-language": "fr"})
    page = client.get("/")
    words = words_of(page)
    assert "10 €" in words
    assert "300 points" in words
    assert "Activer mon compte" in words
    parts = set(re.findall(r'"(/(?:static|brand)/[^"]+)"', page.content.decode()))
    fonts = {"/static/fonts/figtree.woff2", "/static/fonts/bodoni-moda.woff2"}
    weight = len(page.content)
    for part in parts | fonts:
        answer = client.get(part)
        assert answer.status_code == 200, part
        weight += len(b"".join(answer)) if answer.streaming else len(answer.content)
    assert weight < HEAVIEST


def test_the_stylesheet_of_the_house_is_the_palette_of_the_house(cast: Cast) -> None:
    assert unreadable(HOUSE) == []
    tokens = b"".join(Client().get("/static/css/tokens.css")).decode().split("@media")
    for text, tones in zip(tokens, (day_tones(HOUSE), night_tones(HOUSE)), strict=True):
        for name, colour in re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text):
            assert tones.get(name, colour) == colour, name
    assert look_of(cast.programme).stylesheet == look_of(None).stylesheet


def test_the_look_costs_no_query_of_its_own(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert cast.programme.pk
    for address in ("/brand/current/colours.css", "/service-worker.js", "/manifest.webmanifest", "/offline/"):
        with django_assert_num_queries(1):
            assert Client().get(address).status_code == 200


def test_the_page_of_an_incident_needs_no_database(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        page = server_error(RequestFactory().get("/"))
    assert "Un incident est survenu" in words_of(page)
    assert "Something went wrong" in words_of(page)


def test_a_site_without_a_programme_has_the_look_of_the_house() -> None:
    assert look_of(None).stylesheet in Client().get("/brand/current/colours.css").content.decode()
    assert json.loads(Client().get("/manifest.webmanifest").content)["scope"] == "/"


def test_the_living_page_is_for_those_who_work_on_the_site(cast: Cast, settings: LazySettings) -> None:
    assert Client().get("/living/").status_code == 200
    settings.DEMO = False
    assert Client().get("/living/").status_code == 404
    assert signed_in(cast.mallory.member.user).get("/living/").status_code == 404


def test_only_the_wallet_is_offered_to_be_kept_and_each_sign_in_has_another_mark(
    cast: Cast, alice: Client, stranger: Client
) -> None:
    card = f"/wallet/{cast.used_order.gift_card.public_id}/"
    kept = {address: alice.get(address).headers.get(KEEP) for address in ("/wallet/", card, f"{card}till/")}
    assert set(kept.values()) == {"1"}
    for address in ("/", "/statement/", "/gift-cards/", "/promotions/"):
        assert KEEP not in alice.get(address).headers
    marks = {client.get("/wallet/").headers[VISITOR] for client in (alice, stranger)}
    marks |= {signed_in(cast.alice.member.user).get("/wallet/").headers[VISITOR]}
    assert len(marks) == 3
    assert Client().get("/").headers[VISITOR] == "nobody"
    assert VISITOR not in Client().get("/offline/").headers
    assert VISITOR not in Client().get("/manifest.webmanifest").headers
    assert KEEP not in Client().get(card).headers
