"""What a request carries on the site of an issuer: whose site it is."""

from django.http import HttpRequest

from members.models import Issuer


class IssuerRequest(HttpRequest):
    """A request on the site of an issuer. Asking for the issuer where nobody's site is served answers 404."""

    issuer: Issuer
