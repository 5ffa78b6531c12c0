"""Changing rows behind the program's back, to see that the proofs and the program notice."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def tamper(statement: str) -> list[str]:
    """Execute a statement that no trigger hinders; return the first column of what it returns."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        rows = [str(row[0]) for row in cursor.fetchall()] if cursor.description else []
        cursor.execute("SET LOCAL session_replication_role = origin")
    return rows


def lose_rows(table: str) -> None:
    """Let the database lose every row of a table that is inserted in the rest of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            f" CREATE TRIGGER lose BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose()"
        )


@contextmanager
def full_disk_under(table: str, *, event: str = "INSERT", when: str = "true") -> Iterator[None]:
    """Let the database refuse rows that are written to a table, as if its disk were full."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RAISE ''4970 1000 0000 0055'' USING ERRCODE = ''disk_full''; END';"
            f" CREATE TRIGGER refuse BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})"
            " EXECUTE FUNCTION refuse()"
        )
    try:
        yield
    finally:
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")
