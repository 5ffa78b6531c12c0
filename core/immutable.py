"""Database triggers that make a table append-only, raw SQL included."""

import pgtrigger


def never_truncated() -> pgtrigger.Trigger:
    """Return a trigger refusing TRUNCATE on the table that names it in its Meta."""
    return pgtrigger.Trigger(
        name="never_truncated",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
    )


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """Return triggers refusing UPDATE, DELETE and TRUNCATE on the table that names them in its Meta."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        never_truncated(),
    ]
