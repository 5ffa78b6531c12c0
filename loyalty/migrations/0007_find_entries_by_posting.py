import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0006_brands")]

    operations = [
        migrations.AlterModelOptions(
            name="entry",
            options={
                "permissions": [("view_points_report", "Can view the points report")],
                "verbose_name": "movement",
                "verbose_name_plural": "movements",
            },
        ),
        migrations.AddIndex(
            model_name="entry",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["posted_at"], name="entry_by_posting"
            ),
        ),
    ]
