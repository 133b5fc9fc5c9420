"""OIDC_ROLES says which groups have which roles: drop the table that said so.

`manage.py migrate` refuses to come here while the table has rows and the variable
has no value.
"""

from typing import Any

from django.db import migrations


def forget_its_model(apps: Any, editor: Any) -> None:
    """Its permissions go with it, from the roles, too."""
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(
        editor.connection.alias
    )
    kinds.filter(app_label="accounts", model="grouproles").delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0041_factors")]

    operations = [
        migrations.DeleteModel("GroupRoles"),
        migrations.RunPython(forget_its_model, migrations.RunPython.noop),
    ]
