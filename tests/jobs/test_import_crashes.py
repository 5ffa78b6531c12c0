"""Whoever works on an upload is killed in the middle: the next one goes on where the last chunk left it."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from loyalty.feeds import background
from loyalty.feeds.background import run_feed_import, start_import, wake_imports
from loyalty.feeds.chunks import LINES_AT_ONCE
from loyalty.ledger.locks import lock_accounts
from loyalty.models import FeedImport, FeedKind, FeedState
from tests.factories import Cardholder, make_cardholder, make_programme
from tests.jobs.conftest import Machine, wait_until
from tests.loyalty.feeds.files import PURCHASE, as_csv
from tests.proofs import violations
from tests.transactions import wait_until_blocked, wait_until_programs_left

pytestmark = pytest.mark.usefixtures("real_commits")

LINES = LINES_AT_ONCE + 100


@pytest.fixture
def rings(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Keep uploads where the workers find them, and note who is rung for instead of sending messages."""
    monkeypatch.setenv("UPLOADS_FOLDER", str(tmp_path))
    settings.MEDIA_ROOT = tmp_path
    rung: list[int] = []
    monkeypatch.setattr(background, "ring", lambda _task, import_id: rung.append(import_id))
    return rung


def upload_purchases() -> tuple[FeedImport, Cardholder]:
    """Upload a chunk of purchases of Alice and some of Bob, who stand in the second chunk; return Bob too."""
    programme = make_programme()
    make_cardholder(programme, token="tok-alice")  # noqa: S106 - a card token, no password
    bob = make_cardholder(programme, token="tok-bob")  # noqa: S106 - a card token, no password
    rows = [
        PURCHASE
        | {"reference": f"P-{number}", "card_token": "tok-alice" if number < LINES_AT_ONCE else "tok-bob"}
        for number in range(LINES)
    ]
    feed_import = start_import(
        programme=programme,
        kind=FeedKind.PURCHASES,
        name="feed.csv",
        content=io.BytesIO(as_csv(rows)),
        created_by=None,
        at=timezone.now(),
    )
    return feed_import, bob


def test_an_upload_is_finished_after_its_worker_was_killed(on_files: Machine, rings: list[int]) -> None:
    feed_import, bob = upload_purchases()
    worker = on_files.start_worker()
    with transaction.atomic():
        lock_accounts([bob.account.pk])
        on_files.send(run_feed_import, feed_import.pk)
        wait_until_blocked(1)
        on_files.kill(worker)
    wait_until_programs_left()
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.read_lines) == (FeedState.RUNNING, LINES_AT_ONCE)

    wake_imports(timezone.now() + timedelta(minutes=2))
    assert rings == [feed_import.pk, feed_import.pk]
    on_files.start_worker()
    on_files.send(run_feed_import, feed_import.pk)
    wait_until(FeedImport.objects.filter(state=FeedState.DONE).exists, "The next worker did not finish.")

    feed_import.refresh_from_db()
    assert (feed_import.accepted_lines, feed_import.points) == (LINES, 12 * LINES)
    bob.account.refresh_from_db()
    assert bob.account.balance_points == 12 * (LINES - LINES_AT_ONCE)
    assert violations() == []


def test_two_workers_told_of_one_upload_do_no_line_twice(on_files: Machine, rings: list[int]) -> None:
    feed_import, bob = upload_purchases()
    for _ in range(4):
        on_files.send(run_feed_import, feed_import.pk)
    on_files.start_worker()
    on_files.start_worker()
    wait_until(FeedImport.objects.filter(state=FeedState.DONE).exists, "No worker finished the import.")
    wait_until(lambda: not list(on_files.folder.glob("messages/*")), "The doubled messages were not read.")
    feed_import.refresh_from_db()
    assert (feed_import.accepted_lines, feed_import.points) == (LINES, 12 * LINES)
    bob.account.refresh_from_db()
    assert bob.account.balance_points == 12 * (LINES - LINES_AT_ONCE)
    assert rings == [feed_import.pk]
    assert violations() == []
