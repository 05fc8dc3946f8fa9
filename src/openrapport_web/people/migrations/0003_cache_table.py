"""The table in which attempts are counted; no setting up by hand."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0002_versions")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
