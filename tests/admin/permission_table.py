"""Every page of the admin against every group, found by asking the pages themselves.

`python tools/permissions.py` writes the table to docs/permissions.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from django.apps import apps
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from loyalty.models import AdjustmentRequest
from members.models import User
from tests.admin.conftest import ADMINISTRATOR, ROLES, Story

HEADING = """\
# Who may open which page of the admin

Written by `python tools/permissions.py`, which asks every page for every group; a test fails when it is not
current. A page that may be opened may still say that a row's state leaves nothing to do, as
for an order that is cancelled already. `config/settings/staff.py` says which permissions make up a group.

"""
YES, NO = "yes", "-"
OF_NOBODY = {
    "app_list",
    "login",
    "logout",
    "jsi18n",
    "autocomplete",
    "view_on_site",
    "password_change",
    "password_change_done",
}
"""Pages that serve the others, or that exist so that nobody uses them."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the name of its address and what it needs to find a row."""

    name: str
    route: str
    arguments: dict[str, str]


def admin_pages(story: Story) -> Iterator[Page]:
    """Yield every page below /admin/, each with a row of the story."""
    for prefix, namespace, pattern in _patterns(get_resolver(), "", ""):
        route = prefix + str(pattern.pattern)
        name = pattern.name or ""
        if not route.startswith("admin/") or not name or name in OF_NOBODY:
            continue
        arguments = {key: _argument(key, name, story) for key in pattern.pattern.converters}
        yield Page(f"{namespace}{name}", route, arguments)


def _patterns(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield prefix, namespace, one
        else:
            inner = f"{one.namespace}:" if one.namespace else namespace
            yield from _patterns(one, prefix + str(one.pattern), inner)


def _argument(key: str, name: str, story: Story) -> str:
    special = {"part": "months", "code": "happy-card", "app_label": "loyalty"}
    if key in special:
        return special[key]
    if key == "public_id":
        return str(story.alice.member.public_id)
    if key == "number":
        return str(AdjustmentRequest.objects.latest("pk").pk)
    if key in {"object_id", "id"}:
        app_label, model_name = name.split("_")[:2]
        rows = apps.get_model(app_label, model_name).objects.order_by("-pk")
        if (app_label, model_name) == ("members", "user"):
            rows = rows.filter(email="log@staff.example.com")
        row = rows.first()
        assert row is not None, f"The story has no {model_name}."
        return str(row.pk)
    raise AssertionError(f"{name} asks for {key}")


def may_open(user: User, page: Page) -> bool:
    """Ask the page, and leave out drawing it; one that only takes forms is sent an empty one."""
    address = reverse(page.name, kwargs=page.arguments)
    make = RequestFactory()
    status, location = _answer(user, make.get(address))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        status, location = _answer(user, make.post(address))
    assert status < HTTPStatus.INTERNAL_SERVER_ERROR, f"{address} answered {status}"
    return status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and "login" not in location


def _answer(user: User, request: WSGIRequest) -> tuple[int, str]:
    request.user = user
    request.session = SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]  # noqa: SLF001 - as Django's own test client does
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001 - as Django's own test client does
    view, arguments, named = resolve(request.path)
    try:
        response = view(request, *arguments, **named)
    except PermissionDenied:
        return HTTPStatus.FORBIDDEN, ""
    except Http404:
        return HTTPStatus.NOT_FOUND, ""
    return response.status_code, response.get("Location", "")


def table(story: Story, people: dict[str, User]) -> str:
    """Return the document: a line for each page, a column for each group."""
    groups = [*ROLES, ADMINISTRATOR]
    lines = [f"| Page | {' | '.join(groups)} |", f"|---|{'---|' * len(groups)}"]
    for page in sorted(admin_pages(story), key=lambda page: page.route):
        marks = [YES if may_open(people[group], page) else NO for group in groups]
        lines.append(f"| `/{page.route}` | {' | '.join(marks)} |")
    return HEADING + "\n".join(lines) + "\n"
