"""Filters that lists of the admin share."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PERIODS = {
    "week": _("Past 7 days"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "year": _("This year"),
    "last_year": _("Last year"),
}


def period_days(period: str, today: date) -> tuple[date, date]:
    """Return the first day of a period and the day after its last."""
    first_of_month = today.replace(day=1)
    first_of_year = date(today.year, 1, 1)
    tomorrow = today + timedelta(days=1)
    return {
        "week": (today - timedelta(days=6), tomorrow),
        "month": (first_of_month, tomorrow),
        "last_month": ((first_of_month - timedelta(days=1)).replace(day=1), first_of_month),
        "year": (first_of_year, tomorrow),
        "last_year": (date(today.year - 1, 1, 1), first_of_year),
    }[period]


def period_filter(field: str, name: str | Promise) -> type[admin.SimpleListFilter]:
    """Return a filter by when something happened, in periods people close their books by."""

    class PeriodFilter(admin.SimpleListFilter):
        """Rows of a period, in the active time zone."""

        title = name  # type: ignore[assignment] # a text that is translated later
        parameter_name = field

        def lookups(
            self,
            request: HttpRequest,  # noqa: ARG002 - the signature is Django's
            model_admin: admin.ModelAdmin[Any],  # noqa: ARG002 - the signature is Django's
        ) -> list[tuple[str, str]]:
            """Return the periods."""
            return [(period, str(text)) for period, text in PERIODS.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - the signature is Django's
            """Keep the rows of the period that was chosen."""
            if self.value() not in PERIODS:
                return queryset
            first, after = period_days(str(self.value()), timezone.localdate())
            zone = timezone.get_current_timezone()
            return queryset.filter(
                **{
                    f"{field}__gte": datetime.combine(first, time.min, zone),
                    f"{field}__lt": datetime.combine(after, time.min, zone),
                }
            )

    return PeriodFilter
