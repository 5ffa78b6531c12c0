"""Files that look unusual and are sound: each counts exactly as the plain one does."""

import gzip
from pathlib import Path

import pytest

from loyalty.models import FeedImport
from tests.factories import Cardholder
from tests.loyalty.feeds.files import COLUMNS, PURCHASE, as_csv, points, run_command, run_import
from tests.proofs import violations

pytestmark = pytest.mark.usefixtures("alice")

ROWS = [
    PURCHASE,
    PURCHASE | {"reference": "P-2", "amount": "7.5"},
    PURCHASE | {"reference": "P-3", "amount": "8"},
]
GOOD = as_csv(ROWS)
BACKWARDS = "\n".join(
    ",".join(fields)
    for fields in [
        list(reversed(COLUMNS["purchases"])),
        *([row[column] for column in reversed(COLUMNS["purchases"])] for row in ROWS),
    ]
).encode()
MIXED = GOOD.replace(b"\n", b"\r\n", 1).replace(b"\nconforama,lyon,P-3", b"\rconforama,lyon,P-3")

FINE = {
    "plain": GOOD,
    "columns in another order": BACKWARDS,
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
    "CR": GOOD.replace(b"\n", b"\r"),
    "CRLF, CR and LF mixed": MIXED,
    "no end after the last line": GOOD[:-1],
    "blank lines": GOOD.replace(b"\n", b"\n\n\r\n") + b"\n\n",
    "every field quoted": b"\n".join(
        b",".join(b'"' + field + b'"' for field in line.split(b",")) for line in GOOD.splitlines()
    ),
    "spaces around the fields": GOOD.replace(b",", b" , "),
    "a trailer": GOOD + b"TRAILER,3,28.00\n",
    "a trailer without its second decimal, nor an end": GOOD + b"TRAILER,3,28.0",
    "a trailer that a spreadsheet filled up": GOOD + b"TRAILER,3,28,,,,,,,\r\n",
    "compressed": gzip.compress(GOOD),
    "compressed in two parts": gzip.compress(GOOD[:100]) + gzip.compress(GOOD[100:]),
}


@pytest.mark.parametrize("name", FINE)
def test_a_sound_file_counts_as_the_plain_one(name: str, tmp_path: Path, alice: Cardholder) -> None:
    run = run_import(FINE[name], tmp_path)
    assert run.counts == {
        "read": 3, "accepted": 3, "duplicate": 0, "parked": 0, "rejected": 0, "points": 27
    }  # fmt: skip
    assert [(row["reference"], row["points"]) for row in run.verdicts] == [
        ("P-1", "12"),
        ("P-2", "7"),
        ("P-3", "8"),
    ]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 127
    assert violations() == []


def test_the_digest_is_that_of_the_uncompressed_content(tmp_path: Path, alice: Cardholder) -> None:
    run_import(GOOD, tmp_path)
    run = run_import(gzip.compress(GOOD), tmp_path, name="again.csv.gz")
    assert run.outcomes == [("duplicate", "already_recorded")] * 3
    plain, compressed = FeedImport.objects.order_by("pk")
    assert plain.sha256 == compressed.sha256
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 127


def test_lines_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    first, second, third, fourth = GOOD.splitlines()
    two_lines = second.replace(b"P-1", b'"P\n-1"')
    content = b"\n".join([first, b"", two_lines, third, b"", fourth])
    run = run_import(content, tmp_path)
    assert [row["line"] for row in run.verdicts] == ["3", "5", "7"]


def test_a_header_alone_is_fine_and_says_so(tmp_path: Path) -> None:
    before = points()
    run = run_import(as_csv([]), tmp_path)
    assert run.counts == dict.fromkeys(run.counts, 0)
    assert run.notes == "The file has a header and no lines.\n"
    assert run.verdicts == []
    assert points() == before


def test_a_header_and_a_trailer_alone_are_fine(tmp_path: Path) -> None:
    run = run_import(as_csv([]) + b"TRAILER,0,0.00\n", tmp_path)
    assert run.counts["read"] == 0


def test_a_bad_amount_refuses_its_line_and_not_the_trailer(tmp_path: Path) -> None:
    content = as_csv([PURCHASE, PURCHASE | {"reference": "P-2", "amount": "7,50"}])
    run = run_import(content + b"TRAILER,2,20.00\n", tmp_path)
    assert run.outcomes == [("accepted", ""), ("rejected", "malformed_amount")]


def test_a_partner_called_trailer_is_a_partner(tmp_path: Path) -> None:
    run = run_import(as_csv([PURCHASE | {"partner": "TRAILER"}]), tmp_path)
    assert run.outcomes == [("rejected", "unknown_partner")]


def test_only_purchases_have_a_trailer(tmp_path: Path) -> None:
    run = run_import(as_csv([], "stores") + b"TRAILER,0,0\n", tmp_path, kind="stores")
    assert run.outcomes == [("rejected", "wrong_field_count")]


def test_yesterdays_name_with_new_content_is_a_new_file(tmp_path: Path, alice: Cardholder) -> None:
    run_import(as_csv(ROWS[:1]), tmp_path)
    run = run_import(as_csv(ROWS[1:]), tmp_path)
    assert run.outcomes == [("accepted", ""), ("accepted", "")]
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 127


def test_yesterdays_content_under_a_new_name_is_all_duplicates(tmp_path: Path) -> None:
    run_import(GOOD, tmp_path, name="monday.csv")
    before = points()
    run = run_import(GOOD, tmp_path, name="tuesday.csv")
    assert run.outcomes == [("duplicate", "already_recorded")] * 3
    assert points() == before


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    run_import(GOOD, tmp_path)
    before = points()
    run = run_command(tmp_path / "feed.csv")
    assert run.counts == {
        "read": 3, "accepted": 0, "duplicate": 3, "parked": 0, "rejected": 0, "points": 0
    }  # fmt: skip
    assert points() == before
