#!/usr/bin/env python
"""Run a management command, on the embedded PostgreSQL unless DATABASE_URL names a real server."""

import os
import sys
from collections.abc import Callable

# These read no data; starting PostgreSQL for them would only cost time.
COMMANDS_WITHOUT_DATABASE = {
    "collectstatic",
    "diffsettings",
    "help",
    "startapp",
    "version",
    "--help",
    "--version",
}
# These make the tables themselves, or look at them as they are.
COMMANDS_BEFORE_TABLES = {"createcachetable", "dbshell", "makemigrations", "migrate", "showmigrations"}


def main() -> None:
    """Start the embedded PostgreSQL when it is needed, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    is_local = os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.local"
    is_embedded = is_local and not os.environ.get("DATABASE_URL") and command not in COMMANDS_WITHOUT_DATABASE
    if is_embedded:
        from config import embedded  # noqa: PLC0415 - a production machine need not have it installed

        try:
            embedded.use_until_exit()
        except embedded.EmbeddedPostgresError as error:
            sys.exit(str(error))

    from django.core.management import execute_from_command_line  # noqa: PLC0415 - the server must run first

    if is_embedded and command not in COMMANDS_BEFORE_TABLES:
        import django  # noqa: PLC0415 - the server must run first

        django.setup()
        from config.first_run import prepare_empty_database  # noqa: PLC0415 - the server must run first

        prepare_empty_database()
    run(execute_from_command_line)


def run(execute_from_command_line: Callable[[list[str]], None]) -> None:
    """Run the command; a database whose tables are missing or of another version gets one sentence."""
    from django.db import ProgrammingError  # noqa: PLC0415 - Django is imported once the server runs
    from psycopg.errors import UndefinedColumn, UndefinedTable  # noqa: PLC0415 - Django is imported once the server runs

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if isinstance(error.__cause__, UndefinedColumn | UndefinedTable):
            sys.exit(
                "The database lacks tables of this version. Run first: .venv/bin/python manage.py migrate"
            )
        raise


if __name__ == "__main__":
    main()
