"""Pages for what went wrong, in the same style as the rest and never a traceback."""

import pytest
from django.core.exceptions import DisallowedHost
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, page_not_found, permission_denied, server_error

from tests.site.reading import words_of


def test_an_unknown_address_says_so_politely(alice: Client) -> None:
    page = alice.get("/nowhere/")
    assert page.status_code == 404
    assert "Il n’y a rien ici" in words_of(page)
    assert "Retour à l’accueil" in words_of(page)


@pytest.mark.django_db
def test_pages_that_need_nothing_from_the_site_stand_alone() -> None:
    request = RequestFactory().get("/")
    assert "Cette demande ne peut pas être lue" in words_of(bad_request(request, DisallowedHost()))
    assert "Un incident est survenu" in words_of(server_error(request))


@pytest.mark.usefixtures("cast")
def test_what_is_forbidden_says_so(alice: Client) -> None:
    page = alice.get("/admin/login/")
    assert page.status_code == 403
    assert "Vous ne pouvez pas voir cette page" in words_of(page)


@pytest.mark.django_db
def test_errors_before_the_site_is_known_are_shown_all_the_same() -> None:
    request = RequestFactory().get("/")
    assert page_not_found(request, Exception()).status_code == 404
    assert permission_denied(request, Exception()).status_code == 403


@pytest.mark.usefixtures("cast")
def test_a_forged_host_is_refused() -> None:
    page = Client().get("/", headers={"host": "evil.example"})
    assert page.status_code == 400
    assert "Cette demande ne peut pas être lue" in words_of(page)
