"""Nobody comes by SAML any longer: drop the answers that waited for their browser."""

from typing import Any

from django.db import migrations


def forget_its_model(apps: Any, editor: Any) -> None:
    """Its permissions go with it, from the roles, too."""
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(
        editor.connection.alias
    )
    kinds.filter(app_label="accounts", model="samlanswer").delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0039_without_the_feed")]

    operations = [
        migrations.DeleteModel("SamlAnswer"),
        migrations.RunPython(forget_its_model, migrations.RunPython.noop),
    ]
