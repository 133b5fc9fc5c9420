"""Keep what bundles hold of each account, as it was last proved.

What is in the next bundle now stays in it.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.mapping.proved import proved_of
from onboarding.details import DetailsError


def keep_what_is_proved(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("accounts", "ManagedAccount").objects.exclude(proof="")
    for account in rows.exclude(approved_entries=[]).prefetch_related("providers"):
        if account.proof == "evaluated" and account.accepted_at is None:
            continue
        try:
            account.proved = proved_of(account, account.proof)
        except DetailsError:
            continue  # no bundle could hold it either
        account.save(update_fields=["proved"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_four_eyes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="managedaccount",
            name="left_out_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="managedaccount",
            name="left_out_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="managedaccount",
            name="proved",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.RunPython(keep_what_is_proved, migrations.RunPython.noop),
    ]
