"""Imports of files: sending one, watching it, reading what was refused and fetching the verdicts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from core.admin import Labelled, LockedAdmin, button, in_colours, link_to, page_of
from core.admin_exports import MAY_EXPORT, send_with_reason
from core.audit import name_actions, name_details
from core.formatting import number, signed_points
from loyalty.admin.purchases import sentence_for
from loyalty.explanations.partner_file import explained_lines
from loyalty.feeds.background import start_import
from loyalty.feeds.refusals import refusal_sentence
from loyalty.feeds.verdicts import verdict_lines
from loyalty.models import FeedChunk, FeedImport, FeedKind, FeedState, Programme, RejectedLine

if TYPE_CHECKING:
    from members.models import User

UNFINISHED = frozenset({FeedState.WAITING, FeedState.RUNNING})
SECONDS_BETWEEN_LOOKS = 2
SECONDS_BETWEEN_LOOKS_AT_FAILURES = 60
REFUSED_SHOWN = 20
EXPLAINED = "feedimport.explained"

name_actions({EXPLAINED: _("Explanations of an import taken away")})
name_details({"lines": _("lines")})


class UploadForm(forms.Form):
    """A file, what it holds and whose it is."""

    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name"),
        label=_("Programme"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )
    kind = forms.ChoiceField(
        label=_("What the file holds"), choices=FeedKind.choices, widget=UnfoldAdminSelectWidget()
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV in UTF-8, or the same compressed as .gz"),
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.gz,text/csv"}),
    )


@admin.register(FeedImport)
class FeedImportAdmin(LockedAdmin):
    """Imports, the newest first."""

    empty_says = _("Files of partners and issuers appear here once they are imported.")
    list_display = (
        "file_name",
        "programme",
        "kind",
        "shown_state",
        "read_lines",
        "accepted_lines",
        "duplicate_lines",
        "parked_lines",
        "rejected_lines",
        "created_at",
    )
    list_filter = ("state", "kind", "programme")
    list_select_related = ("programme",)
    search_fields = ("file_name",)
    fieldsets = (
        (None, {"fields": ("programme", "kind", "file_name", "created_by", "created_at", "finished_at")}),
        (
            _("Lines"),
            {
                "fields": (
                    "total_lines",
                    "read_lines",
                    "accepted_lines",
                    "duplicate_lines",
                    "parked_lines",
                    "rejected_lines",
                    "shown_points",
                )
            },
        ),
        (_("For the auditor"), {"fields": ("business_at", "moved_at", "shown_digest", "public_id")}),
    )
    readonly_fields: ClassVar = ("shown_points", "shown_digest", "public_id")
    actions_detail = ("verdicts", "explanations")
    change_form_template = "admin/loyalty/feedimport/page.html"

    @in_colours(
        _("state"),
        {
            FeedState.DONE: "success",
            FeedState.RUNNING: "info",
            FeedState.WAITING: "info",
            FeedState.REFUSED: "danger",
            "failing": "danger",
        },
    )
    def shown_state(self, feed_import: FeedImport) -> Labelled:
        if feed_import.attempts:
            return "failing", _("failing")
        return feed_import.state, feed_import.get_state_display()

    @admin.display(description=_("digest of the content"))
    def shown_digest(self, feed_import: FeedImport) -> str:
        return format_html('<span style="overflow-wrap: anywhere">{}</span>', feed_import.sha256 or "-")

    @admin.display(description=_("points"))
    def shown_points(self, feed_import: FeedImport) -> str:
        return signed_points(feed_import.points)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - the signature is Django's
        """Let those send files who may."""
        return request.user.has_perm("loyalty.add_feedimport")

    def has_verdicts_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Let those read verdicts who may see the chunks that hold them."""
        return request.user.has_perm("loyalty.view_feedchunk")

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Take a file and have it imported in the background; then show how far it has come."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            feed_import = start_import(
                programme=form.cleaned_data["programme"],
                kind=form.cleaned_data["kind"],
                name=upload.name,
                content=upload,
                created_by=cast("User", request.user),
                at=timezone.now(),
            )
            return redirect(page_of(feed_import))
        context = self.admin_site.each_context(request) | {
            "title": _("Import a file"),
            "sentence": _("The file is checked as a whole first; one that cannot be trusted leaves nothing."),
            "button": _("Import the file"),
            "is_dangerous": False,
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:loyalty_feedimport_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an import, again every few seconds while it is not over."""
        context = dict(extra_context or {})
        feed_import = self.get_object(request, object_id)
        if feed_import is not None and self.has_view_permission(request, feed_import):
            context |= _progress_of(feed_import)
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @button(
        _("Download the verdicts"),
        url_path="verdicts",
        permissions=["verdicts"],
        icon="download",
    )
    def verdicts(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """Send the verdict of every line read so far, as a file."""
        feed_import: FeedImport = self.row(request, object_id)
        return _file(verdict_lines(feed_import), f"import-{feed_import.pk}.verdicts.csv")

    def has_explanations_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those take explanations away who may read verdicts and export lists; only purchases have."""
        feed_import = self.get_object(request, object_id or "")
        return (
            feed_import is not None
            and feed_import.kind == FeedKind.PURCHASES
            and request.user.has_perms(("loyalty.view_feedchunk", MAY_EXPORT))
        )

    @button(
        _("Download the explanations"),
        url_path="explanations",
        permissions=["explanations"],
        icon="help",
    )
    def explanations(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask why, write it down, then send what became of every line, as a file for the partner."""
        feed_import: FeedImport = self.row(request, object_id)

        def make() -> tuple[HttpResponseBase, dict[str, object]]:
            file = _file(explained_lines(feed_import), f"import-{feed_import.pk}.explanations.csv")
            return file, {"lines": feed_import.read_lines}

        return send_with_reason(
            self,
            request,
            action=EXPLAINED,
            subject=feed_import,
            does=_("Download the explanations"),
            subtitle=str(feed_import),
            sentence=_(
                "The file says of each line what became of it and why, with the store and the last four"
                " digits of the card. It is meant for the partner who sent the lines."
            ),
            back=page_of(feed_import),
            make=make,
        )


def _file(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _progress_of(feed_import: FeedImport) -> dict[str, Any]:
    """Return what the page of an import shows beside its fields."""
    refused = RejectedLine.objects.filter(feed_import=feed_import).order_by("line")[:REFUSED_SHOWN]
    return {
        "feed_import": feed_import,
        "seconds_between_looks": _seconds_between_looks(feed_import),
        "failure": _failure_of(feed_import) if feed_import.attempts else "",
        "percent": feed_import.read_lines * 100 // feed_import.total_lines if feed_import.total_lines else 0,
        "read_of_total": _("%(read)s of %(total)s lines")
        % {"read": number(feed_import.read_lines), "total": number(feed_import.total_lines)},
        "refusal": refusal_sentence(feed_import.refusal, feed_import.refusal_details)
        if feed_import.refusal
        else "",
        "rejected": {
            "headers": [_("Line"), _("Reference"), _("Reason")],
            "rows": [[one.line, one.reference, sentence_for(one.reason)] for one in refused],
        },
        "all_rejected": reverse("admin:loyalty_rejectedline_changelist") + f"?feed_import={feed_import.pk}",
        "has_more_rejected": feed_import.rejected_lines > REFUSED_SHOWN,
    }


def _seconds_between_looks(feed_import: FeedImport) -> int:
    if feed_import.state not in UNFINISHED:
        return 0
    return SECONDS_BETWEEN_LOOKS_AT_FAILURES if feed_import.attempts else SECONDS_BETWEEN_LOOKS


def _failure_of(feed_import: FeedImport) -> str:
    """Say that the last attempts failed, and how the last one did."""
    return ngettext(
        "Work on this file failed once, with %(error)s. It is tried again by itself; what was imported is"
        " kept.",
        "Work on this file failed %(times)s times in a row, the last time with %(error)s. It is tried again"
        " by itself; what was imported is kept.",
        feed_import.attempts,
    ) % {"times": number(feed_import.attempts), "error": feed_import.last_error}


@admin.register(FeedChunk)
class FeedChunkAdmin(LockedAdmin):
    """Chunks of imports, each committed with its cursor."""

    list_display = ("id", "feed_link", "first_line")
    list_select_related = ("feed_import",)
    fields: ClassVar = ("feed_link", "first_line")
    readonly_fields: ClassVar = ("feed_link",)

    @admin.display(description=_("import"))
    def feed_link(self, chunk: FeedChunk) -> str:
        return link_to(chunk.feed_import)
