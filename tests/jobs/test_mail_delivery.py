"""E-mail leaves through a real SMTP conversation."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.core.mail import send_mail
from pytest_django import Settings


class Mailbox(Message):
    """Keeps what the server accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[EmailMessage] = []

    def handle_message(self, message: object) -> None:
        """Keep one message as its reader would see it."""
        parsed = message_from_bytes(bytes(message), policy=policy.default)  # type: ignore[call-overload] # aiosmtpd ships no types
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    handler = Mailbox()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield handler
    server.stop()


def test_a_message_reaches_an_smtp_server_with_its_accents(mailbox: Mailbox) -> None:
    sent = send_mail(
        "Votre carte cadeau est arrivée", "Bonjour Zoé,\n\n15 € vous attendent.", None, ["zoe@example.com"]
    )

    assert sent == 1
    (message,) = mailbox.messages
    assert (message["Subject"], message["To"]) == ("Votre carte cadeau est arrivée", "zoe@example.com")
    assert message["From"] == "Happy Card <contact@happycard.example>"
    assert "15 € vous attendent." in message.get_content()
