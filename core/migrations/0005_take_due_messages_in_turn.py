from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_find_staff_actions_of_a_day")]

    operations = [
        migrations.RemoveIndex(model_name="outboxmessage", name="outbox_undelivered"),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                fields=["attempts", "id"],
                name="outbox_due",
                condition=models.Q(delivered_at__isnull=True),
            ),
        ),
    ]
