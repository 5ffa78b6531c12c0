"""The settings of the workers and schedulers that the tests start: those of the tests, with a real broker."""

import os
from pathlib import Path

from config.settings.jobs import broker
from config.settings.test import *  # noqa: F403 - settings are one flat namespace, kept in several files

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker(
    redis_url=os.environ.get("REDIS_URL", ""), folder=Path(os.environ["BROKER_FOLDER"])
)
CELERY_WORKER_CONCURRENCY = 1
# A scheduler that sweeps each second shows in a moment what takes minutes otherwise.
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "core.tasks.sweep", "schedule": 1.0, "options": {"expires": 55}}}
