"""Who may see members' pages: a signed-in member of the programme whose site it is, and nobody else."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from loyalty.requests import MemberRequest
from loyalty.selectors.programmes import account_of

Parameters = ParamSpec("Parameters")


def members_only(
    view: Callable[Concatenate[MemberRequest, Parameters], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    """Ask for a sign-in, then set `request.account`; whoever is no member is told so. Nothing is cached."""

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponseBase:
        site = cast("MemberRequest", request)
        user = request.user
        account = account_of(user, site.programme) if user.is_authenticated else None
        if account is None:
            return render(request, "loyalty/not_a_member.html", status=HTTPStatus.FORBIDDEN)
        site.account = account
        return view(site, *args, **kwargs)

    return never_cache(login_required(guarded))
