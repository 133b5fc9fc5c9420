import uuid

import django.db.models.deletion
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations, models


MODELS = ("adding", "clustersearch", "lookup", "sentfile")


def forget(apps, editor):
    """Delete what searches found: they are kept for a day. The permissions of what is
    dropped go with its kinds of rows.
    """
    using = editor.connection.alias
    for name in ("FoundCluster", "SearchedAccount"):
        apps.get_model("accounts", name).objects.using(using).all().delete()
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(using)
    kinds.filter(app_label="accounts", model__in=MODELS).delete()


def of_search(name):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE,
        related_name=name,
        to="accounts.question",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0046_connection_version"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
        migrations.CreateModel(
            "Question",
            [
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("queued_at", models.DateTimeField(null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                (
                    "key",
                    models.CharField(
                        blank=True, max_length=64, null=True, unique=True
                    ),
                ),
                ("input", models.JSONField(default=dict)),
                ("file", models.BinaryField(null=True)),
                ("is_own", models.BooleanField(default=False)),
                ("times_asked", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField(null=True)),
                ("seconds", models.PositiveSmallIntegerField(null=True)),
                ("expires_at", models.DateTimeField(db_index=True, null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.JSONField(encoder=DjangoJSONEncoder, null=True)),
                ("message", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AlterField("foundcluster", "search", of_search("clusters")),
        migrations.AlterField("searchedaccount", "search", of_search("accounts")),
        migrations.DeleteModel("SentFile"),
        migrations.DeleteModel("Lookup"),
        migrations.DeleteModel("ClusterSearch"),
        migrations.DeleteModel("Adding"),
    ]
