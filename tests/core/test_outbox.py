"""Messages between apps: written with the fact, left to a worker, delivered until it succeeds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from queue import Empty

import pytest
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks

from core import outbox
from core.models import OutboxMessage
from core.outbox import Message, deliver_due, deliver_next, deliver_outbox, publish, subscribe
from tests.transactions import beside, real_commits

__all__ = ["real_commits"]

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
Heard = list[tuple[object, datetime, datetime]]
Work = Callable[[], None]


@pytest.fixture(autouse=True)
def _only_topics_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_handlers", {})
    monkeypatch.setattr(outbox, "_at_once", set())


@pytest.fixture
def heard() -> Heard:
    """Return what the one handler was told: the number, when it was written and when it came."""
    heard: Heard = []

    def hear(message: Message, at: datetime) -> None:
        if message.payload["number"] < 0:
            raise OSError
        heard.append((message.payload["number"], message.written_at, at))

    subscribe("number", hear)
    return heard


@pytest.fixture
def rings() -> Iterator["Rings"]:
    """Return what is rung for from now on."""
    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue("celery")
        queue.clear()
        yield Rings(queue)
        queue.clear()


@pytest.fixture
def work(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Work:
    """Return what a worker does that is rung for."""

    def do() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            deliver_outbox()

    return do


class Rings:
    """The messages that wait in the broker for a worker."""

    def __init__(self, queue: "object") -> None:
        self.queue = queue

    def take(self) -> list[str]:
        """Return which tasks are rung for, and forget them."""
        taken: list[str] = []
        while True:
            try:
                message = self.queue.get(block=False)  # type: ignore[attr-defined] # kombu ships no types
            except Empty:
                return taken
            message.ack()
            assert message.headers["expires"]  # so that workers drop what they come to late
            taken.append(message.headers["task"])


def write(*numbers: int) -> None:
    for number in numbers:
        OutboxMessage.objects.create(topic="number", payload={"number": number}, created_at=NOW)


def numbers_of(heard: Heard) -> list[object]:
    return [number for number, _, _ in heard]


def test_whoever_publishes_rings_for_a_worker_and_does_not_wait_for_it(
    heard: Heard, rings: Rings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        publish(topic="number", payload={"number": 1}, at=NOW)
        assert rings.take() == []

    assert (heard, rings.take()) == ([], ["core.tasks.deliver_outbox"])
    assert OutboxMessage.objects.get().delivered_at is None


def test_a_handler_that_is_called_at_once_is_called_after_the_commit_without_a_worker(
    rings: Rings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[tuple[Message, datetime]] = []
    subscribe("number", lambda message, at: heard.append((message, at)), at_once=True)

    with django_capture_on_commit_callbacks(execute=True):
        publish(topic="number", payload={"number": 1}, at=NOW)
        assert heard == []

    assert (heard, rings.take()) == ([(Message({"number": 1}, NOW), NOW)], [])
    assert OutboxMessage.objects.get().delivered_at == NOW


def test_a_handler_is_told_when_the_message_was_written_and_when_it_comes(
    heard: Heard,
) -> None:
    write(1)

    assert (deliver_due(at=LATER), deliver_due(at=LATER)) == (1, 0)

    assert heard == [(1, NOW, LATER)]
    assert OutboxMessage.objects.get().delivered_at == LATER


def test_a_message_that_fails_stays_due_behind_the_others(
    heard: Heard,
) -> None:
    write(-1, 1, 2)
    assert deliver_due(at=NOW) == 2
    assert numbers_of(heard) == [1, 2]
    failed = OutboxMessage.objects.get(delivered_at=None)
    assert (failed.attempts, failed.last_error) == (1, "OSError")

    write(3)
    assert deliver_due(at=NOW, limit=1) == 1
    assert numbers_of(heard) == [1, 2, 3]

    OutboxMessage.objects.filter(pk=failed.pk).update(payload={"number": 4})
    assert deliver_due(at=LATER) == 1
    assert heard[-1] == (4, NOW, LATER)


def test_a_task_that_has_lasted_long_enough_rings_for_another(
    heard: Heard, rings: Rings, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SECONDS_AT_WORK", -1)
    write(1, 2)

    work()

    assert (numbers_of(heard), rings.take()) == ([1], ["core.tasks.deliver_outbox"])


def test_a_task_that_delivers_all_rings_for_nobody(heard: Heard, rings: Rings, work: Work) -> None:
    write(1, -1, 2)

    work()

    assert (numbers_of(heard), rings.take()) == ([1, 2], [])


def test_a_task_tries_no_more_than_ten_that_fail_and_leaves_the_rest_to_the_sweeper(
    heard: Heard, rings: Rings, work: Work
) -> None:
    write(*[-1] * 12)

    work()

    assert (heard, rings.take()) == ([], [])
    assert OutboxMessage.objects.filter(attempts=1).count() == 10


def test_a_task_that_could_deliver_some_lets_another_try_what_comes_after_those_that_failed(
    heard: Heard, rings: Rings, work: Work
) -> None:
    write(1, *[-1] * 10, 2)

    work()
    assert (numbers_of(heard), rings.take()) == ([1], ["core.tasks.deliver_outbox"])

    work()
    assert numbers_of(heard) == [1, 2]


@pytest.mark.usefixtures("real_commits")
def test_two_workers_share_what_is_due(heard: Heard) -> None:
    write(1, 2)

    second = beside(lambda: deliver_next(at=NOW, failed=set()), lambda: deliver_next(at=NOW, failed=set()))

    assert second is True
    assert numbers_of(heard) == [1, 2]
    assert not OutboxMessage.objects.filter(delivered_at=None).exists()
