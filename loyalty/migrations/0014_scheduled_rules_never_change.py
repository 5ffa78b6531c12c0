from django.db import migrations

from core.immutable import never_truncated, refuse

# Going back, the oldest rule without an end that gives points for amounts is the live one.
LIVE_AGAIN = """
UPDATE loyalty_earningrule SET is_live = id IN (
    SELECT min(id) FROM loyalty_earningrule
    WHERE effect = 'base' AND scheduled_at IS NOT NULL AND applies_until IS NULL GROUP BY programme_id)
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0013_instants_of_the_versions_there_are")]

    operations = [
        migrations.RemoveConstraint(model_name="earningrule", name="earning_rule_one_live_base_rule"),
        migrations.RunSQL(migrations.RunSQL.noop, LIVE_AGAIN),
        migrations.RemoveField(model_name="earningrule", name="is_live"),
        refuse(
            "loyalty_earningrule",
            "UPDATE",
            name="scheduled_never_changes",
            condition="OLD.scheduled_at IS NOT NULL"
            " AND to_jsonb(OLD) - 'applies_until' IS DISTINCT FROM to_jsonb(NEW) - 'applies_until'",
        ),
        refuse(
            "loyalty_earningrule",
            "DELETE",
            name="scheduled_never_deleted",
            condition="OLD.scheduled_at IS NOT NULL",
        ),
        never_truncated("loyalty_earningrule"),
    ]
