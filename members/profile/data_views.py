"""The member's data as a file, and the way out of the programme."""

from typing import cast

from allauth.core.ratelimit import consume
from django.contrib.auth import logout
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from members.access import recently_proved
from members.personal_data import losses_of, sections_about
from members.profile.access import ProfileRequest, own_profile
from members.profile.forms import ErasureForm
from members.services.download import pack_personal_data
from members.services.erasure import erase_member
from members.views import too_many_tries


@own_profile
@require_http_methods(["GET", "HEAD", "POST"])
@recently_proved(on=["POST"])
def data(request: ProfileRequest) -> HttpResponse:
    """Say what is in the file, and hand it over."""
    if request.method == "POST":
        if not consume(request, action="personal_data", user=request.user):
            return too_many_tries(request)
        at = timezone.now()
        packed = pack_personal_data(member=request.member, actor=request.user, at=at)
        name = slugify(f"{_('my data')} {request.member.reference} {at:%Y-%m-%d}") + ".zip"
        file = FileResponse(packed, as_attachment=True, filename=name, content_type="application/zip")
        return cast("HttpResponse", file)  # the guards read no content, so one that is streamed will do
    titles = [section.title for section in sections_about(request.member)]
    return render(request, "members/profile/data.html", {"titles": titles})


@own_profile
@require_http_methods(["GET", "HEAD", "POST"])
@recently_proved()
def delete(request: ProfileRequest) -> HttpResponse:
    """Say what deleting the account costs, and delete it when the member has understood."""
    at = timezone.now()
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        erase_member(member=request.member, actor=request.user, at=at)
        logout(request)
        return redirect("profile_deleted")
    losses = losses_of(request.member, at=at)
    return render(request, "members/profile/delete.html", {"form": form, "losses": losses})


@never_cache
@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Say good-bye. It knows nobody any more."""
    return render(request, "members/profile/deleted.html")
