"""Pages that inform everybody, signed in or not."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from information.facts import facts_of, missing_facts
from information.places import Position, Wanted, find_places
from loyalty.dates import local_date
from loyalty.requests import ProgrammeRequest

STATEMENT_DRAWN_UP_ON = date(2026, 11, 22)
"""When somebody last compared the accessibility statement with the site."""

LONGEST_TEXT = 80
LONGEST_PAGE_NUMBER = 4
"""Digits of the longest number of a page that is read; no list is that long."""


@sensitive_post_parameters("latitude", "longitude")
@require_http_methods(["GET", "HEAD", "POST"])
def where(request: ProgrammeRequest) -> HttpResponse:
    """Say where purchases earn points and gift cards are accepted.

    A position comes in the body of a request, so that it stands in no address, history or log, and what was
    answered to it is not kept by anybody.
    """
    sent = request.POST if request.method == "POST" else request.GET
    latitude, longitude = request.POST.get("latitude", ""), request.POST.get("longitude", "")
    wanted = Wanted(
        partner=sent.get("partner", ""),
        text=sent.get("text", "").replace("\0", "")[:LONGEST_TEXT],
        position=Position.read(latitude, longitude),
        page=_page_number(sent.get("page", "")),
    )
    on = local_date(timezone.now(), request.programme.zone)
    context = {
        "wanted": wanted,
        "found": find_places(request.programme, wanted, on=on),
        "is_position_unread": bool(latitude or longitude) and wanted.position is None,
    }
    response = render(request, "information/where.html", context)
    if request.method == "POST":
        add_never_cache_headers(response)
    return response


@require_safe
def questions(request: ProgrammeRequest) -> HttpResponse:
    """Answer what members ask most, with the numbers of the programme."""
    return _text(request, "questions")


@require_safe
def terms(request: ProgrammeRequest) -> HttpResponse:
    """Show the terms of the programme."""
    return _text(request, "terms")


@require_safe
def privacy(request: ProgrammeRequest) -> HttpResponse:
    """Say what is kept about people, why and for how long."""
    return _text(request, "privacy")


@require_safe
def accessibility(request: ProgrammeRequest) -> HttpResponse:
    """Say how far everybody can use the site."""
    return render(request, "information/accessibility.html", {"drawn_up_on": STATEMENT_DRAWN_UP_ON})


@require_safe
def contact(request: ProgrammeRequest) -> HttpResponse:
    """Say how to reach people who answer."""
    return render(request, "information/contact.html")


def _text(request: ProgrammeRequest, page: str) -> HttpResponse:
    context = {
        "facts": facts_of(request.programme, at=timezone.now()),
        "missing": missing_facts(request.programme),
    }
    return render(request, f"information/{page}.html", context)


def _page_number(text: str) -> int:
    """Read the number of a page; what is none is the first, and what is too long is after the last."""
    if not (text.isascii() and text.isdigit()):
        return 1
    return int(text) if len(text) <= LONGEST_PAGE_NUMBER else 10**LONGEST_PAGE_NUMBER
