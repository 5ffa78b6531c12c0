import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from core.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0010_rules_with_conditions_limits_and_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Members merged"), (2, "Household"), (3, "Succession of a programme")],
                        verbose_name="reason",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers_out",
                        to="loyalty.pointaccount",
                        verbose_name="from",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers_in",
                        to="loyalty.pointaccount",
                        verbose_name="to",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="loyalty.transfer",
                        verbose_name="undoes",
                    ),
                ),
                ("moved_at", models.DateTimeField(verbose_name="moved")),
            ],
            options={
                "verbose_name": "transfer of points",
                "verbose_name_plural": "transfers of points",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source", models.F("target")), _negated=True),
                        name="transfer_between_two_accounts",
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="entry_sign_follows_its_kind",
        ),
        migrations.RemoveConstraint(
            model_name="lot",
            name="lot_adds_up",
        ),
        migrations.RemoveConstraint(
            model_name="lot",
            name="lot_never_negative",
        ),
        migrations.RemoveConstraint(
            model_name="programme",
            name="programme_stays_within_reason",
        ),
        migrations.AddField(
            model_name="lot",
            name="moved_points",
            field=models.BigIntegerField(db_default=0, default=0, verbose_name="moved elsewhere"),
        ),
        migrations.AddField(
            model_name="programme",
            name="days_until_available",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="After the day of the purchase; what is earned until then waits. 0: at once.",
                validators=[django.core.validators.MaxValueValidator(180)],
                verbose_name="days until points can be spent",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "Purchase"),
                    (2, "Return"),
                    (3, "E-mail address verified"),
                    (4, "Gift-card order"),
                    (5, "Order cancelled"),
                    (6, "Expiry"),
                    (7, "Expiry reversed"),
                    (8, "Points given up"),
                    (9, "Adjustment"),
                    (10, "Goodwill"),
                    (11, "Points reinstated"),
                    (12, "Points moved to another account"),
                    (13, "Points moved from another account"),
                    (14, "Moved points come back"),
                    (15, "Moved points go back"),
                ],
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "granted_points",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("spent_points"), "+", models.F("expired_points")
                                    ),
                                    "+",
                                    models.F("taken_back_points"),
                                ),
                                "+",
                                models.F("moved_points"),
                            ),
                            "+",
                            models.F("remaining_points"),
                        ),
                    )
                ),
                name="lot_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("granted_points__gte", 0),
                    ("spent_points__gte", 0),
                    ("expired_points__gte", 0),
                    ("taken_back_points__gte", 0),
                    ("remaining_points__gte", 0),
                ),
                name="lot_never_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="programme",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("days_until_available__lte", 180),
                    ("points_validity_years__lte", 20),
                    ("verified_email_points__lte", 100000),
                ),
                name="programme_stays_within_reason",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="transfer",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="loyalty.transfer",
                verbose_name="transfer of points",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", 11)), fields=("corrects",), name="entry_reinstated_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", False), ("kind", 9)),
                fields=("corrects",),
                name="entry_adjusted_back_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("transfer__isnull", False)),
                fields=("transfer", "account"),
                name="entry_once_a_transfer_and_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", (1, 3, 5, 7, 10, 11)), ("points__gte", 0)),
                    models.Q(("kind__in", (2, 4, 6, 8)), ("points__lte", 0)),
                    ("kind__in", (9, 12, 13, 14, 15)),
                    _connector="OR",
                ),
                name="entry_sign_follows_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", (12, 13, 14, 15)), ("transfer__isnull", False)),
                    models.Q(
                        models.Q(("kind__in", (12, 13, 14, 15)), _negated=True), ("transfer__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="entry_of_a_transfer_says_so",
            ),
        ),
        *append_only("loyalty_transfer"),
    ]
