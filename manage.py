#!/usr/bin/env python
"""Run a management command, on the embedded PostgreSQL unless DATABASE_URL names a real server."""

import os
import sys

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


def main() -> None:
    """Start the embedded PostgreSQL when it is needed, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    is_local = os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.local"
    if is_local and not os.environ.get("DATABASE_URL") and command not in COMMANDS_WITHOUT_DATABASE:
        from config import embedded  # noqa: PLC0415 - a production machine need not have it installed

        try:
            embedded.use_until_exit()
        except embedded.EmbeddedPostgresError as error:
            sys.exit(str(error))

    from django.core.management import execute_from_command_line  # noqa: PLC0415 - the server must run first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
