"""Every constraint, trigger and lock has a test that misses it, as `make removal` shows."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tools.removal.items import forgotten

HOW = """
A constraint or trigger is one line in tests/integrity/refusals.py, a new table a row in
tests/integrity/world.py. A lock is one line in tools/removal/table.py: its test keeps it taken and shows that
whoever comes second waits, as those in tests/integrity/test_locks.py do. Then
`.venv/bin/python -m tools.removal --only NAME` shows that the test fails without it.
"""


def fetch(query: str, parameters: dict[str, list[str]]) -> Sequence[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: Sequence[tuple[str, str]] = cursor.fetchall()
    return rows


@pytest.mark.django_db
def test_a_test_is_named_for_every_constraint_trigger_and_lock() -> None:
    untested, unknown = forgotten(fetch, Path(settings.BASE_DIR))
    assert untested == [], HOW
    assert unknown == [], "Names in tests/integrity/refusals.py or tools/removal/table.py that nothing has."
