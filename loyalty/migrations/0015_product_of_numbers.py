from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0014_scheduled_rules_never_change")]

    operations = [
        # The proofs multiply the coefficients of a purchase exactly; PostgreSQL only has sums.
        migrations.RunSQL(
            "CREATE AGGREGATE product(numeric)"
            " (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1', PARALLEL = SAFE)",
            "DROP AGGREGATE product(numeric)",
        ),
    ]
