"""Pages for what went wrong, in the same style as the rest and never a traceback."""

import pytest
from django.core.exceptions import DisallowedHost
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, page_not_found, permission_denied, server_error

from tests.site.cast import Cast
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
    assert "Vous n’avez pas accès à cette page" in words_of(page)


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


@pytest.mark.parametrize("address", ["/language/", "/activate/code/resend/"])
@pytest.mark.usefixtures("cast")
def test_an_address_that_only_takes_forms_says_so(address: str) -> None:
    page = Client(headers={"accept-language": "fr"}).get(address)
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "Cette page ne s’ouvre pas ainsi" in words_of(page)
    assert "Retour à l’accueil" in words_of(page)
    assert '<input type="hidden" name="next" value="/">' in page.content.decode()


@pytest.mark.usefixtures("cast")
def test_a_closed_account_is_told_whom_to_ask(cast: Cast) -> None:
    told = "Contactez le service client : ses coordonnées figurent au bas de cette page."
    client = Client(headers={"accept-language": "fr"})
    assert told in words_of(client.get("/accounts/inactive/"))
    cast.programme.contact_phone = cast.programme.contact_email = ""
    cast.programme.save(update_fields=["contact_phone", "contact_email"])
    words = words_of(client.get("/accounts/inactive/"))
    assert "Ce compte est fermé" in words
    assert "service client" not in words
