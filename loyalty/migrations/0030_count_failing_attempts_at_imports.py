from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0029_count_separations_of_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="feedimport",
            name="attempts",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="failed attempts"),
        ),
        migrations.AddField(
            model_name="feedimport",
            name="last_error",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="last error"
            ),
        ),
    ]
