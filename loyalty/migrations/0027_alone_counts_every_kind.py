from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0026_households"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="adjustmentrequest", name="adjustment_within_the_limit"),
        migrations.AddConstraint(
            model_name="adjustmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "points__gte",
                        models.expressions.CombinedExpression(
                            models.F("together_points"), "*", models.Value(-1)
                        ),
                    ),
                    ("points__lte", models.F("together_points")),
                    (
                        "points__gte",
                        models.expressions.CombinedExpression(
                            models.F("limit_points"), "*", models.Value(-1)
                        ),
                    ),
                    ("points__lte", models.F("limit_points")),
                ),
                name="adjustment_within_the_limit",
            ),
        ),
    ]
