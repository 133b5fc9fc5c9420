"""Environments have one home, keyed by the AWS account's ID; what the rows of managed
accounts had copied, and the home lacks, moves there.

The column of the copies stays in the database, unread, so that an older process that
still runs doesn't fail.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def keep_copies(apps: Any, schema_editor: Any) -> None:
    home = apps.get_model("accounts", "AccountEnvironment").objects
    accounts = apps.get_model("accounts", "ManagedAccount").objects
    known = home.values("account_id")
    copied = accounts.exclude(approved_environment=None).exclude(account_id__in=known)
    pairs = copied.order_by().values_list("account_id", "approved_environment")
    rows = [home.model(account_id=key, environment=one) for key, one in pairs]
    home.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_reasons_of_any_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovedEnvironment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("account_id", models.CharField(max_length=12)),
                ("environment", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account_id", "environment"),
                        name="approved_environment_once",
                    )
                ],
            },
        ),
        migrations.RunPython(keep_copies, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name="managedaccount", name="approved_environment"
                ),
            ],
        ),
    ]
