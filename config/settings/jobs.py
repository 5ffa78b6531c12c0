"""Background jobs: messages are small, JSON, and may be lost, doubled or late without harm."""

import os
from pathlib import Path
from typing import Any


def broker(*, redis_url: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the broker's address and options: Redis when there is one, otherwise files in a folder."""
    if redis_url:
        return redis_url, {
            # Longer than any task; a message delivered twice is harmless but useless.
            "visibility_timeout": 3600,
            # A page that rings waits for a Redis that says nothing for a few seconds, and tries once more at
            # once; a lost ring is found by the sweeper. Workers go on looking for it by themselves.
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
            "max_retries": 1,
            "interval_start": 0,
        }
    messages, control = folder / "messages", folder / "control"
    options = {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }
    for path in (messages, control):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return "filesystem://localhost//", options


CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
# A worker that dies gives its message back; every task makes a repeat harmless.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Tasks last less than a minute by design; one that hangs is ended.
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 180
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_CONCURRENCY = int(os.environ.get("WORKER_CONCURRENCY", "2"))
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULE = {
    # A sweep that could not run within its minute is dropped; the next one finds the same work.
    "sweep": {"task": "core.tasks.sweep", "schedule": 60.0, "options": {"expires": 55}},
}
