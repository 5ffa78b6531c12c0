"""What production refuses to start with, each in one sentence that says what to do and repeats no secret."""

import os
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config.settings.base import INSECURE, INSECURE_ENCRYPTION_KEY

SHORTEST_SECRET = 50
FEWEST_DIFFERENT_CHARACTERS = 5
MOST_PROXIES = 5
CACHES_OF_ONE_PROCESS = ("dummy.DummyCache", "filebased.FileBasedCache", "locmem.LocMemCache")
MAILERS_WITHOUT_MAIL = ("console", "dummy", "filebased", "locmem")


def required(name: str, meaning: str) -> str:
    """Return an environment variable, or refuse to start and say what it should hold."""
    value = os.environ.get(name, "").strip()
    if not value:
        message = f"Set {name}: {meaning}."
        raise ImproperlyConfigured(message)
    return value


def whole_number(name: str, default: int) -> int:
    """Return an environment variable as a number, or refuse to start when it is none."""
    value = os.environ.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdigit()):
        message = f"{name} must be a whole number."
        raise ImproperlyConfigured(message)
    return int(value)


def proxies_in_front() -> int:
    """Return how many proxies stand in front, or refuse to start when nobody said it or it cannot be.

    Too few, and all visitors look like one and share its limits; too many, and anybody invents an address.
    """
    required("PROXIES_IN_FRONT", "how many proxies stand between visitors and this program, 0 for none")
    count = whole_number("PROXIES_IN_FRONT", 0)
    if count > MOST_PROXIES:
        message = f"PROXIES_IN_FRONT counts the proxies in front; more than {MOST_PROXIES} is hardly meant."
        raise ImproperlyConfigured(message)
    return count


def refuse_unsafe(settings: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured for the first setting that would make the portal unsafe."""
    if settings["DEBUG"]:
        raise ImproperlyConfigured("DEBUG shows secrets to visitors; production runs without it.")
    for name in ("SECRET_KEY", "GIFT_CARD_HASH_KEY"):
        _refuse_weak_secret(name, settings[name])
    _refuse_weak_encryption(settings["GIFT_CARD_ENCRYPTION_KEYS"])
    hosts = settings["ALLOWED_HOSTS"]
    if not hosts:
        raise ImproperlyConfigured("Set ALLOWED_HOSTS: the names this site answers to, separated by commas.")
    if any("*" in host for host in hosts):
        raise ImproperlyConfigured("ALLOWED_HOSTS must name each host; * would answer to any name.")
    if any(f".{kind}." in settings["EMAIL_BACKEND"] for kind in MAILERS_WITHOUT_MAIL):
        raise ImproperlyConfigured(
            "EMAIL_BACKEND must send mail; this one keeps sign-in codes on the machine."
        )
    if not settings["STAFF_SECOND_FACTOR_REQUIRED"]:
        raise ImproperlyConfigured("Staff need a second factor; only the demo does without.")
    if settings["CACHES"]["default"]["BACKEND"].endswith(CACHES_OF_ONE_PROCESS):
        raise ImproperlyConfigured(
            "The cache must be shared by all processes, or rate limits count too little."
        )


def _refuse_weak_secret(name: str, value: str) -> None:
    if value.startswith((INSECURE, "django-insecure-")):
        message = f"{name} is the one from the demo, which everybody knows; set a random one."
        raise ImproperlyConfigured(message)
    if len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_DIFFERENT_CHARACTERS:
        message = f"{name} is too short; it needs {SHORTEST_SECRET} random characters."
        raise ImproperlyConfigured(message)


def _refuse_weak_encryption(keys: list[str]) -> None:
    if not keys:
        raise ImproperlyConfigured("Set GIFT_CARD_ENCRYPTION_KEYS: Fernet keys, the newest first.")
    if INSECURE_ENCRYPTION_KEY in keys:
        raise ImproperlyConfigured(
            "GIFT_CARD_ENCRYPTION_KEYS holds the key from the demo, which everybody knows; make a new one."
        )
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                "GIFT_CARD_ENCRYPTION_KEYS holds a value that is no Fernet key (32 bytes in URL-safe base64)."
            ) from None
