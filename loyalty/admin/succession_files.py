"""The files of a succession: each account, the months of expiry, and what letters to members need."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from core.admin import page_of
from core.admin_exports import MAY_EXPORT, csv_file, send_with_reason
from loyalty.models import Succession
from loyalty.succession.account_file import account_columns, account_rows
from loyalty.succession.figures import Figures
from loyalty.succession.files import LETTER_COLUMNS, MONTH_COLUMNS, has_files, letter_rows, month_rows

MAY_SEE_CONTACTS = "members.see_contact_details"

PARTS: Mapping[str, str | Promise] = {
    "accounts": gettext_lazy("Each account, to the point"),
    "months": gettext_lazy("Opening lots by month of expiry"),
    "letters": gettext_lazy("Letters to members: addresses, old and new points"),
}


class SuccessionFiles:
    """The pages that ask why and send a file, below the page of the succession."""

    def get_urls(self: Any) -> list[URLPattern]:
        """Add the files."""
        page = path(
            "<path:object_id>/file/<str:part>/",
            self.admin_site.admin_view(self.file_view),
            name="loyalty_succession_file",
        )
        return [page, *super().get_urls()]  # type: ignore[misc] # a mixin: the admin page comes after it

    def files_for(self, request: HttpRequest, succession: Succession) -> list[tuple[str, str]]:
        """Return the names and addresses of the files that the person may take away.

        None of one that is abandoned or reversed: nobody is told of points that never move.
        """
        return [
            (str(name), reverse("admin:loyalty_succession_file", args=[succession.pk, part]))
            for part, name in PARTS.items()
            if _may_take(request, succession, part)
        ]

    def file_view(self: Any, request: HttpRequest, object_id: str, part: str) -> HttpResponseBase:
        """Ask why, then send the file; what is sent is written down before its first row leaves."""
        if part not in PARTS:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        succession: Succession = self.row(request, object_id)
        if not _may_take(request, succession, part):
            raise PermissionDenied
        headings = [str(one) for one in _columns(succession, part).values()]

        def make() -> tuple[HttpResponseBase, dict[str, object]]:
            file_name = f"succession-{succession.pk}-{part}-{timezone.localdate():%Y-%m-%d}.csv"
            return csv_file(file_name, headings, _rows(succession, part)), {"table": part}

        return send_with_reason(
            self,
            request,
            action="succession.letters" if part == "letters" else "succession.exported",
            subject=succession,
            subtitle=str(PARTS[part]),
            sentence=_("The file has these columns: %(columns)s.") % {"columns": ", ".join(headings)},
            back=page_of(succession),
            make=make,
        )


def _may_take(request: HttpRequest, succession: Succession, part: str) -> bool:
    may = has_files(succession) and request.user.has_perm(MAY_EXPORT)
    return may and (part != "letters" or request.user.has_perm(MAY_SEE_CONTACTS))


def _columns(succession: Succession, part: str) -> Mapping[str, StrOrPromise]:
    if part == "accounts":
        return account_columns(succession)
    return LETTER_COLUMNS if part == "letters" else MONTH_COLUMNS


def _rows(succession: Succession, part: str) -> Iterator[Sequence[object]]:
    if part == "months":
        return month_rows(Figures.of_json(succession.rehearsal))
    rows = letter_rows if part == "letters" else account_rows
    return rows(succession, at=timezone.now())
