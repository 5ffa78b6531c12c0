"""The first management command works; on a database of another version it says what to do."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def data() -> Iterator[Path]:
    # PostgreSQL's account must be able to enter it, which pytest's own folders do not allow.
    with tempfile.TemporaryDirectory(prefix="portal-first-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def manage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PORTAL_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_command_prepares_the_empty_database_and_the_next_leaves_it_alone(data: Path) -> None:
    first = manage(data, "load_preset", "happy-card")
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("Preparing the database") == 1

    second = manage(data, "verify_ledger")
    assert second.returncode == 0, second.stderr
    assert "Preparing" not in second.stderr


def test_a_database_without_our_tables_is_refused_in_one_sentence(data: Path) -> None:
    assert manage(data, "migrate", "contenttypes", "--verbosity", "0").returncode == 0

    refused = manage(data, "verify_ledger")
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines() == [
        "The database lacks tables of this version. Run first: .venv/bin/python manage.py migrate"
    ]
