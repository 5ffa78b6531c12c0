import django.db.models.deletion
from django.db import migrations, models

from core.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0009_keep_the_days_of_cards_stopped_before"),
    ]

    operations = [
        migrations.CreateModel(
            name="MemberMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("moved_sign_in", models.BooleanField(default=False, verbose_name="sign-in moved")),
                ("merged_at", models.DateTimeField(verbose_name="joined")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="separated")),
            ],
            options={
                "verbose_name": "merge of members",
                "verbose_name_plural": "merges of members",
            },
        ),
        migrations.CreateModel(
            name="MergedCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "card of a merged member",
                "verbose_name_plural": "cards of merged members",
            },
        ),
        migrations.AddField(
            model_name="member",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_members",
                to="members.member",
                verbose_name="leads to",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="member_merged",
            ),
        ),
        migrations.AddField(
            model_name="membermerge",
            name="merged",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="members.member",
                verbose_name="member who leads there",
            ),
        ),
        migrations.AddField(
            model_name="membermerge",
            name="survivor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges_into",
                to="members.member",
                verbose_name="member who stays",
            ),
        ),
        migrations.AddField(
            model_name="mergedcard",
            name="card",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="members.card",
                verbose_name="card",
            ),
        ),
        migrations.AddField(
            model_name="mergedcard",
            name="merge",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cards",
                to="members.membermerge",
                verbose_name="merge of members",
            ),
        ),
        migrations.AddConstraint(
            model_name="membermerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("merged",),
                name="merge_once_a_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="membermerge",
            constraint=models.CheckConstraint(
                condition=models.Q(("survivor", models.F("merged")), _negated=True),
                name="merge_of_two_members",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergedcard",
            constraint=models.UniqueConstraint(fields=("merge", "card"), name="merged_card_once_a_merge"),
        ),
        *append_only("members_mergedcard"),
    ]
