"""What every page of the site may show: the programme whose site it is."""

from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject

from loyalty.models import Programme


def site(request: HttpRequest) -> dict[str, object]:
    """Offer the programme to templates, looked up only where one shows it; none where none is served."""
    return {"programme": SimpleLazyObject(lambda: _programme(request))}


def _programme(request: HttpRequest) -> Programme | None:
    try:
        return getattr(request, "programme", None) or None
    except Http404:
        return None
