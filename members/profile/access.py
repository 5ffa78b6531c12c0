"""Who may see a profile: the signed-in member whose profile it is, and nobody else."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from members.models import Member, User
from members.requests import IssuerRequest
from members.selectors import member_behind

Parameters = ParamSpec("Parameters")


class ProfileRequest(IssuerRequest):
    """A request of a signed-in member of the issuer whose site it is."""

    member: Member
    user: User


def own_profile(
    view: Callable[Concatenate[ProfileRequest, Parameters], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponse]:
    """Ask for a sign-in, then set `request.member`; whoever is no member is told so. Nothing is cached."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        site = cast("ProfileRequest", request)
        member = member_behind(site.user, site.issuer)
        if member is None:
            return render(request, "members/profile/no_member.html", status=HTTPStatus.FORBIDDEN)
        site.member = member
        return view(site, *args, **kwargs)

    return never_cache(login_required(guarded))
