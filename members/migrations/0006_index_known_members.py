"""Writes down the words of the members there are already, chunk by chunk, each in its own transaction."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from members.services.search import index_all_members


def index_known_members(_apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    for _ in index_all_members():
        pass


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("members", "0005_words_of_members")]
    operations = [migrations.RunPython(index_known_members, migrations.RunPython.noop)]
