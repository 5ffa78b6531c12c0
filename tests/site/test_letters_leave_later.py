"""An order does not wait for its letter, and its page says when that really left."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from core.models import OutboxMessage
from core.outbox import deliver_outbox
from rewards.models import Order
from tests.site.cast import Cast
from tests.site.reading import words_of

ORDER = "/gift-cards/gift-card-15/"


@pytest.fixture
def mute(settings: Settings) -> Iterator[socket.socket]:
    """Send mail through a server that takes connections and never says a word; return it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        settings.EMAIL_TIMEOUT = 1
        yield server


def calls_to(server: socket.socket) -> int:
    """Return how often the server was called since it was last asked."""
    calls = 0
    while True:
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            return calls
        connection.close()
        calls += 1


@pytest.fixture
def order(
    cast: Cast, alice: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Order:
    """Return an order that Alice has just placed on the site; nobody has written to her yet."""
    OutboxMessage.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        page = alice.post(ORDER, {"request_key": uuid4(), "shown_points": 1500}, follow=True)
    assert "Votre carte cadeau est prête." in words_of(page)
    return Order.objects.filter(account=cast.alice.account).latest("pk")


def test_a_mail_server_that_does_not_answer_is_not_called_while_a_member_orders(
    mute: socket.socket, order: Order
) -> None:
    message = OutboxMessage.objects.get()
    assert (calls_to(mute), message.attempts, message.payload) == (0, 0, {"order_id": order.pk})

    deliver_outbox()

    message.refresh_from_db()
    assert (calls_to(mute), message.attempts, message.last_error) == (1, 1, "SMTPServerDisconnected")
    assert message.delivered_at is None


def test_the_steps_of_an_order_say_when_its_letter_left(alice: Client, at: datetime, order: Order) -> None:
    steps = reverse("order_steps", args=[order.public_id])
    assert "Aucun e-mail envoyé pour l’instant" in words_of(alice.get(steps))

    with time_machine.travel(at + timedelta(days=2), tick=False):
        deliver_outbox()

    assert "E-mail envoyé 24 novembre 2026" in words_of(alice.get(steps))
