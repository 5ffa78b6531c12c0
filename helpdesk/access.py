"""Who may open the pages of the call centre: colleagues with the permission, through the admin's own door."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from members.models import User

Parameters = ParamSpec("Parameters")

SEARCH = "helpdesk.search_members"
CONTACT = "members.see_contact_details"
WRITE_NOTE = "helpdesk.add_note"


class StaffRequest(HttpRequest):
    """A request of a colleague."""

    user: User


def agents_only(
    view: Callable[Concatenate[StaffRequest, Parameters], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Ask for the admin's sign-in, then for the permission to look for members. Nothing is cached."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        if not request.user.has_perm(SEARCH):
            raise PermissionDenied
        return view(cast("StaffRequest", request), *args, **kwargs)

    protected: Callable[..., Any] = admin.site.admin_view(guarded)
    return protected
