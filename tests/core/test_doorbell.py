"""Ringing for a worker: after the commit, and never in the way of the work that it announces."""

import logging
import socket
import threading
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from config.settings.jobs import broker
from core.doorbell import ring
from tests.transactions import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db

QUEUE = "doorbell"
"""Not the one in which the rings of other tests of this process lie."""


def do_nothing() -> None:
    pass


def make_app(broker: str) -> Celery:
    app = Celery("doorbell", broker=broker, set_as_current=False)
    app.conf.task_default_queue = QUEUE
    return app


def has_a_message(app: Celery) -> bool:
    with app.connection_for_read() as connection:
        try:
            connection.SimpleQueue(QUEUE).get(block=False).ack()
        except Empty:
            return False
    return True


def test_a_broker_that_does_not_answer_is_logged_and_nothing_more(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    app = make_app("redis://127.0.0.1:1/0")
    task = app.task(name="work")(do_nothing)

    with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
        ring(task)

    assert "The broker did not take a message for work (OperationalError)." in caplog.text


def test_a_redis_that_takes_calls_and_says_nothing_does_not_hold_whoever_rings(
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address, options = broker(redis_url=f"redis://127.0.0.1:{mute.getsockname()[1]}/0", folder=tmp_path)
        app = make_app(address)
        app.conf.broker_transport_options = options
        task = app.task(name="work")(do_nothing)
        gives_up = threading.Timer(PATIENCE_SECONDS, mute.shutdown, [socket.SHUT_RDWR])
        gives_up.start()
        with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
            ring(task)
        assert gives_up.is_alive(), "Only the end of the server ended the wait."
        gives_up.cancel()

    assert "The broker did not take a message for work (OperationalError)." in caplog.text


def test_a_ring_waits_for_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    app = make_app("memory://")
    task = app.task(name="work")(do_nothing)

    with django_capture_on_commit_callbacks(execute=True):
        ring(task)
        assert not has_a_message(app)

    assert has_a_message(app)


def test_a_ring_is_dropped_with_its_transaction(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    app = make_app("memory://")
    task = app.task(name="work")(do_nothing)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        ring(task)
        transaction.set_rollback(True)

    assert not has_a_message(app)
