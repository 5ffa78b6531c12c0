"""How the points report is shown wherever it is: its chart, and what it shows before anything is asked."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from core.charts import Series, column_chart
from loyalty.dates import local_date
from loyalty.models import Programme
from loyalty.reports.points import PointsReport

MAY_VIEW = "loyalty.view_points_report"
MONTHS_AT_FIRST = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report was asked for."""

    programme: Programme
    first: date
    last: date


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def first_questions(*, at: datetime) -> Asked | None:
    """Return the report that is shown before anything is asked: the last year of the oldest programme."""
    programme = Programme.objects.order_by("pk").first()
    if programme is None:
        return None
    today = local_date(at, programme.zone)
    return Asked(programme, _months_before(today, MONTHS_AT_FIRST - 1), today.replace(day=1))


def points_legend() -> list[tuple[str, str]]:
    """Return the colours of the chart and what each stands for."""
    return [
        ("gain", _("Issued")),
        ("loss", _("Taken back")),
        ("use", _("Spent")),
        ("gone", _("Expired or given up")),
    ]


def points_chart(report: PointsReport) -> str:
    """Draw the months of a report: what was issued upwards, what left the accounts downwards."""
    figures = [one.figures for one in report.months]
    values = (
        [one.issued for one in figures],
        [one.taken_back for one in figures],
        [one.spent for one in figures],
        [one.expired + one.given_up for one in figures],
    )
    return column_chart(
        title=_("Points issued, taken back, spent and expired by month"),
        labels=[f"{one.first:%m/%y}" for one in report.months],
        series=[Series(name, tone, sums) for (tone, name), sums in zip(points_legend(), values, strict=True)],
    )
