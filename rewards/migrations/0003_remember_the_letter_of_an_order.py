from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0002_keep_within_reason"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="letter_sent_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="e-mail sent"),
        ),
    ]
