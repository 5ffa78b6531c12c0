"""The migrations: complete, and each way back works."""

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from psycopg import sql

ROOT = Path(settings.BASE_DIR)
THERE_AND_BACK = """
import django
django.setup()
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
call_command("migrate", verbosity=0)
ours = ["demo", "helpdesk", "feedback", "information", "campaigns"]
ours += ["rewards", "loyalty", "partners", "members", "core"]
for app in ours:
    if apps.is_installed(app) and MigrationRecorder.Migration.objects.filter(app=app).exists():
        call_command("migrate", app, "zero", verbosity=0)
left = [name for name in connection.introspection.table_names() if name.split("_")[0] in ours]
assert left == [], left
call_command("migrate", verbosity=0)
"""


def test_django_finds_nothing_to_warn_about() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_can_be_taken_back_and_applied_again() -> None:
    server = os.environ["DATABASE_URL"]
    database = f"there_and_back_{uuid.uuid4().hex}"
    name = sql.Identifier(database)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            parameters = psycopg.conninfo.conninfo_to_dict(server, dbname=database)
            done = subprocess.run(
                [sys.executable, "-c", THERE_AND_BACK],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
                | {"DATABASE_URL": _address(parameters)},
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    assert done.returncode == 0, done.stderr


def _address(parameters: Mapping[str, object]) -> str:
    """Write libpq's parameters as an address, which may give each of them after the question mark."""
    return "postgresql://?" + urlencode({name: str(value) for name, value in parameters.items()})
