"""The live version of each programme decides from ever and without an end; those before are retired.

A version of several points counted full amounts only (3 points for each full 10 EUR), while rules now count
in proportion. Nothing that was earned changes: each such purchase keeps a breakdown that says so.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FAMILIES = """
UPDATE loyalty_earningrule r SET family_id = f.id
FROM (SELECT programme_id, code, min(id) AS id FROM loyalty_earningrule GROUP BY programme_id, code) f
WHERE r.programme_id = f.programme_id AND r.code = f.code AND r.id <> f.id
"""
LIVE = "UPDATE loyalty_earningrule SET scheduled_at = now() WHERE is_live"
FORMER = """
UPDATE loyalty_earningrule r SET scheduled_at = now(), applies_from = now(), applies_until = now()
FROM loyalty_earningrule live
WHERE live.programme_id = r.programme_id AND live.is_live AND r.id < live.id
"""
ANY_IN_STEPS = """
SELECT 1 FROM loyalty_earningrule WHERE points > 1
AND EXISTS (SELECT 1 FROM loyalty_purchase WHERE rule_id = loyalty_earningrule.id) LIMIT 1
"""
KEEP_STEPS = """
UPDATE loyalty_purchase p SET rule_id = NULL, breakdown = jsonb_build_array(jsonb_build_object(
    'rule', r.id, 'kind', 'base', 'entitled', p.points, 'points', p.points, 'limit', NULL, 'full_amounts', true))
FROM loyalty_earningrule r WHERE r.id = p.rule_id AND r.points > 1 AND p.state = 1
"""
FORGET_STEPS = """
UPDATE loyalty_purchase SET rule_id = (breakdown->0->>'rule')::bigint, breakdown = NULL
WHERE breakdown->0->'full_amounts' IS NOT NULL
"""
STAND_AS_BEFORE = """
UPDATE loyalty_earningrule SET family_id = NULL, scheduled_at = NULL, applies_from = NULL, applies_until = NULL
"""


def fix_instants(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say of each version when it decides, and keep what purchases earned by full amounts."""
    with schema_editor.connection.cursor() as cursor:
        for statement in (FAMILIES, LIVE, FORMER):
            cursor.execute(statement)
        cursor.execute(ANY_IN_STEPS)
        if cursor.fetchone():
            _rewrite_purchases(cursor, KEEP_STEPS)


def forget_instants(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave it to `is_live` which version decides."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(STAND_AS_BEFORE)
    forget_steps(apps, schema_editor)


def forget_steps(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let purchases name the rule of full amounts again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM loyalty_purchase WHERE breakdown->0->'full_amounts' IS NOT NULL LIMIT 1"
        )
        if cursor.fetchone():
            _rewrite_purchases(cursor, FORGET_STEPS)


def _rewrite_purchases(cursor, statement: str) -> None:  # noqa: ANN001 - a cursor of any kind
    # The one change of settled purchases: how it is written down what they earned, not what.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("ALTER TABLE loyalty_purchase DISABLE TRIGGER settled_never_changes")
    cursor.execute(statement)
    cursor.execute("ALTER TABLE loyalty_purchase ENABLE TRIGGER settled_never_changes")


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0012_versions_stand_where_their_instants_say")]

    operations = [migrations.RunPython(fix_instants, forget_instants)]
