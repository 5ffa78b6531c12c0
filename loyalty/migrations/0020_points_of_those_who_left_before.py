from django.db import migrations

# Whoever left before kept their points, and nobody told them that they were lost. Who was erased gave them up.
KEEP = """
UPDATE loyalty_pointaccount a
SET leaving_policy = CASE WHEN m.erased_at IS NULL THEN 'spendable' ELSE 'lost' END
FROM members_member m WHERE m.id = a.member_id AND a.left_on IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0019_points_of_whoever_leaves")]

    operations = [migrations.RunSQL(KEEP, migrations.RunSQL.noop)]
