"""What tasks have in common that work on a row, step by step, for some seconds at a time."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from core.doorbell import ring

if TYPE_CHECKING:
    from celery import Task

SECONDS_AT_WORK = 15
"""A task that has more to do after so long rings for another, so that workers can be stopped at any time."""


def work_on(row_id: int, step: Callable[[], bool], *, task: "Task[..., object]") -> None:
    """Do steps as long as each says that there is more to do; after some seconds ring for another task."""
    started = monotonic()
    while step():
        if monotonic() - started > SECONDS_AT_WORK:
            ring(task, row_id)
            return
