"""Keep what Spinnaker may know of each account, as it was approved.

Until now nobody approved that apart from IAM. What is proved, and what is described as
it was applied, counts as approved, so that the next bundle holds what the last one
held. An account that was edited since its last plan needs a new one, as before.
"""

from typing import Any

from django.db import migrations, models

from accounts.mapping.entries import described_entries
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from onboarding.details import DetailsError

AS_APPLIED = ("failed", "drifted")
OPEN = ("planning", "planned", "applying", "verifying")


def take_for_approved(apps: Any, schema_editor: Any) -> None:
    row = apps.get_model("accounts", "ManagingAccount").objects.first()
    if row is None:
        return
    managing = managing_of(row)
    accounts = apps.get_model("accounts", "ManagedAccount").objects
    for account in accounts.prefetch_related("providers"):
        try:
            described = described_entries(managing, managed_of(account))
        except DetailsError:
            continue  # no bundle could hold it either
        if account.proof or (account.verified_at and account.state in AS_APPLIED):
            account.approved_entries = described
            account.approved_version = account.version
            account.save(update_fields=["approved_entries", "approved_version"])
        removed = account.runs.filter(status__in=OPEN, kind="remove")
        removed.update(entries={"before": account.approved_entries, "after": []})
        planned = account.runs.filter(
            status__in=OPEN, kind="onboard", version=account.version
        )
        planned.update(
            entries={"before": account.approved_entries, "after": described}
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_existing_resources")]

    operations = [
        migrations.AddField(
            model_name="managedaccount",
            name="approved_entries",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="managedaccount",
            name="approved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="run",
            name="entries",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.RunPython(take_for_approved, migrations.RunPython.noop),
    ]
