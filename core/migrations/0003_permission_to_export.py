from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0002_staff_actions")]

    operations = [
        migrations.AlterModelOptions(
            name="staffaction",
            options={
                "permissions": [("export_lists", "Can export the lists that they may look at")],
                "verbose_name": "action of staff",
                "verbose_name_plural": "actions of staff",
            },
        ),
    ]
