from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_initial")]

    operations = [
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                condition=models.Q(("state", 3)), fields=["card"], name="purchase_rejected_cards"
            ),
        ),
    ]
