"""The pages on which an enrolled cardholder activates, and the choice of the language.

What the person has proved so far stays in the session for half an hour. No answer tells whether a reference
or an address is known.
"""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.forms import RequestLoginCodeForm
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStage
from allauth.account.utils import perform_login
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.core.ratelimit import consume, respond_429
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from members.access import BY_CODE
from members.adapter import LANGUAGE_CHOSEN, SignInAdapter
from members.errors import CodeExpired, WrongCode
from members.forms import CodeForm, EmailForm, IdentityForm
from members.models import ActivationAttempt, Member, User
from members.requests import IssuerRequest
from members.security.limits import may_activate, may_send_code, may_try_code
from members.selectors import attempt_just_used, member_to_activate, open_attempt, waiting_member
from members.services.activation import REPEAT, activate_member, send_activation_code
from members.services.language import choose_language as keep_language

MEMBER, ATTEMPT = "activation_member", "activation_attempt"
PATIENCE = timedelta(minutes=30)
"""How long a person who proved who they are may take to prove their address."""

NOT_SENT = gettext_lazy("The e-mail could not be sent. Please try again in a few minutes.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: IssuerRequest) -> HttpResponse:
    """Ask who the cardholder is; one and the same answer to whoever cannot be activated."""
    if request.user.is_authenticated:
        return redirect("home")
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not may_activate(request, reference=form.cleaned_data["reference"].upper()):
            return too_many_tries(request)
        member = member_to_activate(
            issuer=request.issuer,
            reference=form.cleaned_data["reference"],
            card_last4=form.cleaned_data["card_last4"],
            birth_date=form.cleaned_data["birth_date"],
        )
        if member is not None:
            request.session.cycle_key()
            request.session[MEMBER] = [member.pk, timezone.now().isoformat()]
            return redirect("activate_email")
        form.add_error(
            None,
            _(
                "We cannot activate anything with this information. Check it against your letter and your"
                " card. If you have activated before, simply sign in."
            ),
        )
    return render(request, "members/activate.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate_email(request: HttpRequest) -> HttpResponse:
    """Ask where to send the code, and send it."""
    member = _member_of(request, at=timezone.now())
    if member is None:
        return redirect("activate")
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _send_code(request, member, form.cleaned_data["email"]) or render(
            request, "members/activate_email.html", {"form": form}
        )
    return render(request, "members/activate_email.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def activate_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code; the right one opens the sign-in and signs in."""
    if request.user.is_authenticated:
        return redirect("home")
    at = timezone.now()
    attempt = _attempt_of(request, at=at) or _attempt_repeated_by(request, at=at)
    if attempt is None:
        return _start_again(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not consume(request, action="activation_code"):
            return too_many_tries(request)
        try:
            user = activate_member(attempt_id=attempt.public_id, code=form.cleaned_data["code"], at=at)
        except CodeExpired:
            return _start_again(request)
        except WrongCode:
            form.add_error("code", _("This is not the code we sent you last. Check its six digits."))
        else:
            return _welcome(request, user, attempt.email)
    return render(request, "members/activate_code.html", {"form": form, "email": attempt.email})


@never_cache
@require_POST
def resend_code(request: HttpRequest) -> HttpResponse:
    """Send another code to the same address."""
    attempt = _attempt_of(request, at=timezone.now())
    if attempt is None:
        return _start_again(request)
    return _send_code(request, attempt.member, attempt.email, again=True) or redirect("activate_code")


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Show the site in another language from now on, and keep the choice of whoever is signed in."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        keep_language(user=request.user, language=language)
    response = set_language(request)
    if not request.user.is_authenticated and language in dict(settings.LANGUAGES):
        response.set_cookie(
            LANGUAGE_CHOSEN,
            "1",
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


class SignInView(RequestLoginCodeView):
    """Ask for the address to which the code for signing in is sent."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: LoginStage) -> HttpResponse | None:
        """Lead back to a sign-in that was begun, unless another address is to be used."""
        if "other" in request.GET or request.method == "POST":
            clear_login(request)
            return None
        response: HttpResponse = super()._redirect_to_pending_stage(request, stage)
        return response

    def form_valid(self, form: RequestLoginCodeForm) -> HttpResponse:
        """Send the code, or say that no letter can be sent now: the same to known and unknown addresses."""
        try:
            response: HttpResponse = super().form_valid(form)
        except OSError:
            messages.error(self.request, NOT_SENT)
            response = self.form_invalid(form)
        return response


class SignInCodeView(ConfirmLoginCodeView):
    """Ask for the code that signs in."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Look at the code, unless this sign-in was tried too often already."""
        if self._action == "verify" and not may_try_code(request, started_at=self._process.state["at"]):
            self._process.abort()
            messages.error(request, SignInAdapter.error_messages["too_many_login_attempts"])
            return redirect("account_request_login_code")
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _resend_form_valid(self, form: forms.Form) -> HttpResponse:
        """Send another code; an unknown address gets another letter that says so, and both are counted."""
        process = self._process
        if not may_send_code(self.request, email=process.state["email"], user=process.user):
            messages.error(self.request, SignInAdapter.error_messages["rate_limited"])
            return redirect(self.request.get_full_path())
        try:
            if process.user is not None:
                response: HttpResponse = super()._resend_form_valid(form)
                return response
            process.send()
            process.record_resend()
            process.persist()
        except OSError:
            messages.error(self.request, NOT_SENT)
        return redirect(self.request.get_full_path())


def too_many_tries(request: HttpRequest) -> HttpResponse:
    """Say that this was too often, as allauth does."""
    response: HttpResponse = respond_429(request)
    return response


def _member_of(request: HttpRequest, *, at: datetime) -> Member | None:
    """Return the member whom this browser proved to be, as long as that is not too long ago."""
    member_id, since = request.session.get(MEMBER, (None, ""))
    if member_id is None or datetime.fromisoformat(since) + PATIENCE < at:
        return None
    return waiting_member(member_id)


def _attempt_of(request: HttpRequest, *, at: datetime) -> ActivationAttempt | None:
    public_id = request.session.get(ATTEMPT)
    return open_attempt(UUID(public_id), at=at) if public_id else None


def _attempt_repeated_by(request: HttpRequest, *, at: datetime) -> ActivationAttempt | None:
    """Return the attempt that this browser's session, gone or going, used a moment ago.

    Of a form sent twice, the first opens the sign-in and with it another session; the second still names the
    session from before.
    """
    public_id = request.session.get(ATTEMPT) or cache.get(_repeat_key(request))
    return attempt_just_used(UUID(public_id), since=at - REPEAT) if public_id else None


def _repeat_key(request: HttpRequest) -> str:
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return f"activated:{salted_hmac('members.repeat', session_key, algorithm='sha256').hexdigest()}"


def _send_code(
    request: HttpRequest, member: Member, email: str, *, again: bool = False
) -> HttpResponse | None:
    """Send a code and lead to where it is entered; none when the mail could not be handed over."""
    if not consume(request, action="activation_email", key=str(member.pk)):
        return too_many_tries(request)
    try:
        attempt = send_activation_code(
            member=member,
            email=email,
            sign_in_url=request.build_absolute_uri(reverse(settings.LOGIN_URL)),
            at=timezone.now(),
        )
    except OSError:
        messages.error(request, NOT_SENT)
        return None
    request.session[ATTEMPT] = str(attempt.public_id)
    if again:
        messages.success(request, _("We have sent you another code. Only the latest one works."))
    return redirect("activate_code")


def _start_again(request: HttpRequest) -> HttpResponse:
    """Ask for the address again when the code can no longer be used."""
    if request.session.pop(ATTEMPT, None):
        messages.error(request, _("This code can no longer be used. We can send you another one."))
    return redirect("activate_email")


def _welcome(request: HttpRequest, user: User, email: str) -> HttpResponse:
    """Sign in, and go on in the language in which the member has just activated."""
    if ATTEMPT in request.session:
        cache.set(_repeat_key(request), request.session[ATTEMPT], REPEAT.total_seconds())
    for key in (MEMBER, ATTEMPT):
        request.session.pop(key, None)
    record_authentication(request, user, method=BY_CODE, email=email, activation=True)
    messages.success(request, _("Welcome! Your account is activated and your e-mail address is confirmed."))
    keep_language(user=user, language=get_language() or settings.LANGUAGE_CODE)
    response: HttpResponse = perform_login(request, user, email=email)
    return response
