"""What happens with every request of whoever is signed in: the second factor of staff, and `last seen`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from members.access import has_second_factor, lead_to_proof, used_second_factor
from members.services.sessions import SEEN_EVERY, see_session

STAFF_NAMESPACES = {"admin", "helpdesk"}
STAFF_ADDRESSES = ("/admin/", "/helpdesk/")
SEEN_AT = "seen_at"
"""Set in the session when somebody signs in; without it nothing is written down."""

View = Callable[..., HttpResponseBase]


class StaffSecondFactorMiddleware:
    """Opens the pages of staff only to sessions in which a second factor was shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on; the page asked for is known only to `process_view`."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: View,  # noqa: ARG002 - Django's signature
        arguments: tuple[Any, ...],  # noqa: ARG002 - Django's signature
        named: dict[str, Any],  # noqa: ARG002 - Django's signature
    ) -> HttpResponse | None:
        """Lead staff who have no second factor to where it is set up, and others to where it is shown."""
        user = request.user
        if not (settings.STAFF_SECOND_FACTOR_REQUIRED and _is_for_staff(request)):
            return None
        if not user.is_authenticated or not user.is_staff or used_second_factor(request):
            return None
        if has_second_factor(user):
            return lead_to_proof(request)
        messages.warning(request, _("Staff sign in with a second factor. Set up a passkey or an app first."))
        return redirect("security")


class LastSeenMiddleware:
    """Writes down every few minutes that a session is in use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note it, and go on."""
        at = timezone.now()
        # The session is read only where it would be read anyway: a page for everybody must not ask for it.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            seen_at = request.session.get(SEEN_AT)
            if seen_at and datetime.fromisoformat(seen_at) + SEEN_EVERY <= at:
                request.session[SEEN_AT] = at.isoformat()
                see_session(session_key=request.session.session_key or "", at=at)
        return self.get_response(request)


def _is_for_staff(request: HttpRequest) -> bool:
    match = request.resolver_match
    inside = match is not None and not STAFF_NAMESPACES.isdisjoint({*match.app_names, *match.namespaces})
    signing_out = match is not None and match.url_name == "logout"
    return (inside or request.path_info.startswith(STAFF_ADDRESSES)) and not signing_out
