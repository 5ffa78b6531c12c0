"""What a request carries: on the site of an issuer whose site it is, and who is signed in."""

from django.http import HttpRequest

from members.models import Issuer, User


class IssuerRequest(HttpRequest):
    """A request on the site of an issuer. Asking for the issuer where nobody's site is served answers 404."""

    issuer: Issuer


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
