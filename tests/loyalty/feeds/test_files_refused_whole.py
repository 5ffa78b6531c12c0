"""A file that cannot be trusted as a whole is refused whole: one sentence, and nothing of it is kept."""

import gzip
import os
import socket
from pathlib import Path

import pytest

from loyalty.models import FeedImport, FeedState
from tests.factories import Cardholder
from tests.loyalty.feeds.files import (
    CARD_NUMBER,
    COLUMNS,
    PURCHASE,
    as_csv,
    points,
    run_command,
    run_import,
    traces,
)

pytestmark = pytest.mark.usefixtures("alice")

GOOD = as_csv([PURCHASE, PURCHASE | {"reference": "P-2", "amount": "7.50"}])
HEADER = ",".join(COLUMNS["purchases"]).encode()
LINE = b"conforama,lyon,P-1,purchase,tok-alice,2026-11-20T10:00:00+01:00,12.50,EUR,store,\n"
EXCEL = b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml"
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)

REFUSED = {
    "empty": (b"", "empty_file", "The file is empty."),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty_file", "The file is empty."),
    "only blank lines": (b"\n\r\n\n", "empty_file", "The file is empty."),
    "a missing column": (
        GOOD.replace(b",currency", b"", 1).replace(b",EUR", b""),
        "columns_missing",
        "These columns are missing: currency.",
    ),
    "an extra column": (
        HEADER + b",colour\n" + LINE.replace(b"\n", b",red\n"),
        "columns_unknown",
        "These columns are not known: colour.",
    ),
    "a misspelled column": (
        GOOD.replace(b"amount", b"ammount"),
        "columns_missing_and_unknown",
        "These columns are missing: amount. These are not known: ammount.",
    ),
    "a column named twice": (
        HEADER.replace(b"channel", b"store") + b"\n" + LINE,
        "column_twice",
        "These columns are there twice: store.",
    ),
    "no header": (
        LINE,
        "no_header",
        f"The first line does not name the columns, which are: {', '.join(COLUMNS['purchases'])}.",
    ),
    "UTF-16 with its mark": (
        GOOD.decode().encode("utf-16"),
        "utf16_file",
        "The file is written in UTF-16. Save it as UTF-8.",
    ),
    "UTF-16 without its mark": (
        GOOD.decode().encode("utf-16-le"),
        "utf16_file",
        "The file is written in UTF-16. Save it as UTF-8.",
    ),
    "UTF-16 the other way round": (
        GOOD.decode().encode("utf-16-be"),
        "utf16_file",
        "The file is written in UTF-16. Save it as UTF-8.",
    ),
    "Latin-1": (
        GOOD.replace(b"P-2", "café".encode("latin-1")),
        "not_utf8",
        "The file is not in UTF-8: line 3 holds bytes that mean nothing there.",
    ),
    "bytes that are no UTF-8": (
        GOOD.replace(b"P-1", b"\xc3\x28"),
        "not_utf8",
        "The file is not in UTF-8: line 2 holds bytes that mean nothing there.",
    ),
    "half a character at the end": (
        GOOD + b"conforama\xc3",
        "not_utf8",
        "The file is not in UTF-8: line 4 holds bytes that mean nothing there.",
    ),
    "a NUL byte": (
        GOOD.replace(b"P-2", b"P\x002"),
        "nul_byte",
        "The file holds NUL bytes: it is damaged, or not a text.",
    ),
    "an unclosed quote": (
        GOOD.replace(b"P-2", b'"P-2'),
        "unclosed_quote",
        "A quotation mark that opens on line 3 is never closed.",
    ),
    "a quote in the wrong place": (
        GOOD.replace(b"P-2", b'"P"-2'),
        "misplaced_quote",
        "A quotation mark on line 3 stands where none may stand.",
    ),
    "semicolons": (
        GOOD.replace(b",", b";"),
        "semicolons",
        "The columns are separated by semicolons. Separate them by commas.",
    ),
    "a line of three million bytes": (
        GOOD + b"x" * 3_000_000 + b"\n",
        "record_too_long",
        "Line 4 is longer than two million bytes.",
    ),
    "an unclosed quote in a large file": (
        GOOD.replace(b"P-2", b'"P-2') + LINE * 40_000,
        "unclosed_quote",
        "A quotation mark that opens on line 3 is never closed.",
    ),
    "a last line cut off": (
        GOOD[:-25],
        "cut_off",
        "The last line, 3, is cut off: the file was not transferred whole.",
    ),
    "a trailer with another number of lines": (
        GOOD + b"TRAILER,3,20.00\n",
        "trailer_lines",
        "The TRAILER announces 3 lines, the file has 2.",
    ),
    "a trailer with another total": (
        GOOD + b"TRAILER,2,20.01\n",
        "trailer_total",
        "The TRAILER announces a total of 20.01, the amounts add up to 20.00.",
    ),
    "a trailer that is none": (
        GOOD + b"TRAILER,two,20.00\n",
        "trailer_malformed",
        "The last line must be TRAILER, the number of lines, the total of the amounts.",
    ),
    "a trailer cut off": (
        GOOD + b"TRAILER,2",
        "trailer_malformed",
        "The last line must be TRAILER, the number of lines, the total of the amounts.",
    ),
    "lines after the trailer": (
        HEADER + b"\nTRAILER,1,12.50\n" + LINE,
        "trailer_not_last",
        "Lines follow after the TRAILER on line 2.",
    ),
    "XLSX named .csv": (
        EXCEL,
        "excel_file",
        "This is an Excel or ZIP file. Save the sheet as CSV in UTF-8 and send that.",
    ),
    "XLS named .csv": (
        OLD_EXCEL,
        "excel_file",
        "This is an Excel or ZIP file. Save the sheet as CSV in UTF-8 and send that.",
    ),
    "HTML named .csv": (
        b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Sign in</body></html>",
        "html_file",
        "This is a web page, not a CSV file.",
    ),
    "PDF named .csv": (b"%PDF-1.7\n", "pdf_file", "This is a PDF document, not a CSV file."),
    "a compressed file cut off": (
        gzip.compress(GOOD)[:-9],
        "gzip_damaged",
        "The compressed file is damaged or cut off.",
    ),
    "a compressed file with a wrong checksum": (
        gzip.compress(GOOD)[:-8] + bytes(8),
        "gzip_damaged",
        "The compressed file is damaged or cut off.",
    ),
    "a compressed file with damaged content": (
        gzip.compress(GOOD)[:10] + b"\xff" * 50,
        "gzip_damaged",
        "The compressed file is damaged or cut off.",
    ),
    "a compressed Excel file": (
        gzip.compress(EXCEL),
        "excel_file",
        "This is an Excel or ZIP file. Save the sheet as CSV in UTF-8 and send that.",
    ),
    "a zip bomb": (
        gzip.compress(GOOD + LINE * 250_000),
        "gzip_bomb",
        "The compressed file holds far too much for its size.",
    ),
    "a zip bomb of one line": (
        gzip.compress(b"x" * 40_000_000),
        "record_too_long",
        "Line 1 is longer than two million bytes.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_trusted_is_refused_whole(name: str, tmp_path: Path) -> None:
    content, code, sentence = REFUSED[name]
    before = points()
    run = run_import(content, tmp_path)
    assert run.refusal == sentence
    assert points() == before
    assert traces() == {"imports": 1, "chunks": 0, "rejected lines": 0}
    refused = FeedImport.objects.get()
    assert (refused.state, refused.refusal, refused.read_lines) == (FeedState.REFUSED, code, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.csv"]


def test_a_card_number_in_the_place_of_a_column_name_is_not_repeated(tmp_path: Path) -> None:
    run = run_import(HEADER + b"," + CARD_NUMBER.encode() + b"\n" + LINE, tmp_path)
    assert CARD_NUMBER not in run.refusal
    assert "[card-number-ending-0154]" in run.refusal
    assert CARD_NUMBER not in str(FeedImport.objects.values().get())


def test_a_thousand_unknown_columns_are_not_all_named(tmp_path: Path) -> None:
    run = run_import(HEADER + b",c" * 1000 + b"\n", tmp_path)
    assert run.refusal == "These columns are there twice: c."
    run = run_import(HEADER + "".join(f",c{n}" for n in range(1000)).encode() + b"\n", tmp_path)
    assert run.refusal == (
        "These columns are not known: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, …."
    )


NOT_EVEN_READ = {
    "a file that is not there": ("nowhere.csv", "There is no file nowhere.csv."),
    "a folder": ("folder", "folder is a folder, not a file."),
    "a path that climbs to nowhere": ("../../nowhere/feed.csv", "There is no file feed.csv."),
    "a pipe": ("pipe", "pipe is not an ordinary file."),
    "a socket": ("socket", "socket is not an ordinary file."),
    "a link to itself": ("loop", "The file cannot be read: Too many levels of symbolic links."),
    "a file used as a folder": ("feed.csv/more.csv", "The file cannot be read: Not a directory."),
    "a name with a NUL": ("feed\0.csv", "The file cannot be read: the name is not a file name."),
}


@pytest.mark.parametrize("name", NOT_EVEN_READ)
def test_what_is_no_readable_file_is_refused_and_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feed.csv").write_bytes(GOOD)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        path, sentence = NOT_EVEN_READ[name]
        before = points()
        run = run_command(Path(path))
    assert run.refusal == sentence
    assert points() == before
    assert traces() == {"imports": 0, "chunks": 0, "rejected lines": 0}


def test_a_file_whose_disk_fails_is_refused() -> None:
    # Linux refuses to go to the end of this file.
    assert run_command(Path("/proc/self/mem")).refusal == "The file cannot be read: Invalid argument."


def test_a_path_that_climbs_reads_the_file_it_names_and_keeps_only_its_name(
    tmp_path: Path, alice: Cardholder
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "feed.csv").write_bytes(GOOD)
    run = run_command(tmp_path / "inner" / ".." / "feed.csv")
    assert run.counts["accepted"] == 2
    assert FeedImport.objects.get().file_name == "feed.csv"
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 119


def test_a_file_of_the_system_is_refused_for_what_it_is() -> None:
    run = run_command(Path("/etc/../etc/passwd"))
    assert run.refusal.startswith("The first line does not name the columns")
    assert not list(Path("/etc").glob("passwd.verdicts*"))
