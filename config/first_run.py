"""Makes an empty embedded database ready, so that any command works right after the set-up."""

import sys

from django.core.management import call_command
from django.db import connection

# Any number that nothing else of this project locks; two commands started at once make the tables once.
PREPARING = 20051122


def prepare_empty_database() -> None:
    """Create the tables when the database has none; otherwise change nothing, older tables included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        try:
            if connection.introspection.table_names(cursor):
                return
            print("Preparing the database, a few seconds the first time …", file=sys.stderr, flush=True)  # noqa: T201 - speaks to the person at the keyboard
            call_command("migrate", verbosity=0)
            call_command("createcachetable")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])
