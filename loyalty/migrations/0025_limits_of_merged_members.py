from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0024_back_tests"),
    ]

    operations = [
        migrations.AddField(
            model_name="ruletally",
            name="carried",
            field=models.JSONField(default=dict, verbose_name="of merged members"),
        ),
    ]
