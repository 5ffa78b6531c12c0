"""The cookie by which a trusted device is known: the keys of those who trust this browser."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from members.services.devices import TRUST_LASTS

SEPARATOR = "."
PEOPLE_KEPT = 4
"""How many people of a household may trust the same browser."""


def trusted_keys(request: HttpRequest) -> list[str]:
    """Return the keys that this browser shows."""
    shown = request.COOKIES.get(settings.TRUSTED_DEVICE_COOKIE_NAME, "")
    return [key for key in shown.split(SEPARATOR) if key][-PEOPLE_KEPT:]


def keep_key(request: HttpRequest, response: HttpResponse, key: str) -> None:
    """Let the browser keep another key."""
    keys = [*trusted_keys(request), key][-PEOPLE_KEPT:]
    response.set_cookie(
        settings.TRUSTED_DEVICE_COOKIE_NAME,
        SEPARATOR.join(keys),
        max_age=TRUST_LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
