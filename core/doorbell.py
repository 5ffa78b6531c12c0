"""Asking a worker to look at something soon. The work stands in a table: a ring may be lost or doubled."""

import logging
from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)


def ring(task: "Task[..., object]", *arguments: int | str) -> None:
    """Send the task's message once the current transaction has committed, at once when there is none.

    A broker that does not answer is logged and nothing more: the sweeper finds the work within a minute or
    two.
    """
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: "Task[..., object]", arguments: tuple[int | str, ...]) -> None:
    try:
        task.apply_async(args=arguments, retry=False)
    except Exception as error:  # noqa: BLE001 - a doorbell that is out of order never harms the work it announces
        logger.warning("The broker did not take a message for %s (%s).", task.name, type(error).__name__)
