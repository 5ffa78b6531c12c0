"""Who has shown, a short while ago, that they are who they say: asked before an order or a change of address.

A sign-in counts as proof for `ACCOUNT_REAUTHENTICATION_TIMEOUT` seconds, and so do a passkey, a code of an
authenticator app or a fresh code by e-mail. Whoever has set up a second factor proves with that one: the
mailbox alone is not enough for them. Nothing here changes anything but the session.
"""

import time
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from members.requests import SignedInRequest

Parameters = ParamSpec("Parameters")
Request = TypeVar("Request", bound=HttpRequest)

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What makes a second factor. Recovery codes only stand in for one that is out of reach."""
BY_CODE, BY_SECOND_FACTOR = "code", "mfa"
KEPT = "kept_while_proving"
LONGEST_KEPT = 1000


def signed_in_only(
    view: Callable[Concatenate[SignedInRequest, Parameters], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponse]:
    """Ask for a sign-in first."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        return view(cast("SignedInRequest", request), *args, **kwargs)

    return login_required(guarded)


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether a passkey or an authenticator app is set up for this sign-in."""
    return (
        user.is_authenticated
        and Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists()
    )


def used_second_factor(request: HttpRequest) -> bool:
    """Say whether a second factor was shown at any time in this session."""
    return any(record.get("method") == BY_SECOND_FACTOR for record in _records_of(request))


def is_recently_proved(request: HttpRequest) -> bool:
    """Say whether whoever is signed in has shown who they are within the time that the settings give."""
    if not request.user.is_authenticated:
        return False
    methods = {
        record.get("method")
        for record in _records_of(request)
        if 0 <= time.time() - record.get("at", 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    }
    if BY_SECOND_FACTOR in methods:
        return True
    return BY_CODE in methods and not has_second_factor(request.user)


def recently_proved(
    *, on: Collection[str] = ("GET", "HEAD", "POST"), keep: Iterable[str] = ()
) -> Callable[
    [Callable[Concatenate[Request, Parameters], HttpResponse]],
    Callable[Concatenate[Request, Parameters], HttpResponse],
]:
    """Run the view for whoever has proved a short while ago who they are; lead others to prove it first.

    They come back to the same address with a GET, so that a form is shown again and confirmed by a person who
    has proved who they are. `on` names the methods that ask for proof: `on=["POST"]` leaves a page open to
    look at. `keep` names the fields of a posted form that the view wants back: see `kept_fields`.
    """
    wanted = tuple(keep)

    def guard(
        view: Callable[Concatenate[Request, Parameters], HttpResponse],
    ) -> Callable[Concatenate[Request, Parameters], HttpResponse]:
        @wraps(view)
        def guarded(request: Request, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
            if request.method not in on or is_recently_proved(request):
                return view(request, *args, **kwargs)
            return lead_to_proof(request, keep=wanted)

        return guarded

    return guard


def lead_to_proof(request: HttpRequest, *, keep: Iterable[str] = ()) -> HttpResponse:
    """Send the browser to where identity is proved, from where it comes back to this address."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.method == "POST":
        fields = {name: request.POST[name][:LONGEST_KEPT] for name in keep if name in request.POST}
        request.session[KEPT] = {"path": request.path, "fields": fields}
    address = reverse("account_reauthenticate")
    return redirect(f"{address}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")


def kept_fields(request: HttpRequest) -> dict[str, str]:
    """Take what a form at this address held when proof was asked for; a second call finds nothing."""
    kept = request.session.get(KEPT)
    if not kept or kept["path"] != request.path:
        return {}
    del request.session[KEPT]
    return cast("dict[str, str]", kept["fields"])


def _records_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Return how and when whoever is signed in has proved who they are in this session."""
    return cast("list[dict[str, Any]]", get_authentication_records(request, request.user))
