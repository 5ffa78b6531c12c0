"""The tests: real PostgreSQL, e-mail in memory, and no message leaves the process unless a test asks."""

import os

from config.database import database_from_url
from config.settings.base import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.base import INSTALLED_APPS

DEMO = True
# The tests of that rule switch it on; all others would set up a second factor for every member of staff.
STAFF_SECOND_FACTOR_REQUIRED = False
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

# The test plugin starts a throw-away server and sets its address; the type checker needs none.
DATABASES = {"default": database_from_url(os.environ.get("DATABASE_URL") or "postgresql:///portal")}

CELERY_BROKER_URL = "memory://"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Sign-ins by the hundred: the slow hash is tested by Django itself.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = None
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
