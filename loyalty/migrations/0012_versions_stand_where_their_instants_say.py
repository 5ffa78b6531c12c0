from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0011_ledger_kinds_and_transfers")]

    operations = [
        migrations.AddField(
            model_name="ruletally",
            name="by_version",
            field=models.JSONField(default=dict, verbose_name="by version"),
        ),
        migrations.AddConstraint(
            model_name="earningrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scheduled_at__isnull", False),
                    models.Q(("applies_from__isnull", True), ("applies_until__isnull", True)),
                    _connector="OR",
                ),
                name="earning_rule_draft_decides_nothing",
            ),
        ),
    ]
