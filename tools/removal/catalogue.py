"""The constraints and triggers of a migrated database, as its own catalogue lists them."""

from collections.abc import Callable, Sequence

LIST = """
SELECT format('%%s.%%s', t.relname, c.conname),
       format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype IN ('c', 'u', 'x') AND c.conparentid = 0
  AND pg_table_is_visible(t.oid) AND split_part(t.relname, '_', 1) = ANY(%(apps)s)
UNION ALL
SELECT format('%%s.%%s', t.relname, i.relname), format('DROP INDEX %%I', i.relname)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE x.indisunique AND NOT x.indisprimary AND NOT t.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = x.indexrelid AND contype IN ('p', 'u', 'x'))
  AND pg_table_is_visible(t.oid) AND split_part(t.relname, '_', 1) = ANY(%(apps)s)
UNION ALL
SELECT format('%%s.%%s', t.relname, g.tgname), format('DROP TRIGGER %%I ON %%I', g.tgname, t.relname)
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
WHERE NOT g.tgisinternal AND g.tgparentid = 0
  AND pg_table_is_visible(t.oid) AND split_part(t.relname, '_', 1) = ANY(%(apps)s)
ORDER BY 1
"""


def list_items(
    fetch: Callable[[str, dict[str, list[str]]], Sequence[tuple[str, str]]], apps: Sequence[str]
) -> dict[str, str]:
    """Return what holds the tables of the apps, as `table.name`, each with the statement that drops it."""
    return dict(fetch(LIST, {"apps": list(apps)}))
