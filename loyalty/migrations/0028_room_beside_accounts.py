from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on the pages of accounts: a balance that moves then stays on its page, and no index is written.

    Pages that are full get their room as their rows move away.
    """

    dependencies = [("loyalty", "0027_alone_counts_every_kind")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE loyalty_pointaccount SET (fillfactor = 70)",
            "ALTER TABLE loyalty_pointaccount RESET (fillfactor)",
        ),
    ]
