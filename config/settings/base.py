"""What is true wherever the portal runs. It reads no file, starts nothing and needs no network."""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from config.content_policy import SITE_POLICY
from config.settings.accounts import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.admin import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.jobs import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.staff import *  # noqa: F403 - settings are one flat namespace, kept in several files

# Before any app is read: some of Django's classes take type parameters only from here on.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("PORTAL_DATA") or BASE_DIR / ".data").resolve()

# Values that start with this word are known to everybody; production refuses them.
INSECURE = "insecure-"
SECRET_KEY = INSECURE + "known-to-everybody-and-only-good-for-the-demo-and-the-tests"
GIFT_CARD_HASH_KEY = INSECURE + "hash-key-known-to-everybody"
# Fernet keys, the newest first: it encrypts, all of them decrypt.
INSECURE_ENCRYPTION_KEY = "aW5zZWN1cmUtZ2lmdC1jYXJkLWVuY3J5cHRpb24ta2U="
GIFT_CARD_ENCRYPTION_KEYS = [INSECURE_ENCRYPTION_KEY]

DEBUG = False
DEMO = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "core",
    "members",
    "partners",
    "loyalty",
    "rewards",
    "campaigns",
    "information",
    "helpdesk",
    "unfold.apps.BasicAppConfig",
    "config.admin_app.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.content_policy.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "loyalty.middleware.SiteMiddleware",
    "members.security.middleware.LastSeenMiddleware",
    "members.security.middleware.StaffSecondFactorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "loyalty.context.site",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LANGUAGE_CODE = "fr"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "Europe/Paris"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Uploaded feeds and their verdicts. Nothing here is ever served by address; views check who asks.
MEDIA_ROOT = Path(os.environ.get("UPLOADS_FOLDER") or DATA_DIR / "uploads")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

CACHES: dict[str, dict[str, Any]] = {
    # Shared by all processes, so that rate limits count once; no Redis is needed.
    # It holds many addresses and references at once: forgetting some early would grant them more attempts.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

# Where letters point to when a programme names no host of its own.
SITE_ADDRESS = f"http://localhost:{os.environ.get('PORT') or 8000}"
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Happy Card <contact@happycard.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

CONTENT_SECURITY_POLICY = {"DIRECTIVES": SITE_POLICY}
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.SafeFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would write around the formatter above, or send pages by e-mail.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.beat": {"level": "WARNING"},
        # Each passkey is told by a number; it belongs to its owner, not into the logs.
        "fido2": {"level": "WARNING"},
    },
}
