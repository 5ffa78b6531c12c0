"""What a request carries: on the site of an issuer whose site it is, and who is signed in."""

from django.http import Http404, HttpRequest

from members.models import Issuer, User


class IssuerRequest(HttpRequest):
    """A request on the site of an issuer. Asking for the issuer where nobody's site is served answers 404."""

    issuer: Issuer


def issuer_of(request: HttpRequest) -> Issuer | None:
    """Return whose site was asked for; none where nobody's site is served, such as a host for staff only."""
    try:
        return getattr(request, "issuer", None) or None
    except Http404:
        return None


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
