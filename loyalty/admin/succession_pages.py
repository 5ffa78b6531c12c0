"""What the page of a succession shows: where it stands, how far it has come, and figures that reconcile."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from babel.numbers import format_decimal
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.formatting import MINUS, active_locale, first_day, month, number
from loyalty.admin.succession_questions import unknown_accounts
from loyalty.feeds.counterpart_lines import COLUMNS
from loyalty.models import Conversion, ConversionKind, Succession, SuccessionState
from loyalty.succession.account_file import fraction
from loyalty.succession.accounts import STAY_SENTENCES, Stay, terms_of
from loyalty.succession.figures import Figures

ORDER = (
    SuccessionState.DRAFT,
    SuccessionState.REHEARSED,
    SuccessionState.RUNNING,
    SuccessionState.CLOSED,
)
PLACES = {
    SuccessionState.DRAFT: 0,
    SuccessionState.REHEARSING: 0,
    SuccessionState.REHEARSED: 1,
    SuccessionState.RUNNING: 2,
    SuccessionState.CLOSING: 2,
    SuccessionState.CLOSED: 3,
}
"""How many of the steps are behind each state; a reversed one went back, an abandoned one got no further."""


class Sums(NamedTuple):
    """A small table of names and figures, and below it what they add up to."""

    heading: str
    rows: Sequence[tuple[str, str]]
    totals: Sequence[tuple[str, str]]


def shown_succession(succession: Succession) -> dict[str, Any]:
    """Return what the template needs."""
    walk = Figures.of_json(succession.walk)
    return {
        "succession": succession,
        "steps": _steps(succession),
        "percent": walk.accounts * 100 // succession.walk_accounts if succession.walk_accounts else 0,
        "walked": ngettext(
            "%(done)s of %(total)s account", "%(done)s of %(total)s accounts", succession.walk_accounts
        )
        % {"done": number(walk.accounts), "total": number(succession.walk_accounts)},
        "is_outdated": succession.state == SuccessionState.DRAFT and succession.walk_accounts > 0,
        "reconciliation": _reconciliation(succession) if succession.rehearsal else None,
        "moved": _moved(succession),
        "staying": _staying(succession, walk),
    }


def _steps(succession: Succession) -> list[dict[str, Any]]:
    """Return the steps with what each is and when it was done."""
    place = PLACES.get(SuccessionState(succession.state), -1)
    if succession.state == SuccessionState.ABANDONED:
        place = 1 if succession.rehearsed_at else 0
    told = [
        (_("Prepare: agree on the terms"), succession.created_at),
        (_("Rehearse: what each account becomes, to the point"), succession.rehearsed_at),
        (_("Run: points move, late lines follow"), succession.started_at),
        (
            _("Close: nothing is left in the old programme"),
            succession.ended_at if succession.state == SuccessionState.CLOSED else None,
        ),
    ]
    return [
        {"name": name, "on": first_day(at) if at else "", "is_done": step <= place}
        for step, (name, at) in enumerate(told)
    ]


def _staying(succession: Succession, walk: Figures) -> dict[str, Any] | None:
    """Return what the last walk found to stay, by reason, and what becomes of it. Nothing during a walk."""
    told = {
        SuccessionState.RUNNING: _(
            "This is what the accounts held when they were last gone through. Whose counterpart is imported"
            " before the old programme is closed moves as well."
        ),
        SuccessionState.CLOSED: _(
            "The old programme is closed: no counterpart is taken any more, and this stays where it is."
        ),
    }.get(SuccessionState(succession.state))
    rows = [
        (str(STAY_SENTENCES[Stay(stay)]), number(one.points), number(one.owed))
        for stay, one in sorted(walk.staying.items())
        if one.points or one.owed
    ]
    if not told or not rows or succession.is_walking:
        return None
    return {"sentence": told, "rows": rows, "is_open": succession.state == SuccessionState.RUNNING}


def _reconciliation(succession: Succession) -> dict[str, Any]:
    figures = Figures.of_json(succession.rehearsal)
    staying = [
        (_("Stay: %(reason)s") % {"reason": STAY_SENTENCES[Stay(stay)]}, one)
        for stay, one in figures.staying.items()
    ]
    accounts = [
        (_("Members with points, or who owe some"), number(figures.moving)),
        (_("of them owing points"), number(figures.owing)),
        (_("Members without points, who move as well"), number(figures.empty)),
        *((name, number(one.accounts)) for name, one in staying),
    ]
    old = [
        (_("Points that move"), number(figures.left)),
        (_("Points owed that move"), number(-figures.owed_left)),
        *((name, number(one.points - one.owed)) for name, one in staying),
        (_("Over, and still to be written down as expired"), number(figures.over)),
    ]
    return {
        "gap": number(figures.gap) if figures.gap else "",
        "unknown": _unknown(succession, figures),
        "sums": [
            Sums(_("Accounts"), accounts, [(_("Accounts in all"), number(figures.accounts))]),
            Sums(str(succession.source), old, [(_("Balance in the ledger"), number(figures.balance))]),
            Sums(
                str(succession.target),
                [
                    (_("New points"), number(figures.arrived)),
                    (_("New points owed"), number(-figures.owed_arrived)),
                ],
                [
                    (_("Arrives in all"), number(figures.arrived - figures.owed_arrived)),
                    (_("Rounding difference"), _decimal(fraction(figures.fractions, terms_of(succession)))),
                ],
            ),
        ],
        "lots": number(figures.lots),
        "months": [
            (
                month(date.fromisoformat(f"{key}-01")),
                number(one.left),
                number(one.arrived),
                number(one.lots),
            )
            for key, one in sorted(figures.months.items())
        ],
        "left": number(figures.left),
        "arrived": number(figures.arrived),
    }


def _unknown(succession: Succession, figures: Figures) -> str:
    """Say what to do about members who stay for want of a counterpart, before anything moves."""
    count = unknown_accounts(figures)
    if not count or succession.state != SuccessionState.REHEARSED:
        return ""
    return ngettext(
        "%(number)s member stays for want of a counterpart. Import a file of counterparts"
        " (%(columns)s), then rehearse again.",
        "%(number)s members stay for want of a counterpart. Import a file of counterparts"
        " (%(columns)s), then rehearse again.",
        count,
    ) % {"number": number(count), "columns": ", ".join(COLUMNS)}


def _moved(succession: Succession) -> list[tuple[str, str, str, str]]:
    """Return what moved so far by kind: transfers, old points and new ones. One query."""
    kinds = Conversion.objects.filter(succession=succession).values_list("kind").order_by("kind")
    rows = kinds.annotate(transfers=Count("pk"), left=Sum("left_points"), arrived=Sum("arrived_points"))
    return [
        (str(ConversionKind(kind).label), number(transfers), number(left), number(arrived))
        for kind, transfers, left, arrived in rows
    ]


def _decimal(value: Decimal) -> str:
    """Write a number with as many decimals as it needs, in the active language."""
    text = format_decimal(abs(value), "#,##0.####", locale=active_locale())
    return MINUS + text if value < 0 else text
