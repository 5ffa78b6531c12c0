"""Known browsers: those in which an account was signed in before, told by a signed cookie.

Such a browser has its own number of codes a day, which strangers cannot use up. The cookie opens nothing.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from members.models import User

SALT = "members.known_browser"
LASTS_SECONDS = 400 * 24 * 3600
PEOPLE_KEPT = 4


def known_browser_of(request: HttpRequest, user: User) -> str:
    """Return what this browser is known by to a sign-in that was opened in it before, or an empty text."""
    return _known(request).get(str(user.pk), "")


def know_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser remember that this sign-in was opened in it."""
    known = _known(request)
    name = known.pop(str(user.pk), "") or secrets.token_urlsafe(12)
    kept = dict([*known.items(), (str(user.pk), name)][-PEOPLE_KEPT:])
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(kept, salt=SALT),
        max_age=LASTS_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> dict[str, str]:
    try:
        known: dict[str, str] = signing.loads(
            request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=SALT, max_age=LASTS_SECONDS
        )
    except signing.BadSignature:
        return {}
    return known
