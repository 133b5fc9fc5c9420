"""The activity log is the only one: drop what django-auditlog kept of changed rows."""

from typing import Any

from django.db import migrations


def forget_its_models(apps: Any, editor: Any) -> None:
    """Its permissions go with them, from the roles, too."""
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(
        editor.connection.alias
    )
    kinds.filter(app_label="auditlog").delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_unknown_writes")]

    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS auditlog_logentry", ""),
        migrations.RunPython(forget_its_models, migrations.RunPython.noop),
    ]
