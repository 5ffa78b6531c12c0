"""Production: every secret comes from the environment, and an unsafe start is refused with a sentence."""

import os

from config.database import database_from_url
from config.settings.base import *  # noqa: F403 - settings are one flat namespace, kept in several files
from config.settings.jobs import broker
from config.settings.refusals import proxies_in_front, refuse_unsafe, required, whole_number

SECRET_KEY = required("SECRET_KEY", "a random text of at least 50 characters")
DEBUG = os.environ.get("DEBUG", "") not in ("", "0")
ALLOWED_HOSTS = [host.strip() for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()]
CSRF_TRUSTED_ORIGINS = [
    f"https://*{host}" if host.startswith(".") else f"https://{host}" for host in ALLOWED_HOSTS
]

GIFT_CARD_HASH_KEY = required("GIFT_CARD_HASH_KEY", "a random text of at least 50 characters")
GIFT_CARD_ENCRYPTION_KEYS = [
    key.strip()
    for key in required(
        "GIFT_CARD_ENCRYPTION_KEYS", "Fernet keys separated by commas, the newest first"
    ).split(",")
    if key.strip()
]

DATABASES = {
    "default": database_from_url(
        required("DATABASE_URL", "the address of the PostgreSQL server, postgresql://…")
    )
}
REDIS_URL = required("REDIS_URL", "the address of the Redis server, redis://…")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker(redis_url=REDIS_URL, folder=DATA_DIR)  # noqa: F405 - comes from base

EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = whole_number("EMAIL_PORT", 587)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "1") == "1"
EMAIL_TIMEOUT = 20

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
# Whether browsers ship with the name of the site's whole domain is for its owner to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_SSL_REDIRECT = True
SESSION_COOKIE_NAME = "__Host-sessionid"
SESSION_COOKIE_SECURE = True
KNOWN_BROWSER_COOKIE_NAME = "__Host-known_browser"
TRUSTED_DEVICE_COOKIE_NAME = "__Host-trusted_device"
STAFF_SECOND_FACTOR_REQUIRED = os.environ.get("STAFF_SECOND_FACTOR_REQUIRED", "1") not in ("", "0")
# Only a proxy that removes these headers from what comes from outside may be trusted with them.
PROXIES_IN_FRONT = proxies_in_front()
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES_IN_FRONT
if PROXIES_IN_FRONT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

refuse_unsafe(globals())
SITE_ADDRESS = f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
