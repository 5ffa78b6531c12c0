"""Turns a PostgreSQL address into Django's database settings."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

# The names that Django gives to libpq's parameters; all others are passed on as options.
_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def database_from_url(url: str) -> dict[str, Any]:
    """Return Django's settings for an address such as `postgresql://user:password@host:5432/name?sslmode=require`.

    Sockets are written the libpq way: `postgresql://user@/name?host=/run/postgresql`. Raises
    ImproperlyConfigured without repeating the address, which may hold a password.
    """
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://: no other database will do.")
    try:
        parameters = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured("DATABASE_URL is not an address that PostgreSQL understands.") from error
    if not parameters.get("dbname"):
        raise ImproperlyConfigured("DATABASE_URL names no database; write it as the path of the address.")
    database: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        # One connection per thread stays open; a pool would add threads and gain nothing at a fixed number of
        # threads per process.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Lets `core.prepared` and the ledger have PostgreSQL keep the plans of their statements. Django's own
        # queries carry their values in their text and are never kept.
        "OPTIONS": {"prepare_threshold": 5},
    }
    for name, value in parameters.items():
        if name in _DJANGO_NAMES:
            database[_DJANGO_NAMES[name]] = str(value)
        else:
            database["OPTIONS"][name] = value
    return database
