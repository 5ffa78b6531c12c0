"""Uploaded files are kept privately, without card numbers, imported in the background and deleted."""

import gzip
import io
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django.fixtures import Settings

from loyalty.feeds import background, uploads
from loyalty.feeds.background import run_feed_import, start_import, wake_imports
from loyalty.feeds.check import CheckedFile, check_file
from loyalty.feeds.refusals import refusal_sentence
from loyalty.feeds.source import Source
from loyalty.feeds.uploads import path_of, step_import
from loyalty.feeds.verdicts import verdict_lines
from loyalty.models import FeedImport, FeedKind, FeedState, Programme
from loyalty.tasks import run_feed_import as task_where_celery_looks
from tests.factories import NOW, Cardholder, make_user
from tests.loyalty.feeds.files import CARD_NUMBER, PURCHASE, as_csv, points
from tests.proofs import violations

ROWS = [PURCHASE | {"reference": f"P-{number}"} for number in range(7)]
GOOD = as_csv(ROWS)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep uploads in a folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path / "uploads" / "feeds"


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note which imports a worker was asked to look at, instead of sending messages."""
    rung: list[int] = []
    monkeypatch.setattr(background, "ring", lambda _task, import_id: rung.append(import_id))
    return rung


def upload(
    programme: Programme, content: bytes, *, name: str = "feed.csv", kind: str = FeedKind.PURCHASES
) -> FeedImport:
    return start_import(
        programme=programme, kind=kind, name=name, content=io.BytesIO(content), created_by=None, at=NOW
    )


def work_on(feed_import: FeedImport, *, chunks: int = 100) -> bool:
    """Do so many chunks of an import; say whether there is more to do."""
    left = iter(range(chunks - 1, -1, -1))
    return step_import(feed_import.pk, at=NOW, goes_on=lambda _import: next(left) > 0)


def test_an_upload_waits_in_a_private_file_and_rings_for_a_worker(
    programme: Programme, folder: Path, rings: list[int]
) -> None:
    staff = make_user("staff@example.com", is_staff=True)
    feed_import = start_import(
        programme=programme,
        kind=FeedKind.PURCHASES,
        name="../../lundi.csv",
        content=SimpleUploadedFile("lundi.csv", GOOD),
        created_by=staff,
        at=NOW,
    )
    assert (feed_import.state, feed_import.file_name, feed_import.created_by) == (
        "waiting",
        "lundi.csv",
        staff,
    )
    assert rings == [feed_import.pk]
    kept = path_of(feed_import)
    assert list(folder.iterdir()) == [kept]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert kept.read_bytes() == GOOD


def test_a_worker_imports_the_upload_and_deletes_it(
    programme: Programme, alice: Cardholder, folder: Path, rings: list[int]
) -> None:
    feed_import = upload(programme, GOOD)
    run_feed_import(feed_import.pk)
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.accepted_lines, feed_import.points) == (FeedState.DONE, 7, 84)
    assert feed_import.finished_at is not None
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 184
    assert list(folder.iterdir()) == []
    assert rings == [feed_import.pk]
    verdicts = b"".join(verdict_lines(feed_import)).decode().splitlines()
    assert verdicts[:2] == ["line,reference,outcome,reason,points", "2,P-0,accepted,,12"]
    assert len(verdicts) == 8
    run_feed_import(feed_import.pk)
    assert violations() == []


def test_celery_finds_the_task() -> None:
    assert task_where_celery_looks.name == "loyalty.tasks.run_feed_import"


@pytest.mark.usefixtures("alice")
def test_a_long_import_is_done_in_several_tasks(
    programme: Programme, rings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    monkeypatch.setattr(background, "SECONDS_AT_WORK", -1)
    feed_import = upload(programme, GOOD)
    read: list[int] = []
    while len(rings) > len(read):
        run_feed_import(feed_import.pk)
        feed_import.refresh_from_db()
        read.append(feed_import.read_lines)
    assert read == [3, 6, 7]
    assert feed_import.state == FeedState.DONE


@pytest.mark.usefixtures("alice", "rings")
def test_the_same_file_uploaded_again_is_all_duplicates(programme: Programme) -> None:
    work_on(upload(programme, GOOD))
    before = points()
    again = upload(programme, GOOD)
    assert not work_on(again)
    again.refresh_from_db()
    assert (again.state, again.duplicate_lines) == (FeedState.DONE, 7)
    assert points() == before


@pytest.mark.usefixtures("rings")
def test_an_upload_of_content_being_imported_goes_on_with_it_first(
    programme: Programme, alice: Cardholder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    first, second = upload(programme, GOOD), upload(programme, GOOD)
    assert work_on(first, chunks=1)
    assert work_on(second, chunks=1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.read_lines, first.state, second.state) == (6, FeedState.RUNNING, FeedState.WAITING)
    assert work_on(second)
    assert not work_on(first)
    assert not work_on(second)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.accepted_lines) == (FeedState.DONE, 7)
    assert (second.state, second.duplicate_lines) == (FeedState.DONE, 7)
    assert list(folder.iterdir()) == []
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 184


@pytest.mark.usefixtures("alice", "rings")
def test_an_upload_finishes_what_a_killed_command_began(
    programme: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    (tmp_path / "feed.csv").write_bytes(GOOD)

    def die(_feed_import: FeedImport, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loyalty.feeds.command.write_verdicts", die)
    with pytest.raises(CommandError), time_machine.travel(NOW, tick=False):
        call_command("import_purchases", str(tmp_path / "feed.csv"), programme="happy-card", as_of=NOW)
    begun = FeedImport.objects.get()
    assert begun.state == FeedState.RUNNING
    uploaded = upload(programme, GOOD)
    assert work_on(uploaded)
    begun.refresh_from_db()
    assert begun.state == FeedState.DONE


def test_card_numbers_are_masked_before_anything_is_stored(
    programme: Programme, alice: Cardholder, rings: list[int]
) -> None:
    content = as_csv([PURCHASE, PURCHASE | {"reference": "P-2", "card_token": "4970 1000 0000 0154"}])
    feed_import = upload(
        programme, content.replace(b"conforama", f"caf\xe9{CARD_NUMBER}".encode("latin-1"), 0)
    )
    stored = path_of(feed_import).read_bytes()
    assert b"4970 1000" not in stored
    assert b"[card-number-ending-0154]" in stored
    work_on(feed_import)
    feed_import.refresh_from_db()
    assert (feed_import.accepted_lines, feed_import.rejected_lines) == (1, 1)
    assert feed_import.rejections.get().reason == "full_card_number"
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 112
    assert rings == [feed_import.pk]


@pytest.mark.usefixtures("rings")
def test_a_card_number_over_the_edge_of_two_blocks_is_masked(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.source.BLOCK", 64)
    content = as_csv(
        [PURCHASE | {"reference": CARD_NUMBER}, PURCHASE | {"card_token": CARD_NUMBER}], end="\r"
    )
    feed_import = upload(programme, content + b"caf\xe9," + CARD_NUMBER.encode())
    stored = path_of(feed_import).read_bytes()
    assert CARD_NUMBER.encode() not in stored
    assert stored.count(b"[card-number-ending-0154]") == 3
    assert b"caf\xe9," in stored


@pytest.mark.usefixtures("alice", "rings")
def test_a_compressed_upload_is_kept_uncompressed(programme: Programme) -> None:
    feed_import = upload(programme, gzip.compress(GOOD), name="feed.csv.gz")
    assert path_of(feed_import).read_bytes() == GOOD
    work_on(feed_import)
    feed_import.refresh_from_db()
    assert feed_import.accepted_lines == 7


REFUSED_AT_ONCE = {
    "an Excel file": (b"PK\x03\x04" + bytes(100), "excel_file"),
    "a web page": (b"<html>", "html_file"),
    "NUL bytes": (GOOD + b"\0", "nul_byte"),
    "a zip bomb": (gzip.compress(b"a,b\n" * 8_000_000, compresslevel=1), "gzip_bomb"),
    "a line of three million bytes": (GOOD + b"x" * 3_000_000, "record_too_long"),
    "a damaged archive": (gzip.compress(GOOD)[:-4], "gzip_damaged"),
}


@pytest.mark.parametrize("name", REFUSED_AT_ONCE)
def test_what_cannot_be_a_feed_is_refused_at_once_and_not_stored(
    name: str, programme: Programme, folder: Path, rings: list[int]
) -> None:
    content, refusal = REFUSED_AT_ONCE[name]
    feed_import = upload(programme, content)
    assert (feed_import.state, feed_import.refusal) == (FeedState.REFUSED, refusal)
    assert FeedImport.objects.get() == feed_import
    assert list(folder.iterdir()) == []
    assert rings == []


def test_an_upload_that_is_too_large_is_sent_to_the_command_line(
    programme: Programme, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 100)
    feed_import = upload(programme, GOOD)
    with translation.override("en"):
        sentence = refusal_sentence(feed_import.refusal, feed_import.refusal_details)
    assert sentence == "The file is too large to upload. Import it from the command line."
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("alice", "rings")
def test_an_upload_refused_by_its_check_leaves_nothing(programme: Programme, folder: Path) -> None:
    before = points()
    feed_import = upload(programme, GOOD.replace(b"amount", b"ammount"))
    assert not work_on(feed_import)
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.refusal, feed_import.finished_at) == (
        FeedState.REFUSED, "columns_missing_and_unknown", NOW,
    )  # fmt: skip
    assert points() == before
    assert list(folder.iterdir()) == []
    assert not work_on(feed_import)


@pytest.mark.usefixtures("alice", "rings")
def test_an_upload_that_vanished_leaves_its_import_open_for_the_same_content(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    feed_import = upload(programme, GOOD)
    assert work_on(feed_import, chunks=1)
    path_of(feed_import).unlink()
    assert not work_on(feed_import)
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.refusal, feed_import.read_lines) == (
        FeedState.RUNNING, "missing_file", 3,
    )  # fmt: skip
    assert work_on(upload(programme, GOOD))
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.refusal, feed_import.accepted_lines) == (FeedState.DONE, "", 7)


def test_the_sweeper_rings_for_uploads_that_nobody_works_on(
    programme: Programme, rings: list[int], tmp_path: Path
) -> None:
    feed_import = upload(programme, GOOD)
    FeedImport.objects.create(
        programme=programme, kind=FeedKind.PURCHASES, file_name="by-command.csv", state=FeedState.RUNNING,
        business_at=NOW, created_at=NOW, moved_at=NOW,
    )  # fmt: skip
    wake_imports(NOW + timedelta(seconds=59))
    assert rings == [feed_import.pk]
    wake_imports(NOW + timedelta(seconds=60))
    assert rings == [feed_import.pk, feed_import.pk]
    assert not (tmp_path / "uploads" / "nothing").exists()


def test_the_sweeper_deletes_files_that_no_import_knows_after_a_day(
    programme: Programme, folder: Path, rings: list[int]
) -> None:
    kept = path_of(upload(programme, GOOD))
    lost, young = folder / "lost.csv", folder / "young.csv"
    for path, age in ((lost, timedelta(days=2)), (young, timedelta(hours=1)), (kept, timedelta(days=2))):
        path.touch()
        os.utime(path, times=((NOW - age).timestamp(),) * 2)
    wake_imports(NOW)
    assert sorted(folder.iterdir()) == sorted([kept, young])
    assert len(rings) == 1


def test_two_workers_that_start_the_same_import_do_it_once(
    programme: Programme, alice: Cardholder, rings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed_import = upload(programme, GOOD)

    def check_while_another_worker_does_it_all(source: Source, kind: str) -> CheckedFile:
        monkeypatch.setattr(uploads, "check_file", check_file)
        assert not work_on(feed_import)
        return check_file(source, kind)

    monkeypatch.setattr(uploads, "check_file", check_while_another_worker_does_it_all)
    assert not work_on(feed_import)
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.accepted_lines) == (FeedState.DONE, 7)
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 184
    assert len(rings) == 1
