"""Import commands as real processes on the tests' database, and what they leave there."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models

from loyalty.feeds.verdicts import PURCHASE, kept_rows
from loyalty.models import FeedChunk, Purchase
from members.models import User
from tests.factories import NOW

OURS = ("core", "members", "partners", "loyalty", "rewards")
Places = dict[type[models.Model], dict[Any, int]]

IN_SMALL_CHUNKS = """
import os, signal, sys, threading
from datetime import datetime
import time_machine
from django.core.management import execute_from_command_line
import django
django.setup()
from loyalty.feeds import chunks, kinds
chunks.LINES_AT_ONCE = kinds.PARKED_AT_ONCE = 100
calls_to_live, seconds_to_live = int(sys.argv[1]), float(sys.argv[2])
time_machine.travel(datetime.fromisoformat(sys.argv[3])).start()

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Life:
    calls = 0

def count(frame, event, argument):
    Life.calls += 1
    if Life.calls == calls_to_live:
        threading.Timer(seconds_to_live, die).start() if seconds_to_live else die()

sys.setprofile(count)
try:
    execute_from_command_line(["manage.py", *sys.argv[4:]])
finally:
    sys.setprofile(None)
    print(Life.calls, file=sys.stderr)
"""
"""Runs a command in chunks of a hundred lines, at the instant given.

It kills itself, as `kill -9` would, after so many calls of functions, at once or a moment later, when it
most often waits for the database. When it lives it says how many calls there were.
"""


def start_import(
    kind: str, path: Path, *, calls_to_live: int = 0, seconds_to_live: float = 0, at: datetime = NOW
) -> subprocess.Popen[str]:
    """Start an import command in small chunks; zero calls to live let it live."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            IN_SMALL_CHUNKS,
            str(calls_to_live),
            str(seconds_to_live),
            at.isoformat(),
            f"import_{kind}",
            str(path),
            "--programme=happy-card",
            f"--as-of={at.isoformat()}",
        ],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": address.geturl()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def database_content() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of ours.

    An id is replaced by its place among the ids of its table, so that gaps do not count; what is drawn by
    lot is left out, and the order in which one statement wrote its rows as well.
    """
    tables = [model for model in apps.get_models() if model._meta.app_label in OURS and model is not User]
    places: Places = {
        model: {pk: place for place, pk in enumerate(_rows(model).values_list("pk", flat=True))}
        for model in tables
    }
    return {
        model._meta.label: sorted((_values(row, places) for row in _rows(model)), key=repr)
        for model in tables
    }


def _rows(model: type[models.Model]) -> models.QuerySet[models.Model]:
    return models.QuerySet(model).order_by("pk")


def _kept_verdicts(packed: bytes, places: dict[Any, int]) -> list[list[object]]:
    """Unpack verdicts, with the places of purchases in place of their numbers."""
    return [
        [*row[:5], *(places[int(number.removeprefix(PURCHASE))] for number in row[5:])]
        for row in kept_rows(packed)
    ]


def _values(row: models.Model, places: Places) -> tuple[object, ...]:
    values: list[object] = []
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        if field.primary_key or isinstance(value, UUID):
            continue
        if isinstance(row, FeedChunk) and field.name == "verdicts":
            value = _kept_verdicts(value, places[Purchase])
        target = field.related_model
        if value is not None and isinstance(target, type) and target in places:
            value = places[target][value]
        values.append(bytes(value) if isinstance(value, memoryview) else value)
    return tuple(values)
