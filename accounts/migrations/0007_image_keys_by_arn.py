"""Drop ids of KMS keys: without a region, no grant can be made on them."""

from typing import Any

from django.db import migrations


def keep_arns(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("accounts", "ManagingAccount").objects.all():
        row.image_keys = [key for key in row.image_keys if key.startswith("arn:")]
        row.save(update_fields=["image_keys"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_located_checks")]

    operations = [migrations.RunPython(keep_arns, migrations.RunPython.noop)]
