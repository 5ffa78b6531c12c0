"""The profile: what is held about the member, and what they may change of it."""

from uuid import UUID

from allauth.core.ratelimit import consume
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from members.access import recently_proved
from members.errors import CodeExpired, WrongCode
from members.forms import CodeForm, EmailForm
from members.models import Channel, DetailSource, EmailChange, NotificationKind
from members.profile.access import ProfileRequest, own_profile
from members.profile.forms import ChoicesForm, ContactForm, countries
from members.selectors import (
    cards_of,
    consents_in_force,
    notifications_wanted,
    open_email_change,
    origins_of,
)
from members.services.consents import choose_notifications, decide_consents
from members.services.contact import change_contact_details, change_email, send_code_to_new_address
from members.views import NOT_SENT, too_many_tries

CHANGE = "email_change"
SAVED = gettext_lazy("Your changes are saved.")
EDITABLE = ("GET", "HEAD", "POST")


@own_profile
@require_safe
def profile(request: ProfileRequest) -> HttpResponse:
    """Show what is held about the member."""
    member = request.member
    return render(
        request,
        "members/profile/profile.html",
        {
            "member": member,
            "cards": cards_of(member),
            "country": dict(countries()).get(member.country, member.country) if member.country else "",
            "origins": origins_of(member),
            "consents": consents_in_force(member),
            "notifications": _notifications(request),
        },
    )


@own_profile
@require_http_methods(EDITABLE)
@recently_proved()
def contact(request: ProfileRequest) -> HttpResponse:
    """Change phone and postal address."""
    form = ContactForm(request.POST) if request.method == "POST" else ContactForm.about(request.member)
    if request.method == "POST" and form.is_valid():
        changed = change_contact_details(
            member=request.member,
            phone=form.cleaned_data["phone"],
            postal=form.postal,
            at=timezone.now(),
        )
        messages.success(request, SAVED if changed else _("Nothing was changed."))
        return redirect("profile")
    return render(request, "members/profile/contact.html", {"form": form})


@own_profile
@require_http_methods(EDITABLE)
@recently_proved()
def email(request: ProfileRequest) -> HttpResponse:
    """Ask for the new address, and send a code to it."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        if address.lower() == request.user.email:
            form.add_error("email", _("This is your address already."))
        elif not consume(request, action="email_change", user=request.user):
            return too_many_tries(request)
        elif _send_code(request, address):
            return redirect("profile_email_code")
    return render(request, "members/profile/email.html", {"form": form})


@own_profile
@require_http_methods(EDITABLE)
@recently_proved()
def email_code(request: ProfileRequest) -> HttpResponse:
    """Ask for the code that was sent to the new address; the right one changes it."""
    at = timezone.now()
    change = _change_of(request)
    if change is None:
        return _start_again(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not consume(request, action="email_change_code", user=request.user):
            return too_many_tries(request)
        try:
            change_email(
                member=request.member, change_id=change.public_id, code=form.cleaned_data["code"], at=at
            )
        except CodeExpired:
            return _start_again(request)
        except WrongCode:
            form.add_error("code", _("This is not the code we sent you last. Check its six digits."))
        else:
            request.session.pop(CHANGE, None)
            messages.success(request, _("Your e-mail address is changed. Use it from now on to sign in."))
            return redirect("profile")
    return render(request, "members/profile/email_code.html", {"form": form, "email": change.email})


@own_profile
@require_http_methods(EDITABLE)
def choices(request: ProfileRequest) -> HttpResponse:
    """Allow or refuse offers on each channel, and choose which e-mails about the account are wanted."""
    form = ChoicesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        granted = {channel: channel in form.cleaned_data["offers"] for channel in Channel}
        decide_consents(member=request.member, granted=granted, source=DetailSource.SITE, at=at)
        wanted = [NotificationKind(kind) for kind in form.cleaned_data["notifications"]]
        choose_notifications(member=request.member, wanted=wanted, at=at)
        messages.success(request, SAVED)
        return redirect("profile_choices")
    return render(
        request,
        "members/profile/choices.html",
        {"consents": consents_in_force(request.member), "notifications": _notifications(request)},
    )


def _notifications(request: ProfileRequest) -> list[tuple[NotificationKind, bool]]:
    return list(notifications_wanted(request.member).items())


def _send_code(request: ProfileRequest, address: str) -> EmailChange | None:
    """Send a code to the new address; none when the mail could not be handed over."""
    try:
        change = send_code_to_new_address(
            member=request.member,
            email=address,
            sign_in_url=request.build_absolute_uri(reverse(settings.LOGIN_URL)),
            at=timezone.now(),
        )
    except OSError:
        messages.error(request, NOT_SENT)
        return None
    request.session[CHANGE] = str(change.public_id)
    return change


def _change_of(request: ProfileRequest) -> EmailChange | None:
    public_id = request.session.get(CHANGE)
    if not public_id:
        return None
    return open_email_change(UUID(public_id), member=request.member, at=timezone.now())


def _start_again(request: ProfileRequest) -> HttpResponse:
    """Ask for the address again when the code can no longer be used."""
    if request.session.pop(CHANGE, None):
        messages.error(request, _("This code can no longer be used. We can send you another one."))
    return redirect("profile_email")
