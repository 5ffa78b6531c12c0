"""Whose site is asked for: the programme that names the host, or the only programme there is."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from loyalty.models import Programme
from loyalty.offline import name_visitor
from loyalty.selectors.programmes import programme_for_host

if TYPE_CHECKING:
    from loyalty.requests import ProgrammeRequest
    from members.models import Issuer


class SiteMiddleware:
    """Sets `request.programme` and `request.issuer`; they are looked up when a view first asks for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Prepare both, and go on; an address used in a way it does not offer gets a page that says so."""
        site = cast("ProgrammeRequest", request)
        site.programme = cast("Programme", SimpleLazyObject(lambda: served_programme(request)))
        site.issuer = cast("Issuer", SimpleLazyObject(lambda: site.programme.issuer))
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            response.content = render_to_string("405.html", {"page_address": reverse("home")}, request)
        name_visitor(request, response)
        return response


def served_programme(request: HttpRequest) -> Programme:
    """Return the programme whose site was asked for, or answer that nothing is here."""
    host, _ = split_domain_port(request.get_host())
    programme = programme_for_host(host)
    if programme is None:
        raise Http404
    return programme
