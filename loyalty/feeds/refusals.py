"""Why a file is refused as a whole: a stable code and a sentence in the reader's language."""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

SENTENCES = {
    "missing_file": _("There is no file %(name)s."),
    "is_folder": _("%(name)s is a folder, not a file."),
    "not_a_file": _("%(name)s is not an ordinary file."),
    "unreadable": _("The file cannot be read: %(problem)s."),
    "empty_file": _("The file is empty."),
    "excel_file": _("This is an Excel or ZIP file. Save the sheet as CSV in UTF-8 and send that."),
    "html_file": _("This is a web page, not a CSV file."),
    "pdf_file": _("This is a PDF document, not a CSV file."),
    "utf16_file": _("The file is written in UTF-16. Save it as UTF-8."),
    "not_utf8": _("The file is not in UTF-8: line %(line)s holds bytes that mean nothing there."),
    "nul_byte": _("The file holds NUL bytes: it is damaged, or not a text."),
    "gzip_damaged": _("The compressed file is damaged or cut off."),
    "gzip_bomb": _("The compressed file holds far too much for its size."),
    "unclosed_quote": _("A quotation mark that opens on line %(line)s is never closed."),
    "misplaced_quote": _("A quotation mark on line %(line)s stands where none may stand."),
    "record_too_long": _("Line %(line)s is longer than two million bytes."),
    "semicolons": _("The columns are separated by semicolons. Separate them by commas."),
    "no_header": _("The first line does not name the columns, which are: %(columns)s."),
    "column_twice": _("These columns are there twice: %(columns)s."),
    "columns_missing": _("These columns are missing: %(columns)s."),
    "columns_unknown": _("These columns are not known: %(columns)s."),
    "columns_missing_and_unknown": _(
        "These columns are missing: %(columns)s. These are not known: %(unknown)s."
    ),
    "wrong_fields": _("Line %(line)s has another number of fields than the first line."),
    "full_card_number": _("What looks like a full card number stands on line %(line)s; it must not be kept."),
    "cut_off": _("The last line, %(line)s, is cut off: the file was not transferred whole."),
    "trailer_malformed": _("The last line must be TRAILER, the number of lines, the total of the amounts."),
    "trailer_not_last": _("Lines follow after the TRAILER on line %(line)s."),
    "trailer_lines": _("The TRAILER announces %(announced)s lines, the file has %(found)s."),
    "trailer_total": _("The TRAILER announces a total of %(announced)s, the amounts add up to %(found)s."),
    "file_changed": _("The file changed while it was read. What was imported is kept."),
    "upload_too_large": _("The file is too large to upload. Import it from the command line."),
}


class FeedRefused(DomainError):
    """The file as a whole is not trusted; nothing of it was kept."""

    code: ClassVar[str] = "feed_refused"

    def __init__(self, refusal: str, **details: str | int) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.details = details

    @property
    def sentence(self) -> str:
        """Why, in the active language."""
        return refusal_sentence(self.refusal, self.details)


def refusal_sentence(refusal: str, details: Mapping[str, object]) -> str:
    """Return the sentence for a stored refusal, in the active language."""
    return str(SENTENCES[refusal]) % details
