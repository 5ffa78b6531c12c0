from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_permission_to_export")]

    operations = [
        migrations.AddIndex(
            model_name="staffaction",
            index=models.Index(fields=["actor_id", "at"], name="staff_action_of_a_day"),
        ),
    ]
