"""Production starts with safe settings and refuses each unsafe one in one sentence that repeats no secret."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config.settings.base import GIFT_CARD_ENCRYPTION_KEYS, GIFT_CARD_HASH_KEY, SECRET_KEY
from config.settings.refusals import refuse_unsafe

ROOT = Path(__file__).resolve().parent.parent.parent
RANDOM = "q7Zr2Lw9Xc4Vb8Nm1Kj6Hg3Fd5Sa0Po7Iu2Yt9Re4Wq8Zx1Cv6Bn3Ml5"
SAFE = {
    "SECRET_KEY": RANDOM,
    "GIFT_CARD_HASH_KEY": RANDOM[::-1],
    "GIFT_CARD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgresql://portal:hidden-password@db.example/portal?sslmode=require",
    "REDIS_URL": "redis://cache.example/0",
    "ALLOWED_HOSTS": "points.example, www.points.example",
    "EMAIL_HOST": "mail.example",
    "PROXIES_IN_FRONT": "0",
}


def production(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> dict[str, Any]:
    """Read the production settings in an environment that is safe but for some changes."""
    for name, value in (SAFE | changes).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return runpy.run_module("config.settings.production")


def test_safe_settings_start(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch)
    assert settings["DEBUG"] is False
    assert settings["DEMO"] is False
    assert "demo" not in settings["INSTALLED_APPS"]
    assert settings["ALLOWED_HOSTS"] == ["points.example", "www.points.example"]
    assert settings["CELERY_BROKER_URL"] == "redis://cache.example/0"
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SECURE_SSL_REDIRECT"] is True


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", None, "Set SECRET_KEY: a random text of at least 50 characters."),
        ("SECRET_KEY", SECRET_KEY, "SECRET_KEY is the one from the demo"),
        ("SECRET_KEY", "django-insecure-" + RANDOM, "SECRET_KEY is the one from the demo"),
        ("SECRET_KEY", RANDOM[:49], "SECRET_KEY is too short"),
        ("SECRET_KEY", "abcd" * 20, "SECRET_KEY is too short"),
        ("GIFT_CARD_HASH_KEY", None, "Set GIFT_CARD_HASH_KEY"),
        ("GIFT_CARD_HASH_KEY", GIFT_CARD_HASH_KEY, "GIFT_CARD_HASH_KEY is the one from the demo"),
        ("GIFT_CARD_HASH_KEY", RANDOM[:49], "GIFT_CARD_HASH_KEY is too short"),
        ("GIFT_CARD_ENCRYPTION_KEYS", None, "Set GIFT_CARD_ENCRYPTION_KEYS"),
        ("GIFT_CARD_ENCRYPTION_KEYS", ",", "Set GIFT_CARD_ENCRYPTION_KEYS"),
        ("GIFT_CARD_ENCRYPTION_KEYS", GIFT_CARD_ENCRYPTION_KEYS[0], "holds the key from the demo"),
        ("GIFT_CARD_ENCRYPTION_KEYS", "c2hvcnQ=", "holds a value that is no Fernet key"),
        ("DEBUG", "1", "DEBUG shows secrets to visitors"),
        ("ALLOWED_HOSTS", None, "Set ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", " , ", "Set ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name each host"),
        ("ALLOWED_HOSTS", "points.example,*", "ALLOWED_HOSTS must name each host"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "EMAIL_BACKEND must send mail"),
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "EMAIL_BACKEND must send mail"),
        ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend", "EMAIL_BACKEND must send mail"),
        ("EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend", "EMAIL_BACKEND must send mail"),
        ("DATABASE_URL", None, "Set DATABASE_URL"),
        ("DATABASE_URL", "sqlite:///points.db", "DATABASE_URL must start with postgresql://"),
        ("REDIS_URL", None, "Set REDIS_URL"),
        ("EMAIL_PORT", "smtp", "EMAIL_PORT must be a whole number"),
        ("PROXIES_IN_FRONT", "-1", "PROXIES_IN_FRONT must be a whole number"),
        ("PROXIES_IN_FRONT", None, "Set PROXIES_IN_FRONT: how many proxies stand between visitors"),
        ("PROXIES_IN_FRONT", "6", "more than 5 is hardly meant"),
        ("STAFF_SECOND_FACTOR_REQUIRED", "0", "Staff need a second factor; only the demo does without."),
    ],
)
def test_an_unsafe_setting_is_refused_with_one_sentence_that_repeats_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        production(monkeypatch, **{name: value})
    said = str(refusal.value)
    assert sentence in said
    assert "\n" not in said
    assert said.endswith(".")
    if value and value.strip(" ,*") and name.endswith(("KEY", "KEYS", "URL")):
        assert value not in said


@pytest.mark.parametrize(
    "backend",
    [
        "django.core.cache.backends.locmem.LocMemCache",
        "django.core.cache.backends.dummy.DummyCache",
        "django.core.cache.backends.filebased.FileBasedCache",
    ],
)
def test_a_cache_of_one_process_is_refused(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    settings = production(monkeypatch)
    refuse_unsafe(settings)
    with pytest.raises(ImproperlyConfigured, match="The cache must be shared by all processes"):
        refuse_unsafe(settings | {"CACHES": {"default": {"BACKEND": backend}}})


def test_forms_are_taken_from_the_named_hosts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch, ALLOWED_HOSTS="points.example,.shops.example")
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://points.example", "https://*.shops.example"]


def test_a_proxy_is_trusted_only_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in production(monkeypatch)
    behind_one = production(monkeypatch, PROXIES_IN_FRONT="1")
    assert behind_one["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert behind_one["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_django_finds_nothing_to_warn_about_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)  # the tests in a browser need it
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=os.environ | SAFE | {"DJANGO_SETTINGS_MODULE": "config.settings.production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
