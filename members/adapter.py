"""How allauth treats sign-ins here: it opens none, and the language follows the member who signs in."""

import ipaddress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.access import is_recently_proved
from members.letters.letterhead import site_of
from members.mails import send_address_unknown, send_sign_in_code
from members.models import User
from members.requests import issuer_of
from members.security.arrival import note_arrival
from members.security.letters import SECURITY_CHANGES, send_security_changed
from members.selectors import language_of
from members.services.language import choose_language

LANGUAGE_CHOSEN = "language_chosen"
"""The cookie that tells a language somebody chose before signing in from one that came with a sign-in."""

STAGES = {
    "allauth.mfa.stages.AuthenticateStage": "members.security.stages.SecondFactorStage",
    "allauth.mfa.stages.TrustStage": "members.security.stages.TrustDeviceStage",
}
"""allauth's steps of a sign-in that are done otherwise here."""


class SignInAdapter(DefaultAccountAdapter):
    """Refuses every sign-up; members activate with the reference from their letter."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("This is not the code we sent you last. Check its six digits."),
        "rate_limited": _("Too many attempts. Wait a few minutes and try again."),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - closed whoever asks
        """Answer no."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the letters of a sign-in as the site's own; allauth's others go out as they are."""
        request: HttpRequest = current.request
        letter: dict[str, Any] = {
            "email": email,
            "issuer": issuer_of(request),
            "site": site_of(request.build_absolute_uri("/")),
            "at": timezone.now(),
        }
        if template_prefix == "account/email/login_code":
            send_sign_in_code(code=context["code"], **letter)
        elif template_prefix == "account/email/unknown_account":
            send_address_unknown(activation_url=context["signup_url"], **letter)
        elif template_prefix in SECURITY_CHANGES:
            send_security_changed(email=email, what=str(SECURITY_CHANGES[template_prefix]), at=timezone.now())
        else:
            super().send_mail(template_prefix, email, context)

    def get_login_stages(self) -> list[str]:
        """Ask for the second factor as this site does."""
        return [STAGES.get(stage, stage) for stage in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **options: object) -> bool:  # noqa: ARG002 - everywhere alike
        """Say whether allauth must ask for proof: it counts a sign-in as none, this site does for a while."""
        return not is_recently_proved(current.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:  # noqa: ARG002 - one page has them all
        """Return the page on which identity is proved; it offers what each person has."""
        return [{"id": "prove", "description": "", "url": reverse("account_reauthenticate")}]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address, the old kind as such even when a proxy writes it in the new way."""
        address: str = super().get_client_ip(request)
        whole = ipaddress.ip_address(address)
        mapped = whole.ipv4_mapped if isinstance(whole, ipaddress.IPv6Address) else None
        return str(mapped or address)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead staff to the admin and members to their points."""
        user = request.user
        return reverse("admin:index" if user.is_authenticated and user.is_staff else "home")

    def post_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse:
        """Show the site in the member's language; one chosen in this browser just before becomes theirs."""
        response: HttpResponse = super().post_login(request, user, **details)
        note_arrival(request, response, user, at=timezone.now())
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if LANGUAGE_CHOSEN in request.COOKIES:
            response.delete_cookie(LANGUAGE_CHOSEN, samesite="Lax")
            if chosen in dict(settings.LANGUAGES):
                choose_language(user=user, language=chosen)
        language = language_of(user)
        if language and language != chosen:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        return response
