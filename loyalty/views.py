"""Pages about points: home, the statement and the days on which points expire."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.access import members_only
from loyalty.home import Place, Visit, panels_for
from loyalty.requests import MemberRequest, ProgrammeRequest
from loyalty.selectors.balance import balance_of, expiry_calendar
from loyalty.selectors.programmes import account_of
from loyalty.selectors.statement import statement_page, uncounted_page

LATEST = 5
"""How many movements the home page shows."""

HIGHEST_PAGE = 10_000
LONGEST_NUMBER = 18
"""Digits of the longest number taken from an address; every one of them fits the database."""


@never_cache
@require_safe
def home(request: ProgrammeRequest) -> HttpResponse:
    """Show members their points and everybody else what the programme is."""
    account = account_of(request.user, request.programme) if request.user.is_authenticated else None
    at = timezone.now()
    if account is None:
        visit = Visit(programme=request.programme, account=None, available_points=0, at=at)
        return render(request, "loyalty/welcome.html", _panels(visit))
    balance = balance_of(account, at=at)
    visit = Visit(
        programme=request.programme, account=account, available_points=balance.available_points, at=at
    )
    context = {
        "account": account,
        "balance": balance,
        "latest": statement_page(account, size=LATEST).lines,
    } | _panels(visit)
    return render(request, "loyalty/home.html", context)


def _panels(visit: Visit) -> dict[str, object]:
    return {place.value: panels_for(visit, place) for place in Place}


@require_safe
@members_only
def statement(request: MemberRequest) -> HttpResponse:
    """Show the movements of the account, the newest first."""
    before = _positive(request.GET.get("before"))
    page = statement_page(request.account, before=before)
    return render(
        request,
        "loyalty/statement.html",
        {"account": request.account, "page": page, "is_newest": before is None},
    )


@require_safe
@members_only
def uncounted(request: MemberRequest) -> HttpResponse:
    """Show the lines of the member's cards that wait or were refused."""
    number = min(_positive(request.GET.get("page")) or 1, HIGHEST_PAGE)
    page = uncounted_page(request.account, page=number)
    return render(
        request,
        "loyalty/uncounted.html",
        {"page": page, "newer": number - 1, "older": number + 1 if page.has_more else 0},
    )


@require_safe
@members_only
def expiry(request: MemberRequest) -> HttpResponse:
    """Show when the member's points expire, month by month."""
    months = expiry_calendar(request.account, at=timezone.now())
    return render(request, "loyalty/expiry.html", {"account": request.account, "months": months})


def _positive(text: str | None) -> int | None:
    """Read a number from an address; an address that nobody gave out leads nowhere."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Http404
    return int(text)
