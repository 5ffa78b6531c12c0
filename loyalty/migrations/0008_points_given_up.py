from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0007_find_entries_by_posting")]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "Purchase"),
                    (2, "Return"),
                    (3, "E-mail address verified"),
                    (4, "Gift-card order"),
                    (5, "Order cancelled"),
                    (6, "Expiry"),
                    (7, "Expiry reversed"),
                    (8, "Points given up"),
                ],
                verbose_name="kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="entry", name="entry_sign_follows_its_kind"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=Q(kind__in=[1, 3, 5, 7], points__gte=0) | Q(kind__in=[2, 4, 6, 8], points__lte=0),
                name="entry_sign_follows_its_kind",
            ),
        ),
    ]
