"""Many accounts out of few: every row about a member is copied with numbers of its own, a table at a time.

The few come from the services, so their histories hold every kind of movement and are proved; so are the
copies. Rows of the same instant stand side by side, over all copies, as they would had they been written in
time.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from loyalty.models import Entry, Lot, LotUse, MergedPoints, PointAccount, Purchase, Transfer
from members.models import Card, Member, MemberMerge, MergedCard
from rewards.models import GiftCard, GiftCardMovement, Order

MULTIPLIED: tuple[type[models.Model], ...] = (
    Member, Card, PointAccount, Purchase, Lot, Transfer, Entry, LotUse, Order, GiftCard, GiftCardMovement,
    MemberMerge, MergedCard, MergedPoints,
)  # fmt: skip
"""Whatever belongs to one member. What they share, such as stores and rules, is not copied."""

# Actions of staff name rows by numbers alone.
DEEDS_OF_MERGES = """
INSERT INTO core_staffaction (actor_id, action, subject_type, subject_id, reason, details, at)
SELECT actor_id, action, subject_type, %(first)s + subject_id * (%(copies)s + 1) + copy, reason,
       jsonb_set(details, '{merged}',
                 to_jsonb(%(first)s + (details ->> 'merged')::bigint * (%(copies)s + 1) + copy)), at
FROM core_staffaction CROSS JOIN generate_series(1, %(copies)s) AS copy
WHERE details ? 'merged' ORDER BY id, copy
"""

FIRST_ID = 1_000_000_000
"""Copies are numbered from here on."""


def multiply(copies: int) -> Iterator[str]:
    """Copy every member so many times, with all that belongs to them; yield each table when it is done."""
    with connection.cursor() as cursor:
        # The copies keep the rules that the rows kept: only foreign keys and triggers are not asked again.
        cursor.execute("SET session_replication_role = replica")
        for model in MULTIPLIED:
            cursor.execute(_statement(model), {"copies": copies, "first": FIRST_ID})
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608 - a name of ours
            )
            yield table
        cursor.execute(DEEDS_OF_MERGES, {"copies": copies, "first": FIRST_ID})
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")


def _statement(model: type[models.Model]) -> str:
    columns = {field.column: _copied(field) for field in model._meta.local_concrete_fields if field.column}
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"  # noqa: S608 - names of ours
        f" SELECT {', '.join(columns.values())}"
        f" FROM {model._meta.db_table} t CROSS JOIN generate_series(1, %(copies)s) AS copy"
        f" WHERE t.id < %(first)s ORDER BY t.id, copy"
    )


def _copied(field: "models.Field[Any, Any]") -> str:
    """Return what a copy has in a column: another number, another unique name, or the same."""
    column = str(field.column)
    own = f"t.{column}"
    numbered = f"%(first)s + {own} * (%(copies)s + 1) + copy"
    if field.primary_key or (field.is_relation and field.related_model in MULTIPLIED):
        return numbered
    if column == "last_entry_id":
        return f"CASE WHEN {own} = 0 THEN 0 ELSE {numbered} END"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if column.endswith("_hash"):
        return f"encode(sha256(({own} || copy)::bytea), 'hex')"
    is_named = field.unique or column in ("reference", "original_reference", "token", "card_token")
    if is_named and isinstance(field, models.CharField):
        return f"CASE WHEN {own} = '' THEN '' ELSE {own} || '.' || copy END"
    return own
