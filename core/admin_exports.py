"""Lists of the admin as CSV files: streamed, without formulas, and each written down with its reason.

A list names the columns that may leave; codes, tokens and contact details are never among them. Nothing here
decides who may look at a list: whoever exports one must be allowed both.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Field, Max, Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.audit import name_details, record_action
from core.formatting import in_language, labelled, number
from core.reasons import ReasonForm
from core.spreadsheets import safe_text

MAY_EXPORT = "core.export_lists"
EXPORTED_AT_MOST = 1_000_000
"""Whoever needs more narrows the list, month by month."""

ROWS_A_PIECE = 2_000
BYTE_ORDER_MARK = "\ufeff"
ADDED_COLUMNS = {"actor_email": _("colleague")}
"""Columns that a list adds to its rows, by name."""

SEARCH = "q"

name_details(
    {
        "rows": _("rows"),
        "filters": _("filters"),
        "searched": _("narrowed by a search"),
        "table": _("table"),
    }
)


class ExportMixin:
    """A list that can be taken away as a file, filtered and searched as it is shown.

    `export_columns` are names of fields, with `__` towards other rows; without any there is no export.
    """

    export_columns: ClassVar[tuple[str, ...]] = ()
    change_list_template = "admin/list.html"

    def get_urls(self: Any) -> list[URLPattern]:
        """Add the page of the export before those of the rows."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        page = path("export/", self.admin_site.admin_view(self.export_view), name=name)
        return [*([page] if self.export_columns else []), *super().get_urls()]  # type: ignore[misc] # a mixin: the admin page comes after it

    def has_export_permission(self: Any, request: HttpRequest) -> bool:
        """Say whether the person may take this list away."""
        return bool(
            self.export_columns and self.has_view_permission(request) and request.user.has_perm(MAY_EXPORT)
        )

    def changelist_view(self: Any, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - the signature is Django's
        """Offer the export of the list as it is filtered."""
        context = dict(extra_context or {})
        if self.has_export_permission(request):
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")
            context["export_address"] = f"{address}?{request.GET.urlencode()}"
        return super().changelist_view(request, context)  # type: ignore[misc] # a mixin: the admin page comes after it

    def export_view(self: Any, request: HttpRequest) -> HttpResponseBase:
        """Ask why, then send the rows; what was sent is written down before the first of them leaves."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        try:
            rows: QuerySet[Any] = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect(back)
        # What is written from now on, such as that this list was exported, is not in the file.
        rows = rows.filter(pk__lte=rows.order_by().aggregate(last=Max("pk"))["last"] or 0)
        count = rows.order_by()[: EXPORTED_AT_MOST + 1].count()
        if count > EXPORTED_AT_MOST:
            messages.error(
                request, gettext("These are too many rows: narrow the list with its filters first.")
            )
            return redirect(f"{back}?{request.GET.urlencode()}")
        headings = _headings(self.model, self.export_columns)

        def make() -> tuple[HttpResponseBase, Mapping[str, object]]:
            name = f"{self.opts.model_name}-{timezone.localdate():%Y-%m-%d}.csv"
            filters = {name: values for name, values in request.GET.lists() if name != SEARCH}
            # What was searched for may be the name of a person, which is not kept for ever.
            details = {"rows": count, "filters": filters, "searched": bool(request.GET.get(SEARCH))}
            return csv_file(name, headings, _cells(self.model, self.export_columns, rows)), details

        return send_with_reason(
            self,
            request,
            action=f"{self.opts.model_name}.exported",
            subject=self.model,
            subtitle=force_str(self.opts.verbose_name_plural),
            sentence=gettext("%(rows)s rows go into the file, with these columns: %(columns)s.")
            % {"rows": number(count), "columns": ", ".join(headings)},
            back=f"{back}?{request.GET.urlencode()}",
            make=make,
        )


def send_with_reason(
    page: Any,  # noqa: ANN401 - a page of the admin, which is made of what stands here
    request: HttpRequest,
    *,
    action: str,
    subject: Model | type[Model],
    subtitle: str | Promise,
    sentence: str | Promise,
    back: str,
    make: Callable[[], tuple[HttpResponseBase, Mapping[str, object]]],
    does: str | Promise = "",
) -> HttpResponseBase:
    """Ask why a file leaves, beside a sentence about what it holds; once answered, write it down and send it.

    `make` is called only then, and returns the file, of which nothing has left yet, and the details that are
    written down. `does` is the title and the button of what is no usual export.
    """
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        file, details = make()
        record_action(
            actor=request.user,
            action=action,
            subject=subject,
            reason=form.cleaned_data["reason"],
            details=details,
            at=timezone.now(),
        )
        return file
    context = page.admin_site.each_context(request) | {
        "title": does or gettext("Export"),
        "subtitle": subtitle,
        "sentence": sentence,
        "button": does or gettext("Export as CSV"),
        "is_dangerous": False,
        "form": form,
        "opts": page.opts,
        "original": subject if isinstance(subject, page.model) else None,
        "back": back,
    }
    return TemplateResponse(request, "admin/form_page.html", context)


def csv_file(name: str, headings: Sequence[str], rows: Iterator[Sequence[object]]) -> StreamingHttpResponse:
    """Return a file that is made while it is sent, in the language active now; its memory does not grow.

    It opens in spreadsheets as it is: French has semicolons. Texts that would run as formulas are disarmed.
    """
    return StreamingHttpResponse(
        _pieces(headings, rows, translation.get_language() or "fr"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _pieces(headings: Sequence[str], rows: Iterator[Sequence[object]], language: str) -> Iterator[bytes]:
    with translation.override(language):
        yield (BYTE_ORDER_MARK + _written([headings])).encode()
    while True:
        with translation.override(language):
            piece = _written([[_cell(value) for value in row] for row in islice(rows, ROWS_A_PIECE)])
        if not piece:
            return
        yield piece.encode()


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=in_language(french=";", english=",")).writerows(rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int | date):
        return _when(value) if isinstance(value, datetime) else value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", in_language(french=",", english="."))
    return safe_text(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))


def _when(value: datetime) -> str:
    return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")


def _field(model: type[Model], column: str) -> Field[Any, Any] | None:
    """Return the field at the end of a column's name, or None for what a list adds by itself."""
    field: Any = None
    current: Any = model
    for part in column.split("__"):
        try:
            field = current._meta.get_field(part)
        except FieldDoesNotExist:
            return None
        current = field.related_model or current
    found: Field[Any, Any] = field
    return found


def _headings(model: type[Model], columns: Sequence[str]) -> list[str]:
    """Name the columns: what belongs to another row says to which kind."""
    headings = []
    for column in columns:
        field = _field(model, column)
        if field is None:
            headings.append(force_str(ADDED_COLUMNS[column]))
            continue
        name = force_str(field.verbose_name)
        owner = force_str(field.model._meta.verbose_name)
        headings.append(name if field.model is model else labelled(owner, name))
    return headings


def _cells(model: type[Model], columns: Sequence[str], rows: QuerySet[Any]) -> Iterator[Sequence[object]]:
    fields = [_field(model, column) for column in columns]
    words = [dict(field.flatchoices) if field is not None and field.choices else {} for field in fields]
    for row in rows.values_list(*columns).iterator(chunk_size=ROWS_A_PIECE):
        yield [
            force_str(choices[value]) if choices and value in choices else value
            for choices, value in zip(words, row, strict=True)
        ]
