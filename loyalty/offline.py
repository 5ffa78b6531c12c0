"""What an installed site keeps on a phone: nothing but the pages that a view offers to keep.

The worker in the browser (`static/js/service-worker.js`) reads two headers. `X-Keep-Offline` says that a page
may be kept; `X-Visitor` names whose pages these are, without saying who: when it changes, as it does at every
sign-in and sign-out, all that was kept is forgotten.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from loyalty.requests import MemberRequest

KEEP = "X-Keep-Offline"
VISITOR = "X-Visitor"
NOBODY = "nobody"

Parameters = ParamSpec("Parameters")


def kept_offline(
    view: Callable[Concatenate[MemberRequest, Parameters], HttpResponse],
) -> Callable[Concatenate[MemberRequest, Parameters], HttpResponse]:
    """Offer the pages of a view to be read without reception, on the device of whoever is signed in."""

    @wraps(view)
    def keeping(
        request: MemberRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers[KEEP] = "1"
        return response

    return keeping


def name_visitor(request: HttpRequest, response: HttpResponse) -> None:
    """Say in a page's headers whose pages these are. It asks nothing of the database."""
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    session = getattr(request, "session", None)
    # A page that asked for no session knows nobody, and its answer must not make the worker forget anything.
    if session is None or not session.accessed:
        return
    user = session.get(SESSION_KEY)
    mark = salted_hmac("visitor", f"{user} {session.session_key}").hexdigest()[:20] if user else NOBODY
    response.headers[VISITOR] = mark
