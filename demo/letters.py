"""Keeps the letters of years past out of the mailbox: while the story is loaded they are caught in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction

from core.outbox import deliver_due

IN_MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@contextmanager
def letters_caught() -> Iterator[list[EmailMessage]]:
    """Catch what this process sends and yield the growing list of it; the mailbox gets nothing meanwhile."""
    usual_backend, usual_outbox = settings.EMAIL_BACKEND, getattr(mail, "outbox", None)
    caught: list[EmailMessage] = []
    settings.EMAIL_BACKEND = IN_MEMORY
    mail.outbox = caught
    try:
        yield caught
    finally:
        settings.EMAIL_BACKEND = usual_backend
        if usual_outbox is None:
            del mail.outbox
        else:
            mail.outbox = usual_outbox


@contextmanager
def told_at(at: datetime) -> Iterator[None]:
    """Commit what is done within together with all that follows from it at this instant, letters caught.

    No worker that runs beside the load ever sees a message of years past that is still to be delivered.
    """
    with letters_caught(), transaction.atomic():
        yield
        deliver_due(at=at)
