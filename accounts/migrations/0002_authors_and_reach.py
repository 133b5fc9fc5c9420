"""Keep everybody who caused what is decided, not the last one only."""

import django.db.models.fields.json
from django.conf import settings
from django.db import migrations, models


def name_authors(apps, schema_editor):
    """Count the last editor, and whoever described what is new, as before."""
    accounts = apps.get_model("accounts", "ManagedAccount")
    of_accounts = accounts.authors.through
    known = accounts.objects.values_list(
        "pk", "edited_by_id", "created_by_id", "approved_entries"
    )
    found = set()
    for pk, editor, creator, approved in known.iterator():
        found |= {(pk, one) for one in (editor, not approved and creator) if one}
    of_accounts.objects.bulk_create(
        [of_accounts(managedaccount_id=pk, user_id=one) for pk, one in sorted(found)],
        batch_size=500,
    )
    watches = apps.get_model("accounts", "Watch")
    for watch in watches.objects.exclude(created_by=None):
        watch.authors.add(watch.created_by_id)
    # PostgreSQL alters no table whose keys are yet to be checked.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_baseline'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='managedaccount',
            name='authors',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='managingaccount',
            name='authors',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spinnaker',
            name='authors',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='watch',
            name='authors',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='run',
            name='authors',
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='run',
            name='reach',
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='managedaccount',
            name='approved_environment',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('environment', django.db.models.fields.json.KeyTransform('0', 'approved_entries')), output_field=models.CharField(max_length=60, null=True)),
        ),
        migrations.RunPython(name_authors, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='managedaccount',
            name='edited_by',
        ),
    ]
