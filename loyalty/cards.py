"""The points app's cards on the first page of the admin: points by month, what expires soon, imports."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from core.dashboard import Card, Figure, Table, add_card, list_address
from core.formatting import moment, month, number, signed_points
from loyalty.adjustments.words import Standing
from loyalty.dates import local_date
from loyalty.models import FeedImport, FeedState, Lot, Purchase, PurchaseState
from loyalty.reports.points import points_report
from loyalty.reports.shown import MAY_VIEW, first_questions, points_chart, points_legend
from loyalty.selectors.adjustments import waiting_requests

SOON = (30, 90)
POINTS_KEPT = 900
"""Seconds for which sums over the whole ledger are shown before they are made again."""

SHOWN_IMPORTS, SHOWN_REQUESTS = 5, 8
COUNTED = 1_000


def points_card(at: datetime) -> Card | None:
    """Draw the last year of the oldest programme."""
    asked = first_questions(at=at)
    if asked is None:
        return None
    report = points_report(asked.programme, first=asked.first, last=asked.last, by_partner=False)
    return Card(
        title=_("Points of %(programme)s") % {"programme": asked.programme},
        figures=[
            Figure(_("outstanding now"), number(report.balance_points)),
            Figure(_("issued in 12 months"), number(report.total.issued)),
            Figure(_("spent in 12 months"), number(-report.total.spent)),
            Figure(_("expired in 12 months"), number(-report.total.expired)),
        ],
        chart=points_chart(report),
        legend=points_legend(),
        table=Table(
            [
                _("Month"),
                _("Issued"),
                _("Taken back"),
                _("Spent"),
                _("Expired or given up"),
                _("Outstanding at its end"),
            ],
            [
                [
                    month(one.first),
                    number(one.figures.issued),
                    number(one.figures.taken_back),
                    number(one.figures.spent),
                    number(one.figures.expired + one.figures.given_up),
                    number(one.outstanding_points),
                ]
                for one in report.months
            ],
        ),
        links=[(_("Points report"), reverse("admin:loyalty_entry_report"))],
        is_wide=True,
    )


def expiring_card(at: datetime) -> Card | None:
    """Say what expires soon if nothing is spent."""
    asked = first_questions(at=at)
    if asked is None:
        return None
    today = local_date(at, asked.programme.zone)
    figures = []
    for days in SOON:
        lots = Lot.objects.filter(
            account__programme=asked.programme,
            remaining_points__gt=0,
            expires_on__gte=today,
            expires_on__lt=today + timedelta(days=days),
        )
        sums = lots.aggregate(points=Sum("remaining_points"), accounts=Count("account", distinct=True))
        name = _("in the next %(days)s days, on %(accounts)s accounts") % {
            "days": days,
            "accounts": number(sums["accounts"]),
        }
        figures.append(Figure(name, number(sums["points"] or 0)))
    return Card(title=_("Points that expire soon"), figures=figures)


def imports_card(_at: datetime) -> Card:
    """Show the latest imports, and how much waits for its other half."""
    latest = FeedImport.objects.select_related("programme").order_by("-pk")[:SHOWN_IMPORTS]
    refused = FeedImport.objects.filter(state=FeedState.REFUSED, pk__in=[one.pk for one in latest]).count()
    unfinished = FeedImport.objects.filter(state__in=[FeedState.WAITING, FeedState.RUNNING]).aggregate(
        all=Count("pk"), failing=Count("pk", filter=Q(attempts__gt=0))
    )
    parked = Purchase.objects.filter(state=PurchaseState.PARKED)[: COUNTED + 1].count()
    return Card(
        title=_("Imports"),
        figures=[
            Figure(_("under way"), number(unfinished["all"])),
            Figure(_("failing"), number(unfinished["failing"]), is_alert=unfinished["failing"] > 0),
            Figure(_("refused among the latest"), number(refused), is_alert=refused > 0),
            Figure(_("lines waiting"), f"{number(COUNTED)}+" if parked > COUNTED else number(parked)),
        ],
        table=Table(
            [_("File"), _("State"), _("Lines"), _("Rejected")],
            [
                [
                    one.file_name,
                    one.get_state_display(),
                    number(one.read_lines),
                    number(one.rejected_lines),
                ]
                for one in latest
            ],
        )
        if latest
        else None,
        links=[
            (_("Imports"), list_address("loyalty.feedimport")),
            (_("Rejected lines"), list_address("loyalty.rejectedline")),
        ],
    )


def approvals_card(at: datetime) -> Card:
    """Show what colleagues asked for and waits for a second person, what lapses first on top."""
    waiting = waiting_requests(at=at).count()
    first = waiting_requests(at=at).select_related("reason", "programme").order_by("approve_before", "pk")
    waits = list_address("loyalty.adjustmentrequest", standing=Standing.WAITING)
    return Card(
        title=_("Points that wait for a second person"),
        figures=[
            Figure(
                _("requests"),
                number(waiting),
                is_alert=waiting > 0,
                address=waits,
            ),
        ],
        table=Table(
            [_("Points"), _("Reason"), _("Programme"), _("To be decided before")],
            [
                [
                    signed_points(one.points),
                    one.reason.name,
                    str(one.programme),
                    moment(one.approve_before) if one.approve_before else "",
                ]
                for one in first[:SHOWN_REQUESTS]
            ],
        )
        if waiting
        else None,
        links=[
            (_("What waits"), waits),
            (_("All adjustments"), list_address("loyalty.adjustmentrequest")),
        ],
    )


def add_loyalty_cards() -> None:
    """Add the cards."""
    add_card("approvals", approvals_card, permissions=["loyalty.view_adjustmentrequest"], place=10)
    add_card("points", points_card, permissions=[MAY_VIEW], place=20, seconds=POINTS_KEPT)
    add_card("expiring", expiring_card, permissions=[MAY_VIEW], place=30, seconds=POINTS_KEPT)
    add_card("imports", imports_card, permissions=["loyalty.view_feedimport"], place=50)
