"""Pages about points: home, the statement, its documents and the days on which points expire."""

import re
from http import HTTPStatus

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty import home as home_page
from loyalty.access import members_only
from loyalty.dates import local_date
from loyalty.documents.calendar_file import CALENDAR, calendar_file
from loyalty.documents.limits import may_make_document
from loyalty.documents.movements_file import movements_file
from loyalty.documents.statement_file import statement_file
from loyalty.documents.typesetting import DocumentNotMade
from loyalty.forms import DocumentForm, StatementForm
from loyalty.home import Visit, panels_for
from loyalty.models import PointAccount
from loyalty.periods import usual_periods
from loyalty.requests import MemberRequest, ProgrammeRequest
from loyalty.selectors.balance import balance_to_tell, expiry_calendar
from loyalty.selectors.latest import latest_of
from loyalty.selectors.owed import why_owed
from loyalty.selectors.period import TooManyMovements, period_statement
from loyalty.selectors.programmes import account_of
from loyalty.selectors.statement import TOP, UNCOUNTED, Place, statement_page
from loyalty.selectors.statement_choices import cards_of, partners_of
from loyalty.selectors.succession_words import told_if_replaced
from members.models import Card

EARLIER = "earlier"
"""What addresses of the statement call an account that leads to the member’s."""

NUMBER = re.compile(r"\d{1,18}", re.ASCII)

PLACE = re.compile(r"(\d{0,18})-(\d{0,18})-(\d{0,18})", re.ASCII)
"""A place in the statement as addresses hold it; every number of so many digits fits the database."""


@never_cache
@require_safe
def home(request: ProgrammeRequest) -> HttpResponse:
    """Show members their points and everybody else what the programme is."""
    account = account_of(request.user, request.programme) if request.user.is_authenticated else None
    at = timezone.now()
    if account is None:
        visit = Visit(programme=request.programme, account=None, available_points=0, at=at)
        return render(request, "loyalty/welcome.html", _panels(visit))
    balance = balance_to_tell(account, at=at)
    visit = Visit(
        programme=request.programme, account=account, available_points=balance.available_points, at=at
    )
    context = {
        "account": account,
        "balance": balance,
        "latest": latest_of(account),
        "why_owed": why_owed(account),
    }
    context |= told_if_replaced(account) | _panels(visit)
    return render(request, "loyalty/home.html", context)


def _panels(visit: Visit) -> dict[str, object]:
    return {place.value: panels_for(visit, place) for place in home_page.Place}


@require_safe
@members_only
def statement(request: MemberRequest) -> HttpResponse:
    """Show the lines of the statement that are asked for, the newest first.

    Movements of an account that leads to the member's stay there, and are shown by themselves.
    """
    cards = cards_of(request.account)
    form = _statement_form(request, cards)
    place = _place(request.GET.get("before"))
    asked = {name: request.GET[name] for name in (*form.fields, EARLIER) if request.GET.get(name)}
    earlier = _earlier_account(request)
    context = {
        "account": request.account,
        "form": form,
        "asked": urlencode(asked),
        "is_newest": place == TOP,
        "earlier": earlier,
    }
    if not form.is_valid():
        return render(request, "loyalty/statement.html", context | {"page": None, "older": ""})
    page = statement_page(
        earlier or request.account,
        cards=[] if earlier else cards,
        filters=form.filters(),
        place=place,
        is_explained=True,
        at=timezone.now(),
    )
    older = urlencode(asked | {"before": str(page.next_place)}) if page.next_place else ""
    return render(request, "loyalty/statement.html", context | {"page": page, "older": older})


@require_safe
@members_only
def statement_csv(request: MemberRequest) -> HttpResponseBase:
    """Send the lines that are asked for as CSV, piece by piece; what cannot be asked for leads back."""
    cards = cards_of(request.account)
    form = _statement_form(request, cards)
    if not form.is_valid():
        return redirect(f"{reverse('statement')}?{request.GET.urlencode()}")
    earlier = _earlier_account(request)
    pieces = movements_file(
        earlier or request.account, cards=[] if earlier else cards, filters=form.filters()
    )
    file = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    today = local_date(timezone.now(), request.programme.zone)
    return _attachment(file, gettext("statement-%(days)s") % {"days": today}, "csv")


