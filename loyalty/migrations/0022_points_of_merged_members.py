import django.db.models.deletion
from django.db import migrations, models

from core.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0021_permission_to_schedule_rules"),
        ("members", "0010_merges_of_members"),
    ]

    operations = [
        migrations.CreateModel(
            name="MergedPoints",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_entry_id", models.BigIntegerField(verbose_name="last movement before")),
            ],
            options={
                "verbose_name": "points of a merged member",
                "verbose_name_plural": "points of merged members",
            },
        ),
        migrations.AddField(
            model_name="pointaccount",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_accounts",
                to="loyalty.pointaccount",
                verbose_name="leads to",
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="reason",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "Members merged"),
                    (2, "Household"),
                    (3, "Succession of a programme"),
                    (4, "Members separated"),
                ],
                verbose_name="reason",
            ),
        ),
        migrations.AddIndex(
            model_name="pointaccount",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="account_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="pointaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="account_leads_to_another",
            ),
        ),
        migrations.AddField(
            model_name="mergedpoints",
            name="merge",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="points",
                to="members.membermerge",
                verbose_name="merge of members",
            ),
        ),
        migrations.AddField(
            model_name="mergedpoints",
            name="transfer",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_points",
                to="loyalty.transfer",
                verbose_name="transfer of points",
            ),
        ),
        *append_only("loyalty_mergedpoints"),
    ]
