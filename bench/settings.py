"""The portal as it runs in production, on the bench's own server, plus one empty page to compare with."""

from config.settings.local import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.local import BASE_DIR, TEMPLATES

DEBUG = False
ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LOGGING = {"version": 1, "disable_existing_loggers": True}