@require_safe
@members_only
def documents(request: MemberRequest) -> HttpResponse:
    """Offer the statement of usual periods, or of any other up to a year, as a PDF document."""
    return _documents(request, DocumentForm())


@require_safe
@members_only
def statement_pdf(request: MemberRequest) -> HttpResponseBase:
    """Send the statement of a period; a period that no document can cover is explained on the page before."""
    form = DocumentForm(request.GET)
    if not form.is_valid():
        return _documents(request, form)
    at = timezone.now()
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    try:
        asked = period_statement(request.account, since=since, until=until)
    except TooManyMovements:
        form.add_error("until", _("Too many movements for one document. Choose a shorter period."))
        return _documents(request, form)
    if not may_make_document(request.account, at=at):
        form.add_error(None, _("You have made many documents within the hour. Please try again later."))
        return _documents(request, form, status=HTTPStatus.TOO_MANY_REQUESTS)
    balance = balance_to_tell(request.account, at=at)
    try:
        content = statement_file(request.account, statement=asked, balance=balance, at=at)
    except DocumentNotMade:
        form.add_error(
            None, _("The document cannot be made at the moment. Please try again in a few minutes.")
        )
        return _documents(request, form)
    file = HttpResponse(content, content_type="application/pdf")
    return _attachment(file, gettext("statement-%(days)s") % {"days": f"{since}-{until}"}, "pdf")


@require_safe
@members_only
def uncounted(request: MemberRequest) -> HttpResponse:  # noqa: ARG001 - the guard needs the request
    """Lead an address of former days to the statement of what was not counted."""
    return redirect(f"{reverse('statement')}?kind={UNCOUNTED}", permanent=True)


@require_safe
@members_only
def expiry(request: MemberRequest) -> HttpResponse:
    """Show when the member's points expire, month by month."""
    months = expiry_calendar(request.account, at=timezone.now())
    context = {"account": request.account, "months": months} | told_if_replaced(request.account)
    return render(request, "loyalty/expiry.html", context)


@require_safe
@members_only
def expiry_ics(request: MemberRequest) -> HttpResponseBase:
    """Send the days on which the member's points expire, for a calendar; without any there is no file."""
    at = timezone.now()
    months = expiry_calendar(request.account, at=at)
    if not months:
        raise Http404
    content = calendar_file(request.account, (day for month in months for day in month.days), at=at)
    file = HttpResponse(content, content_type=f"{CALENDAR}; charset=utf-8")
    today = local_date(at, request.programme.zone)
    return _attachment(file, gettext("points-to-use-%(days)s") % {"days": today}, "ics")


def _earlier_account(request: MemberRequest) -> PointAccount | None:
    """Return the account that is asked for and leads to the member's; none when none is asked for."""
    number = request.GET.get(EARLIER, "")
    if not number:
        return None
    leading = PointAccount.objects.filter(merged_into=request.account.pk)
    found = leading.filter(pk=int(number)).first() if NUMBER.fullmatch(number) else None
    if found is None:
        raise Http404
    found.programme = request.programme
    return found


def _statement_form(request: MemberRequest, cards: list[Card]) -> StatementForm:
    return StatementForm(request.GET, cards=cards, partners=partners_of(request.programme))


def _documents(
    request: MemberRequest, form: DocumentForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    periods = usual_periods(local_date(timezone.now(), request.programme.zone))
    return render(request, "loyalty/documents.html", {"form": form, "periods": periods}, status=status)


def _attachment(response: HttpResponseBase, name: str, kind: str) -> HttpResponseBase:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _place(text: str | None) -> Place:
    """Read a place from an address; an address that nobody gave out leads nowhere."""
    if text is None:
        return TOP
    found = PLACE.fullmatch(text)
    if found is None:
        raise Http404
    return Place(*(int(number) if number else top for number, top in zip(found.groups(), TOP, strict=True)))
