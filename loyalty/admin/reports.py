"""The points report: what finance closes the month with, on a page and as files."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from core.admin_exports import MAY_EXPORT, csv_file, send_with_reason
from core.audit import name_actions, name_details
from core.charts import Series, column_chart
from core.formatting import month, number
from loyalty.dates import local_date
from loyalty.models import Programme
from loyalty.reports.points import Figures, outstanding_by_expiry, points_report
from loyalty.reports.shown import MAY_VIEW, Asked, first_questions, points_chart, points_legend

MOST_MONTHS = 60
PARTS = ("months", "partners", "expiry")

name_actions({"points_report.exported": gettext_lazy("Export of the points report")})
name_details({"months": gettext_lazy("months")})


class MonthField(forms.DateField):
    """A month, written as browsers write it: 2026-11."""

    def __init__(self, *, label: Any) -> None:  # noqa: ANN401 - a text, translated later
        super().__init__(
            label=label,
            input_formats=["%Y-%m"],
            widget=UnfoldAdminTextInputWidget(attrs={"type": "month", "placeholder": "2026-11"}),
        )

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - the signature is Django's
        """Write a month as browsers do."""
        return f"{value:%Y-%m}" if isinstance(value, date) else value


class PeriodForm(forms.Form):
    """Of which programme, and from which month to which."""

    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name", "pk"),
        label=gettext_lazy("Programme"),
        empty_label=None,
        to_field_name="code",
        widget=UnfoldAdminSelectWidget(),
    )
    first = MonthField(label=gettext_lazy("From"))
    last = MonthField(label=gettext_lazy("Through"))

    def clean(self) -> dict[str, Any]:
        """Refuse a wrong order, and more months than a page can show."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last:
            months = (last.year - first.year) * 12 + last.month - first.month
            if months < 0:
                self.add_error("last", _("The last month must not be before the first."))
            elif months >= MOST_MONTHS:
                self.add_error("last", _("A report covers five years at most."))
        return cleaned


class PointsReportPages:
    """The pages of the report, below those of the movements that it sums."""

    def get_urls(self: Any) -> list[URLPattern]:
        """Add the report and its files."""
        view = self.admin_site.admin_view
        return [
            path("report/", view(self.report_view), name="loyalty_entry_report"),
            path("report/<str:part>/", view(self.file_view), name="loyalty_entry_report_file"),
            *super().get_urls(),  # type: ignore[misc] # a mixin: the admin page comes after it
        ]

    def report_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Show the figures of the months asked for."""
        form, asked = _asked(request)
        context = self.admin_site.each_context(request) | {
            "title": _("Points report"),
            "opts": self.opts,
            "form": form,
            "may_export": request.user.has_perm(MAY_EXPORT),
        }
        if asked is not None:
            context |= _shown(asked)
        return TemplateResponse(request, "admin/loyalty/points_report.html", context)

    def file_view(self: Any, request: HttpRequest, part: str) -> HttpResponseBase:
        """Ask why, then send one of the report's tables as a file."""
        _form, asked = _asked(request)
        if not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied
        if part not in PARTS or asked is None:
            raise Http404

        def make() -> tuple[HttpResponseBase, dict[str, object]]:
            headings, rows = _table(part, asked)
            months = f"{asked.first:%Y-%m} {asked.last:%Y-%m}"
            name = f"points-{part}-{asked.programme.code}-{asked.first:%Y-%m}-{asked.last:%Y-%m}.csv"
            return csv_file(name, headings, iter(rows)), {"table": part, "rows": len(rows), "months": months}

        return send_with_reason(
            self,
            request,
            action="points_report.exported",
            subject=asked.programme,
            subtitle=_("Points report"),
            sentence=_("%(programme)s, from %(first)s through %(last)s.")
            % {"programme": asked.programme, "first": month(asked.first), "last": month(asked.last)},
            back=f"{reverse('admin:loyalty_entry_report')}?{request.GET.urlencode()}",
            make=make,
        )


def _asked(request: HttpRequest) -> tuple[PeriodForm, Asked | None]:
    """Return the form as it was filled in, and what it asks for if that makes sense."""
    if not request.user.has_perm(MAY_VIEW):
        raise PermissionDenied
    start = first_questions(at=timezone.now())
    if "programme" not in request.GET:
        initial = (
            {"programme": start.programme.code, "first": start.first, "last": start.last} if start else {}
        )
        return PeriodForm(initial=initial), start
    form = PeriodForm(request.GET)
    return form, Asked(**form.cleaned_data) if form.is_valid() else None


def _shown(asked: Asked) -> dict[str, Any]:
    report = points_report(asked.programme, first=asked.first, last=asked.last)
    expiring = outstanding_by_expiry(asked.programme)
    today = local_date(timezone.now(), asked.programme.zone)
    return {
        "asked": asked,
        "query": f"programme={asked.programme.code}&first={asked.first:%Y-%m}&last={asked.last:%Y-%m}",
        "report": report,
        "chart": points_chart(report),
        "legend": points_legend(),
        "months": [
            (month(one.first), _row(one.figures), number(one.outstanding_points)) for one in report.months
        ],
        "partners": [
            (month(one.month), one.partner or _("without a partner"), _row(one.figures))
            for one in report.partners
        ],
        "total": _row(report.total),
        "opening": number(report.opening_points),
        "closing": number(report.closing_points),
        "balance": number(report.balance_points),
        "owed": number(report.owed_points),
        "held": number(report.balance_points + report.owed_points),
        "expiring": [
            (month(one.first), number(one.points), number(one.lots), one.first < today.replace(day=1))
            for one in expiring
        ],
        "expiry_chart": column_chart(
            title=_("Outstanding points by the month in which they expire"),
            labels=[f"{one.first:%m/%y}" for one in expiring],
            series=[Series(_("expiring"), "use", [one.points for one in expiring])],
        )
        if expiring
        else "",
    }


def _row(figures: Figures) -> list[str]:
    return [number(value) for value in _plain(figures)]


def _plain(figures: Figures) -> list[int]:
    return [
        figures.issued,
        figures.taken_back,
        figures.spent,
        figures.expired,
        figures.given_up,
        figures.adjusted,
        figures.goodwill,
        figures.moved,
        figures.change,
    ]


def _table(part: str, asked: Asked) -> tuple[list[str], list[Sequence[object]]]:
    """Return the headings and the rows of one of the files, as numbers."""
    columns = [
        _("Issued"),
        _("Taken back"),
        _("Spent"),
        _("Expired"),
        _("Given up"),
        _("Adjusted"),
        _("Goodwill"),
        _("Moved"),
        _("Net change"),
    ]
    if part == "expiry":
        rows: Iterator[Sequence[object]] = (
            [f"{one.first:%Y-%m}", one.points, one.lots] for one in outstanding_by_expiry(asked.programme)
        )
        return [_("Month of expiry"), _("Outstanding"), _("Lots of points")], list(rows)
    report = points_report(asked.programme, first=asked.first, last=asked.last)
    if part == "months":
        rows = ([f"{one.first:%Y-%m}", *_plain(one.figures), one.outstanding_points] for one in report.months)
        return [_("Month"), *columns, _("Outstanding at its end")], list(rows)
    rows = ([f"{one.month:%Y-%m}", one.partner, *_plain(one.figures)] for one in report.partners)
    return [_("Month"), _("Partner brand"), *columns], list(rows)
