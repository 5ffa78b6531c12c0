"""What people do about the safety of their account: prove who they are, look at it, end sessions."""

from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core.ratelimit import consume
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import BY_CODE, signed_in_only
from members.errors import CodeExpired, WrongCode
from members.forms import CodeForm
from members.requests import SignedInRequest
from members.security.forms import ProofForm, ask_for_recovery_code
from members.security.masking import masked_address
from members.security.overview import overview_of
from members.services.devices import forget_device
from members.services.proof import prove_by_code, send_proof_code
from members.services.sessions import end_session, end_sessions
from members.views import NOT_SENT, too_many_tries

SENT_CODE = "proof_code"


@never_cache
@signed_in_only
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: SignedInRequest) -> HttpResponse:
    """Ask for the second factor, or for a fresh code by e-mail from whoever has none; then lead back."""
    ways = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if ways & {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
        return _prove_by_second_factor(request, ways)
    return _prove_by_letter(request)


def _prove_by_second_factor(request: SignedInRequest, ways: set[str]) -> HttpResponse:
    has_passkey = Authenticator.Type.WEBAUTHN in ways
    code_form = ProofForm(user=request.user)
    passkey_form = ReauthenticateWebAuthnForm(user=request.user) if has_passkey else None
    if request.method == "POST":
        form: ReauthenticateWebAuthnForm | ProofForm
        if has_passkey and "credential" in request.POST:
            form = passkey_form = ReauthenticateWebAuthnForm(user=request.user, data=request.POST)
        else:
            form = code_form = ProofForm(user=request.user, data=request.POST)
        if not consume(request, action="prove", user=request.user):
            return too_many_tries(request)
        if form.is_valid():
            form.save()
            return _lead_back(request)
    if Authenticator.Type.TOTP not in ways:
        ask_for_recovery_code(code_form)
    context = {
        "form": code_form,
        "passkey_form": passkey_form,
        "js_data": {"request_options": passkeys.begin_authentication(request.user)} if has_passkey else None,
    }
    return render(request, "mfa/reauthenticate.html", context)


def _prove_by_letter(request: SignedInRequest) -> HttpResponse:
    if request.method == "POST" and request.POST.get("action") == "send":
        return _send_code(request)
    sent = request.session.get(SENT_CODE)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and sent and form.is_valid():
        if not consume(request, action="prove", user=request.user):
            return too_many_tries(request)
        try:
            prove_by_code(
                user=request.user, proof_id=UUID(sent), code=form.cleaned_data["code"], at=timezone.now()
            )
        except CodeExpired:
            del request.session[SENT_CODE]
            messages.error(request, _("This code can no longer be used. We can send you another one."))
            return redirect(request.get_full_path())
        except WrongCode:
            form.add_error("code", _("This is not the code we sent you last. Check its six digits."))
        else:
            del request.session[SENT_CODE]
            record_authentication(request, request.user, method=BY_CODE, reauthenticated=True)
            return _lead_back(request)
    return render(
        request,
        "account/reauthenticate.html",
        {"form": form, "is_sent": bool(sent), "email": masked_address(request.user.email)},
    )


def _send_code(request: SignedInRequest) -> HttpResponse:
    """Send a fresh code, and show the page again with a place to enter it."""
    if not consume(request, action="proof_code", user=request.user):
        return too_many_tries(request)
    try:
        proof = send_proof_code(user=request.user, at=timezone.now())
    except OSError:
        messages.error(request, NOT_SENT)
    else:
        request.session[SENT_CODE] = str(proof.public_id)
    return redirect(request.get_full_path())


def _lead_back(request: SignedInRequest) -> HttpResponse:
    """Return to where proof was asked for, on this site only."""
    return redirect(get_next_redirect_url(request) or reverse("security"))


@never_cache
@signed_in_only
@require_safe
def security(request: SignedInRequest) -> HttpResponse:
    """Show everything that keeps the account safe."""
    overview = overview_of(request.user, session_key=request.session.session_key, at=timezone.now())
    return render(request, "account/security.html", {"overview": overview})


@signed_in_only
@require_POST
def end_one_session(request: SignedInRequest, session_id: int) -> HttpResponse:
    """Sign one browser out; ending this one is signing out."""
    end_session(user=request.user, session_id=session_id)
    if request.session.exists(request.session.session_key or ""):
        messages.success(request, _("That browser is signed out."))
        return redirect("security")
    logout(request)
    return redirect("home")


@signed_in_only
@require_POST
def end_other_sessions(request: SignedInRequest) -> HttpResponse:
    """Sign every other browser out."""
    end_sessions(user=request.user, but=request.session.session_key or "")
    messages.success(request, _("All your other browsers are signed out."))
    return redirect("security")


@signed_in_only
@require_POST
def forget_trusted_device(request: SignedInRequest, device_id: int) -> HttpResponse:
    """Ask for the second factor there again."""
    forget_device(user=request.user, device_id=device_id)
    messages.success(request, _("We will ask for the second factor again on that device."))
    return redirect("security")
