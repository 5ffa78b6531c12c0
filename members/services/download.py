"""All personal data of a member in one file: a page to read, a table for each kind and the same for machines.

Rows are written as they are read, so memory does not grow with the member's past; a large file goes to disk.
"""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.template.loader import render_to_string
from django.utils.translation import get_language

from core.audit import record_action
from members.models import Member, User
from members.personal_data import Row, Section, sections_about

PERSONAL_DATA_DOWNLOADED = "member.personal_data_downloaded"
KEPT_IN_MEMORY = 1024 * 1024
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def pack_personal_data(*, member: Member, actor: User, at: datetime, reason: str = "") -> IO[bytes]:
    """Return a ZIP file, at its start, with all that is held about the member; write down who asked for it.

    Each call reads everything anew. Codes, tokens and full card numbers are never in it.
    """
    record_action(actor=actor, action=PERSONAL_DATA_DOWNLOADED, subject=member, reason=reason, at=at)
    packed = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - the response closes it
    sections = list(sections_about(member))
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        counts = [_write_table(archive, section) for section in sections]
        _write_json(archive, sections)
        page = render_to_string(
            "members/profile/data_file.html",
            {
                "member": member,
                "parts": list(zip(sections, counts, strict=True)),
                "person": list(sections[0].rows()),
                "at": at,
                "language": get_language(),
            },
        )
        archive.writestr("index.html", page)
    packed.seek(0)
    return packed


def _write_table(archive: ZipFile, section: Section) -> int:
    """Write the section for people and their spreadsheets; return how many rows it has."""
    count = 0
    with archive.open(f"{section.name}.csv", "w") as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        table = csv.writer(text)
        table.writerow(section.columns)
        for row in section.rows():
            table.writerow([_harmless(value) for value in row])
            count += 1
        text.flush()
        text.detach()
    return count


def _harmless(value: str | int | bool | None) -> str | int | bool | None:  # noqa: FBT001 - a cell of a table
    """Return a value that no spreadsheet takes for a formula; the file for machines has it as it is."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def _write_json(archive: ZipFile, sections: Iterable[Section]) -> None:
    with archive.open("data.json", "w") as raw:
        raw.write(b"{")
        for place, section in enumerate(sections):
            raw.write(("," if place else "").encode() + f"\n{json.dumps(section.name)}: [".encode())
            _write_rows(raw, section.columns, section.rows())
            raw.write(b"]")
        raw.write(b"\n}\n")


def _write_rows(raw: IO[bytes], columns: Iterable[str], rows: Iterable[Row]) -> None:
    names = list(columns)
    for place, row in enumerate(rows):
        line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        raw.write(((",\n" if place else "\n") + line).encode())
