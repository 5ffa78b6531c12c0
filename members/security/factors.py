"""The pages on which second factors are set up, used and removed: allauth's, behind this site's proof.

allauth asks nothing of an account that has no second factor yet, so that whoever found a signed-in browser
could add a passkey of their own. Here each page asks for recent proof, by e-mailed code for want of better.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, cast

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.base.views import AuthenticateView, TrustView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import (
    DownloadRecoveryCodesView,
    GenerateRecoveryCodesView,
    ViewRecoveryCodesView,
)
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal import flows
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    RemoveWebAuthnView,
)
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from members.access import BY_SECOND_FACTOR, recently_proved, signed_in_only
from members.security.devices import device_name
from members.security.forms import ask_for_recovery_code
from members.security.replays import refuse_replay
from members.security.trust import keep_key
from members.services.devices import TRUST_LASTS, forget_all_devices, trust_device

if TYPE_CHECKING:
    from members.requests import SignedInRequest


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Open a page of allauth only to whoever is signed in and has proved who they are a short while ago."""
    opened = cast("Callable[Concatenate[SignedInRequest, ...], HttpResponse]", view)
    return never_cache(signed_in_only(recently_proved()(opened)))


@method_decorator(guarded, name="dispatch")
class AddPasskeyView(AddWebAuthnView):
    """Set up a passkey: one that can sign in alone."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - the parent's signature
        """Ask the browser for a passkey that it keeps and that checks who holds it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = flows.begin_registration(self.request, self.request.user, passwordless=True)
        return context | {
            "form": kwargs.get("form") or self.get_form(),
            "js_data": {"creation_options": options},
        }

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Keep it. Making it took the finger, face or PIN: that is proof enough to go on."""
        response: HttpResponse = super().form_valid(form)
        _second_factors_changed(self.request, Authenticator.Type.WEBAUTHN)
        return response


@method_decorator(guarded, name="dispatch")
class RenamePasskeyView(EditWebAuthnView):
    """Call a passkey otherwise."""

    success_url = reverse_lazy("security")


@method_decorator(guarded, name="dispatch")
class RemovePasskeyView(RemoveWebAuthnView):
    """Remove a passkey."""

    success_url = reverse_lazy("security")

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Remove it, and ask for what remains everywhere again."""
        response: HttpResponse = super().form_valid(form)
        forget_all_devices(user=authenticated_user(self.request))
        return response


class PasskeySignInView(LoginWebAuthnView):
    """Sign in with a passkey. Whatever is wrong with it, the answer is the same."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: LoginStage) -> None:  # noqa: ARG002 - whichever it was
        """Forget a sign-in that was begun another way."""
        clear_login(request)

    def form_valid(self, form: LoginWebAuthnForm) -> HttpResponse:
        """Sign in, and go on to where the person was heading."""
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        response: HttpResponse = flows.perform_passwordless_login(self.request, authenticator, login)
        return response

    def form_invalid(self, form: LoginWebAuthnForm) -> HttpResponse:  # noqa: ARG002 - it is not said what was wrong
        """Return to the sign-in page."""
        messages.error(
            self.request, _("This passkey was not recognised here. Sign in with a code by e-mail.")
        )
        address = reverse("account_request_login_code")
        return redirect(passthrough_next_redirect_url(self.request, address, "next"))


@method_decorator(guarded, name="dispatch")
class AddAppView(ActivateTOTPView):
    """Set up an authenticator app."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - the parent's signature
        """Write the key as people type it, four letters at a time."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret = context["form"].secret
        groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
        return context | {"secret_in_groups": " ".join(groups)}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Keep it, and let the code that proved it open nothing else."""
        response: HttpResponse = super().form_valid(form)
        app = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        refuse_replay(app, form.cleaned_data["code"])
        _second_factors_changed(self.request, Authenticator.Type.TOTP)
        return response


@method_decorator(guarded, name="dispatch")
class RemoveAppView(DeactivateTOTPView):
    """Remove the authenticator app."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Remove it, and ask for what remains everywhere again."""
        response: HttpResponse = super().form_valid(form)
        forget_all_devices(user=authenticated_user(self.request))
        return response


@method_decorator(guarded, name="dispatch")
class RecoveryCodesView(ViewRecoveryCodesView):
    """Show the recovery codes that are left."""


@method_decorator(guarded, name="dispatch")
class NewRecoveryCodesView(GenerateRecoveryCodesView):
    """Make new recovery codes; the old ones stop working."""


@method_decorator(guarded, name="dispatch")
class DownloadCodesView(DownloadRecoveryCodesView):
    """Give the recovery codes as a file."""


class SecondFactorView(AuthenticateView):
    """Ask for the second factor while signing in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - the parent's signature
        """Say which second factors there are."""
        user = self.stage.login.user
        ways = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if Authenticator.Type.WEBAUTHN not in ways:
            context.update(webauthn_form=None, js_data=None)
        if Authenticator.Type.TOTP not in ways:
            ask_for_recovery_code(context["form"])
        return context | {"passkey_form": context.get("webauthn_form")}


class TrustDeviceView(TrustView):
    """Offer not to ask for the second factor in this browser for a while."""

    def form_valid(self, form: forms.Form) -> HttpResponse:  # noqa: ARG002 - the form has no field
        """Trust it or not, and finish signing in."""
        stage = self.request._login_stage  # noqa: SLF001 - where allauth leaves it
        response: HttpResponse = stage.exit()
        if self.request.POST.get("action") == "trust":
            device = device_name(self.request.headers.get("user-agent", ""))
            key = trust_device(user=stage.login.user, device=device, at=timezone.now())
            keep_key(self.request, response, key)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - the parent's signature
        """Say for how long."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"days": TRUST_LASTS.days}


def _second_factors_changed(request: Any, kind: Authenticator.Type) -> None:  # noqa: ANN401 - as allauth has it
    """Count what was just set up as shown, and ask for it everywhere else."""
    record_authentication(request, request.user, BY_SECOND_FACTOR, type=kind, reauthenticated=True)
    forget_all_devices(user=request.user)
