import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    # What was there before counts as written now: that is never too early, so nothing of before is accused.
    dependencies = [("members", "0010_merges_of_members")]

    operations = [
        migrations.AddField(
            model_name="cardstatuschange",
            name="written_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                verbose_name="written down",
            ),
        ),
    ]
