"""A step of an uploaded import that fails is noted, and tried again by itself, later each time."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import DjangoCaptureOnCommitCallbacks as Capture
from pytest_django.fixtures import Settings

from loyalty.feeds import background
from loyalty.feeds.background import run_feed_import, start_import, wake_imports
from loyalty.feeds.uploads import path_of
from loyalty.models import FeedImport, FeedKind, FeedState, Programme
from tests.factories import NOW, Cardholder, make_cardholder, make_programme
from tests.loyalty.feeds.files import PURCHASE, as_csv, points, run_import
from tests.proofs import violations
from tests.tampering import full_disk_under
from tests.transactions import real_commits

__all__ = ["real_commits"]

GOOD = as_csv([PURCHASE | {"reference": f"P-{number}"} for number in range(7)])
DISK_FULL = "OperationalError"


@pytest.fixture(autouse=True)
def _uploads_of_this_test(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"


def upload(programme: Programme) -> FeedImport:
    return start_import(
        programme=programme,
        kind=FeedKind.PURCHASES,
        name="feed.csv",
        content=io.BytesIO(GOOD),
        created_by=None,
        at=NOW,
    )


def failures(feed_import: FeedImport) -> tuple[int, str]:
    feed_import.refresh_from_db()
    return feed_import.attempts, feed_import.last_error


def test_a_failing_step_leaves_the_kind_of_its_error_and_no_line(
    programme: Programme, alice: Cardholder, django_capture_on_commit_callbacks: Capture
) -> None:
    feed_import, before = upload(programme), points()

    with full_disk_under("loyalty_feedchunk"), django_capture_on_commit_callbacks() as rung:
        run_feed_import(feed_import.pk)

    assert failures(feed_import) == (1, DISK_FULL)
    assert (feed_import.state, feed_import.read_lines, len(rung)) == (FeedState.RUNNING, 0, 0)
    assert points() == before
    alice.account.refresh_from_db()
    assert alice.account.balance_points == 100


@pytest.mark.usefixtures("alice")
def test_the_sweeper_waits_longer_after_each_failing_step_until_one_succeeds(
    programme: Programme, django_capture_on_commit_callbacks: Capture
) -> None:
    feed_import, at = upload(programme), NOW
    with full_disk_under("loyalty_feedchunk"):
        for times, minutes in enumerate((1, 2, 4, 8, 16, 32, 60, 60), start=1):
            with time_machine.travel(at, tick=False):
                run_feed_import(feed_import.pk)
            assert failures(feed_import) == (times, DISK_FULL)
            at += timedelta(minutes=minutes)
            with django_capture_on_commit_callbacks() as early:
                wake_imports(at - timedelta(seconds=1))
            with django_capture_on_commit_callbacks() as rung:
                wake_imports(at)
            assert (len(early), len(rung)) == (0, 1)

    run_feed_import(feed_import.pk)

    assert failures(feed_import) == (0, "")
    assert (feed_import.state, feed_import.accepted_lines) == (FeedState.DONE, 7)
    assert violations() == []


def test_a_file_that_is_refused_in_the_end_is_refused_and_not_failing(programme: Programme) -> None:
    feed_import = upload(programme)
    FeedImport.objects.update(attempts=2, last_error=DISK_FULL)
    path_of(feed_import).unlink()

    run_feed_import(feed_import.pk)

    assert failures(feed_import) == (0, "")
    assert feed_import.state == FeedState.REFUSED


@pytest.mark.usefixtures("alice")
def test_a_chunk_that_succeeds_begins_the_count_anew(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    feed_import = upload(programme)
    with full_disk_under("loyalty_feedchunk"):
        for _ in range(3):
            run_feed_import(feed_import.pk)
    assert failures(feed_import) == (3, DISK_FULL)

    with full_disk_under("loyalty_feedchunk", when="NEW.first_line > 4"):
        run_feed_import(feed_import.pk)

    assert failures(feed_import) == (1, DISK_FULL)
    assert feed_import.read_lines == 3


@pytest.mark.usefixtures("alice")
def test_an_upload_that_goes_on_with_the_import_of_another_begins_its_count_anew_as_well(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 3)
    monkeypatch.setattr(background, "SECONDS_AT_WORK", -1)
    first, second = upload(programme), upload(programme)
    run_feed_import(first.pk)
    with full_disk_under("loyalty_feedchunk"):
        run_feed_import(second.pk)
    assert (failures(first), failures(second)) == ((0, ""), (1, DISK_FULL))

    run_feed_import(second.pk)

    assert (failures(first), failures(second)) == ((0, ""), (0, ""))
    assert (first.read_lines, second.state) == (6, FeedState.WAITING)


@pytest.mark.usefixtures("real_commits")
def test_an_import_that_could_not_be_closed_is_closed_by_whoever_comes_next(tmp_path: Path) -> None:
    programme = make_programme()
    make_cardholder(programme, token="tok-alice")  # noqa: S106 - a card token, no password
    feed_import = upload(programme)
    with full_disk_under("loyalty_feedimport", event="UPDATE", when="NEW.state = 'done'"):
        for times in (1, 2):
            run_feed_import(feed_import.pk)
            assert failures(feed_import) == (times, DISK_FULL)
    assert (feed_import.state, feed_import.accepted_lines) == (FeedState.RUNNING, 7)

    told = run_import(GOOD, tmp_path)

    assert (told.counts["accepted"], told.counts["duplicate"]) == (7, 0)
    assert failures(feed_import) == (0, "")
    assert FeedImport.objects.get().state == FeedState.DONE
    assert violations() == []


def test_an_import_that_is_over_keeps_no_failure_of_a_message_that_came_late(
    programme: Programme, alice: Cardholder
) -> None:
    assert alice.account.pk
    feed_import = upload(programme)
    run_feed_import(feed_import.pk)

    with full_disk_under("loyalty_feedchunk"):
        run_feed_import(feed_import.pk)

    assert failures(feed_import) == (0, "")
    assert feed_import.state == FeedState.DONE
