from django.db import migrations

# What a card was before it was stopped, nobody wrote down: it counts as active until the day it was stopped.
KEEP = """
INSERT INTO members_cardstatuschange (card_id, status, since_on, recorded_at)
SELECT id, status, status_on, now() FROM members_card WHERE status <> 'active' ORDER BY id
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0008_days_of_life_of_cards")]

    # On the way back the table goes with what is in it.
    operations = [migrations.RunSQL(KEEP, migrations.RunSQL.noop)]
