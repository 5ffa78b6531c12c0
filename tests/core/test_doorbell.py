"""Ringing for a worker: after the commit, and never in the way of the work that it announces."""

import logging
from queue import Empty

import pytest
from celery import Celery
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.doorbell import ring

pytestmark = pytest.mark.django_db


def do_nothing() -> None:
    pass


def make_app(broker: str) -> Celery:
    return Celery("doorbell", broker=broker, set_as_current=False)


def has_a_message(app: Celery) -> bool:
    with app.connection_for_read() as connection:
        try:
            connection.SimpleQueue("celery").get(block=False).ack()
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
