"""What accounts have in common that are being added is kept by the names of columns."""

from django.db import migrations

NAMES = {"read": "read_roles", "write": "write_roles"}


def rename(apps, schema_editor):
    additions = apps.get_model("accounts", "Adding").objects
    for adding in additions.filter(finished_at=None):
        shared = {NAMES.get(key, key): value for key, value in adding.shared.items()}
        adding.shared = {"made_by": "bowline", **shared}
        adding.save(update_fields=["shared"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_not_as_approved")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
