from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0028_room_beside_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="pointaccount",
            name="separations",
            field=models.SmallIntegerField(db_default=0, default=0, verbose_name="separations"),
        ),
        migrations.AddIndex(
            model_name="pointaccount",
            index=models.Index(
                condition=models.Q(("separations__gt", 0)), fields=["id"], name="accounts_separated"
            ),
        ),
    ]
