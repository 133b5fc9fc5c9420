"""An environment belongs to an AWS account: keep the approved ones by its ID.

A role that Spinnaker keeps belongs to an account that was deleted from Bowline before;
nobody knows its environment, so it counts as one without a name.
"""

from typing import Any

from django.db import migrations, models

AT_ONCE = 500


def keep_approved(apps: Any, editor: Any) -> None:
    alias = editor.connection.alias
    managed = apps.get_model("accounts", "ManagedAccount").objects.using(alias)
    managing = apps.get_model("accounts", "ManagingAccount").objects.using(alias)
    kept = {
        part[4]: ""
        for row in managing.values_list("kept_roles", flat=True)
        for one in row
        if len(part := str(one.get("arn", "")).split(":")) > 4
    }
    approved = managed.order_by().exclude(approved_entries=[])
    known = {
        account_id: entries[0].get("environment") or ""
        for account_id, entries in approved.values_list(
            "account_id", "approved_entries"
        ).iterator()
    }
    model = apps.get_model("accounts", "AccountEnvironment")
    rows = [
        model(account_id=account_id, environment=environment)
        for account_id, environment in (kept | known).items()
    ]
    model.objects.using(alias).bulk_create(rows, batch_size=AT_ONCE)
    for account_id, environment in known.items():
        managed.filter(account_id=account_id).update(approved_environment=environment)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0043_adopted_from")]

    operations = [
        migrations.CreateModel(
            name="AccountEnvironment",
            fields=[
                (
                    "account_id",
                    models.CharField(max_length=12, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.RemoveField("managedaccount", "approved_environment"),
        migrations.AddField(
            "managedaccount",
            "approved_environment",
            models.CharField(editable=False, max_length=60, null=True),
        ),
        migrations.RunPython(keep_approved, migrations.RunPython.noop),
    ]
