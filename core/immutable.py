"""Triggers for tables whose rows never change, raw SQL included.

They are plain SQL in migrations, without a schema's name and without a switch: a package's triggers could be
told to look away by any session that knew the name of its setting.
"""

from django.db.migrations import RunSQL

REFUSE_CHANGE = RunSQL(
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The rows of % never change: % is refused.', TG_TABLE_NAME, TG_OP;
    END
    $$
    """,
    "DROP FUNCTION refuse_change()",
)
"""Makes the function that the triggers below call; the first migration of core runs it."""


def refuse(table: str, events: str, *, name: str, condition: str = "") -> RunSQL:
    """Return the migration that refuses UPDATE, DELETE or both on the rows that meet a condition."""
    when = f"WHEN ({condition})" if condition else ""
    return RunSQL(
        f"CREATE TRIGGER {name} BEFORE {events} ON {table}"
        f" FOR EACH ROW {when} EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {name} ON {table}",
    )


def never_truncated(table: str) -> RunSQL:
    """Return the migration that refuses TRUNCATE on a table."""
    return RunSQL(
        f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER never_truncated ON {table}",
    )


def append_only(table: str) -> list[RunSQL]:
    """Return the migrations that let rows be added to a table and nothing else."""
    return [refuse(table, "UPDATE OR DELETE", name="append_only"), never_truncated(table)]
