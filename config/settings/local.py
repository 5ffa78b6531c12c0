"""The demo and development on one machine: embedded services, and e-mail that lands in a folder."""

import os

from config import embedded
from config.database import database_from_url
from config.settings.base import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.base import ALLOWED_HOSTS, CACHES, DATA_DIR, INSTALLED_APPS
from config.settings.jobs import broker

DEMO = True
STAFF_SECOND_FACTOR_REQUIRED = False
# The second programme of the demo; browsers lead every name under localhost to this machine.
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "galeries-lafayette.localhost"]
DEBUG = os.environ.get("DEBUG") == "1"
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]

DATABASES = {"default": database_from_url(os.environ.get("DATABASE_URL") or embedded.local_cluster().url)}

REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker(redis_url=REDIS_URL, folder=DATA_DIR / "celery")

# One file per message; the demo's mailbox page shows them.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mailbox"

# Static files are served from where they are written: nothing to collect before the first start.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
