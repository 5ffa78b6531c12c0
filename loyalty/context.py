"""What every page of the site may show: the programme whose site it is."""

from urllib.parse import urlsplit, urlunsplit

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from loyalty.brand.look import look_of
from loyalty.models import Programme


def site(request: HttpRequest) -> dict[str, object]:
    """Offer the programme, if one is served, and its look to templates; looked up only when shown."""
    return {
        "programme": SimpleLazyObject(lambda: programme_of(request)),
        "look": SimpleLazyObject(lambda: look_of(programme_of(request))),
        "page_address": SimpleLazyObject(lambda: _page_address(request)),
    }


def _page_address(request: HttpRequest) -> str:
    """Return where the page can be read again: what was posted came from the page before, if any says so."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    before = request.headers.get("referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return reverse("home")
    return urlunsplit(("", "", *urlsplit(before)[2:4], ""))


def programme_of(request: HttpRequest) -> Programme | None:
    """Return the programme whose site was asked for; none where none is served."""
    try:
        return getattr(request, "programme", None) or None
    except Http404:
        return None
