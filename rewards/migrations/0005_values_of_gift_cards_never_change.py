from django.db import migrations

from core.immutable import refuse


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_shares_of_households_in_orders")]

    operations = [
        refuse(
            "rewards_giftcardproduct",
            "UPDATE",
            name="value_never_changes",
            condition="(OLD.programme_id, OLD.face_value_cents, OLD.currency)"
            " IS DISTINCT FROM (NEW.programme_id, NEW.face_value_cents, NEW.currency)",
        ),
    ]
