from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from loyalty.adjustments.usual import USUAL_LIMITS, USUAL_REASONS


def give_the_usual(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the programmes that are there the reasons and limits with which new ones begin."""
    reasons = apps.get_model("loyalty", "AdjustmentReason")
    limits = apps.get_model("loyalty", "AdjustmentLimit")
    for programme in apps.get_model("loyalty", "Programme").objects.order_by("pk"):
        reasons.objects.bulk_create(
            [reasons(programme=programme, **reason._asdict()) for reason in USUAL_REASONS]
        )
        limits.objects.bulk_create([limits(programme=programme, **limit._asdict()) for limit in USUAL_LIMITS])


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0016_adjustments_by_staff")]

    # On the way back the tables go with what is in them.
    operations = [migrations.RunPython(give_the_usual, migrations.RunPython.noop)]
