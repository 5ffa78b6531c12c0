"""The Celery application.

Redis, or a folder when there is none, is only a doorbell: what is due stands in PostgreSQL, and the sweeper
finds it again when a message is lost.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
