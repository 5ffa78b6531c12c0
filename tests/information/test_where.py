"""Where to earn and spend: found by town, partner and distance, with nothing that is closed."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.test import Client
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from core.formatting import distance
from information.places import PAGE_SIZE, Position, Wanted, find_places
from loyalty.models import Agreement, Programme
from partners.models import Store
from tests.factories import make_issuer, make_partner, make_programme, make_store
from tests.site.reading import words_of

PARIS = Position(48.85, 2.35)


def found(programme: Programme, at: datetime, **wanted: object) -> list[str]:
    """Return the names of the stores found."""
    return [place.name for place in find_places(programme, Wanted(**wanted), on=at.date()).places]  # type: ignore[arg-type] # each test names what it wants


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("saint-étienne", ["Boulanger Saint-Étienne"]),
        ("SAINT ETIENNE", ["Boulanger Saint-Étienne"]),
        ("st etienne", ["Boulanger Saint-Étienne"]),
        ("Étienne", ["Boulanger Saint-Étienne"]),
        ("E\u0301tien", ["Boulanger Saint-Étienne"]),
        ("42", ["Boulanger Saint-Étienne"]),
        ("94240", ["Histoire d'Or L'Haÿ-les-Roses"]),
        ("l’haÿ", ["Histoire d'Or L'Haÿ-les-Roses"]),
        ("roses hay", ["Histoire d'Or L'Haÿ-les-Roses"]),
        ("nocibe paris", ["Nocibé Paris", "Nocibé Paris"]),
        ("75015", ["Nocibé Paris"]),
        ("boulanger lyon", ["Boulanger Lyon"]),
        ("dor lyon", ["Histoire d'Or Lyon"]),
        ("paris lille", []),
        ("atlantis", []),
        ("aris", []),
        ("%", []),
        ("_____", []),
        ("' OR 1=1 --", []),
        ("lyon:* | paris", []),
        ("\\", []),
        ("🙂", []),
        ("0" * 5000, []),
    ],
)
def test_words_find_stores_whatever_their_case_accents_and_order(
    programme: Programme, at: datetime, text: str, names: list[str]
) -> None:
    assert found(programme, at, text=text) == names


def test_spaces_are_no_search(programme: Programme, at: datetime) -> None:
    assert len(found(programme, at, text="  \t ")) == 10


def test_ligatures_are_found_by_their_letters(programme: Programme, at: datetime) -> None:
    make_store(partner="jacadi", code="vic-sur-cœur", programme=programme)
    assert found(programme, at, text="vic coeur") == ["Jacadi Vic-Sur-Cœur"]
    assert found(programme, at, text="CŒUR") == ["Jacadi Vic-Sur-Cœur"]


def test_without_a_search_stores_are_sorted_by_town_as_people_read_them(
    programme: Programme, at: datetime
) -> None:
    Store.objects.create(partner=make_partner("jacadi"), code="evreux", name="Jacadi Évreux", city="Évreux")
    names = found(programme, at)
    assert names[0] == "Jacadi Évreux"
    assert names[1:3] == ["Histoire d'Or L'Haÿ-les-Roses", "Conforama Lille"]


def test_a_partner_is_chosen_by_its_code(programme: Programme, at: datetime) -> None:
    assert found(programme, at, partner="nocibe") == ["Nocibé Lyon", "Nocibé Paris", "Nocibé Paris"]
    assert found(programme, at, partner="nocibe", text="paris") == ["Nocibé Paris", "Nocibé Paris"]
    assert found(programme, at, partner="nocibe", text="boulanger") == []


@pytest.mark.parametrize("partner", ["nobody", "'; --", "NOCIBE", "\0"])
def test_an_unknown_partner_is_as_if_none_were_wanted(
    programme: Programme, at: datetime, partner: str
) -> None:
    assert len(found(programme, at, partner=partner)) == 10


def test_the_nearest_come_first_and_stores_without_a_position_last(
    programme: Programme, at: datetime
) -> None:
    places = find_places(programme, Wanted(position=PARIS), on=at.date()).places
    assert [(place.name, place.metres and round(place.metres / 1000)) for place in places[:6]] == [
        ("Nocibé Paris", 3),
        ("Nocibé Paris", 4),
        ("Histoire d'Or L'Haÿ-les-Roses", 8),
        ("Conforama Lille", 205),
        ("Boulanger Saint-Étienne", 409),
        ("Boulanger Lyon", None),
    ]


@pytest.mark.parametrize("place", [(0, 0), (90, 0), (-90, 180), (45.4397, 4.3872), (-45.44, -175.613)])
def test_distances_are_found_from_anywhere_on_earth(
    programme: Programme, at: datetime, place: tuple[float, float]
) -> None:
    Store.objects.filter(city="Saint-Étienne").update(
        latitude=Decimal("45.4397"), longitude=Decimal("4.3872")
    )
    metres = [
        found.metres
        for found in find_places(programme, Wanted(position=Position(*place)), on=at.date()).places
        if found.metres is not None
    ]
    assert len(metres) == 5
    assert metres == sorted(metres)
    assert all(0 <= metre <= 20_015_100 for metre in metres)


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"),
    [
        ("48.87364", "2.33259", Position(48.874, 2.333)),
        ("-0.0001", "-0.0001", Position(0, 0)),
        ("90", "-180", Position(90, -180)),
        ("nan", "2", None),
        ("inf", "2", None),
        ("1e1", "2", None),
        ("90.1", "2", None),
        ("48", "180.001", None),
        ("٤٨", "2", None),
        ("48,8", "2", None),
        ("", "2", None),
        ("48", "", None),
        ("9" * 400, "2", None),
        ("48.8\n", "2", None),
        ("1;2", "2", None),
    ],
)
def test_a_position_is_read_strictly_and_rounded(
    latitude: str, longitude: str, position: Position | None
) -> None:
    assert Position.read(latitude, longitude) == position


def test_closed_stores_and_ended_agreements_are_hidden(programme: Programme, at: datetime) -> None:
    today = at.date()
    day = timedelta(days=1)
    lille = Store.objects.filter(code="lille")
    for closed_on, is_shown in ((today - day, False), (today, True), (today + day, True)):
        lille.update(closed_on=closed_on)
        assert ("Conforama Lille" in found(programme, at)) is is_shown
    lille.update(closed_on=None)
    agreement = Agreement.objects.filter(programme=programme, partner__code="conforama")
    for ends_on, starts_on, is_shown in (
        (today - day, None, False),
        (today, None, True),
        (None, today, True),
        (None, today + day, False),
    ):
        agreement.update(ends_on=ends_on, starts_on=starts_on)
        assert ("Conforama Lille" in found(programme, at)) is is_shown


def test_a_store_that_opens_soon_is_announced_and_a_later_one_is_not(
    programme: Programme, at: datetime, reader: Client
) -> None:
    lille = Store.objects.filter(code="lille")
    for days, words in ((1, "Ouvre le 23 novembre 2026"), (60, "Ouvre le 21 janvier 2027"), (0, "Nouveau")):
        lille.update(opened_on=at.date() + timedelta(days=days))
        assert f"Conforama Lille 1 rue de la Paix 59000 Lille {words}" in words_of(reader.get("/where/"))
    lille.update(opened_on=at.date() - timedelta(days=90))
    assert "Nouveau" not in words_of(reader.get("/where/"))
    lille.update(opened_on=at.date() + timedelta(days=61))
    assert "Conforama Lille" not in found(programme, at)
    lille.update(opened_on=None, closed_on=at.date())
    assert "59000 Lille Ferme définitivement le 22 novembre 2026" in words_of(reader.get("/where/"))


def test_each_programme_shows_the_stores_of_its_own_agreements(programme: Programme, at: datetime) -> None:
    other = make_programme("other", issuer=make_issuer("other", "Autre"), host_names=["other.example"])
    Agreement.objects.filter(programme=other).exclude(partner__code="jacadi").delete()
    assert found(other, at) == ["Jacadi Lyon"]
    assert len(found(programme, at)) == 10


def test_web_shops_stand_apart_from_stores(programme: Programme, at: datetime, reader: Client) -> None:
    words = words_of(reader.get("/where/"))
    assert "10 magasins" in words
    assert words.index("Boutiques en ligne") < words.index("Boulanger en ligne")
    assert "Boulanger en ligne" not in found(programme, at)
    assert "Boutiques en ligne" not in words_of(reader.get("/where/?partner=nocibe"))


def test_a_page_costs_the_same_few_queries_with_five_thousand_stores(
    programme: Programme, at: datetime, reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    position = {"latitude": "48.85", "longitude": "2.35"}
    for name in ("few", "many"):
        with django_assert_num_queries(5):
            assert reader.get("/where/?text=lyon&page=2").status_code == 200
        with django_assert_num_queries(5):
            assert reader.post("/where/", position).status_code == 200
        Store.objects.bulk_create(
            Store(
                partner=make_partner(),
                code=f"{name}-{number}",
                name=f"Conforama {number}",
                city="Lyon",
                postcode=f"69{number % 1000:03}",
                latitude=Decimal(45) + Decimal(number) / 1000,
                longitude=4,
            )
            for number in range(2500)
        )
    places = find_places(programme, Wanted(page=10**4), on=at.date())
    assert (places.total, places.pages, places.page) == (5010, 209, 209)
    assert len(places.places) == 5010 - 208 * PAGE_SIZE
    assert len(find_places(programme, Wanted(page=1), on=at.date()).places) == PAGE_SIZE


@pytest.mark.parametrize("page", ["0", "-1", "nan", "9" * 400, "1e9", "²", "", "\0", "1'"])
def test_a_page_that_does_not_exist_shows_one_that_does(reader: Client, page: str) -> None:
    assert "10 magasins" in words_of(reader.get("/where/", {"page": page}))


@pytest.mark.usefixtures("programme")
def test_pages_lead_on_and_back_and_keep_the_search() -> None:
    for number in range(60):
        make_store(code=f"ville-{number}")
    reader = Client(headers={"accept-language": "en"})
    page = reader.get("/where/", {"text": "ville", "page": "2"})
    assert "Previous Next Page 2 of 3" in words_of(page)
    assert 'href="?text=ville&amp;page=1"' in page.content.decode()
    assert 'href="?text=ville&amp;page=3"' in page.content.decode()
    last = words_of(reader.get("/where/", {"text": "ville", "page": "3"}))
    assert "Previous Page 3 of 3" in last
    near = reader.post("/where/", {"latitude": "48.85", "longitude": "2.35", "text": "ville", "page": "2"})
    assert "Nearer Farther Page 2 of 3" in words_of(near)


def test_a_position_is_answered_and_never_kept(reader: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    page = reader.post("/where/", {"latitude": "48.87364", "longitude": "2.33259", "partner": "nocibe"})
    words = words_of(page)
    assert "3 magasins Nocibé Paris moins de 100 m" in words
    assert "Nocibé Paris 4,4 km" in words
    text = page.content.decode()
    assert 'name="latitude" value="48.874"' in text
    assert "48.87364" not in text
    assert "48.87" not in caplog.text
    assert "no-store" in page.headers["Cache-Control"]
    assert "sessionid" not in reader.cookies
    assert "Au plus près de moi" in words_of(reader.get("/where/"))


def test_a_position_in_the_address_is_not_read(reader: Client) -> None:
    assert " km" not in words_of(reader.get("/where/?latitude=48.85&longitude=2.35"))


@pytest.mark.parametrize("latitude", ["nan", "", "91", "x" * 5000, "\0"])
def test_a_position_that_cannot_be_read_is_said_so(reader: Client, latitude: str) -> None:
    words = words_of(reader.post("/where/", {"latitude": latitude, "longitude": "2"}))
    assert "Votre position n’a pas pu être lue. Les magasins sont triés par ville." in words
    assert "10 magasins" in words


def test_what_was_typed_is_shown_as_text(reader: Client) -> None:
    text = '"><script>alert(1)</script>'
    page = reader.get("/where/", {"text": text})
    assert b"<script>alert" not in page.content
    assert "Aucun magasin ne correspond à votre recherche" in words_of(page)
    assert reader.get("/where/", {"text": "a\0b"}).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"latitude": 48.85, "longitude": 2.35}'),
        ("application/x-www-form-urlencoded", b"latitude=%ED%A0%80&longitude=%FF&text=%ED%A0%80"),
        ("application/x-www-form-urlencoded", b"latitude=48.8&latitude=nan&longitude=2&text=%00"),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_a_body_that_is_no_form_finds_every_store(reader: Client, content_type: str, body: bytes) -> None:
    page = reader.post("/where/", body, content_type=content_type)
    assert page.status_code == 200


@pytest.mark.parametrize(
    "body", [b"text=" + b"x" * 3_000_000, b"&".join(b"a%d=1" % number for number in range(2000))]
)
def test_a_body_that_is_too_large_is_refused(reader: Client, body: bytes) -> None:
    page = reader.post("/where/", body, content_type="application/x-www-form-urlencoded")
    assert page.status_code == 400


def test_a_programme_of_one_brand_offers_no_choice_of_brands(programme: Programme, reader: Client) -> None:
    assert "Enseigne partenaire" in words_of(reader.get("/where/"))
    Agreement.objects.filter(programme=programme).exclude(partner__code="nocibe").delete()
    words = words_of(reader.get("/where/?partner=nocibe"))
    assert "Enseigne partenaire" not in words
    assert "3 magasins Nocibé Lyon" in words


def test_a_search_reads_the_index_of_words(programme: Programme) -> None:
    partner = programme.agreements.get(partner__code="nocibe").partner
    Store.objects.bulk_create(
        Store(partner=partner, code=f"n{number}", name="Nocibé", city=f"Ville {number}")
        for number in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE partners_store")
    query = SearchQuery("123:*", search_type="raw", config="simple")
    assert "store_by_its_words" in Store.objects.filter(words=query, channel="store").explain()


def test_a_programme_without_partners_says_so(programme: Programme, reader: Client) -> None:
    Agreement.objects.filter(programme=programme).delete()
    assert "Pas encore d’enseigne partenaire" in words_of(reader.get("/where/"))


@pytest.mark.parametrize(
    ("metres", "french", "english"),
    [
        (0, "moins de 100 m", "less than 100 m"),
        (99.9, "moins de 100 m", "less than 100 m"),
        (149, "100 m", "100 m"),
        (951, "1 km", "1 km"),
        (1240, "1,2 km", "1.2 km"),
        (9960, "10 km", "10 km"),
        (12_345, "12 km", "12 km"),
        (1_234_567, "1 235 km", "1,235 km"),
    ],
)
def test_distances_are_written_as_people_say_them(metres: float, french: str, english: str) -> None:
    with override("fr"):
        assert " ".join(distance(metres).split()) == french
    with override("en"):
        assert distance(metres) == english
