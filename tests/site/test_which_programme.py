"""Which programme a site shows: the one that names the host, or the only one there is."""

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.factories import make_issuer, make_programme
from tests.site.reading import words_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _any_host(settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["*"]


def test_the_host_names_its_programme() -> None:
    make_programme()
    make_programme("smiles", name="Smiles", issuer=make_issuer("gl", "GL"), host_names=["smiles.example"])
    words = words_of(Client().get("/", headers={"host": "smiles.example:8000"}))
    assert "Smiles" in words
    assert "Happy Card" not in words


def test_the_only_programme_answers_to_any_host() -> None:
    make_programme(host_names=["happy.example"])
    assert "Happy Card" in words_of(Client().get("/", headers={"host": "localhost"}))


def test_of_several_programmes_none_answers_to_a_host_that_nobody_names() -> None:
    make_programme(host_names=["happy.example"])
    make_programme("smiles", name="Smiles", issuer=make_issuer("gl", "GL"))
    page = Client().get("/", headers={"host": "localhost"})
    assert page.status_code == 404
    assert "Happy Card" not in words_of(page)


def test_without_any_programme_there_is_nothing_but_the_admin() -> None:
    client = Client(headers={"accept-language": "fr"})
    assert client.get("/").status_code == 404
    assert client.get("/activate/").status_code == 200
    assert client.post("/activate/", REAL_LOOKING).status_code == 404
    assert client.get("/accounts/sign-in/").status_code == 200
    assert client.get("/admin/").status_code == 302


REAL_LOOKING = {
    "reference": "M1",
    "card_last4": "4242",
    "birth_day": "1",
    "birth_month": "1",
    "birth_year": "1970",
}
