"""Bundles and deliveries do what the feed did: drop what it kept."""

from typing import Any

from django.db import migrations, models

MODELS = ("feedrow", "fedaccount", "feedtoken")


def forget_the_feed(apps: Any, editor: Any) -> None:
    """Its permissions go with its kinds of rows. Its wrong tokens were counted among
    wrong passwords, which they must not become.
    """
    using = editor.connection.alias
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(using)
    kinds.filter(app_label="accounts", model__in=MODELS).delete()
    attempts = apps.get_model("axes", "AccessAttempt").objects.using(using)
    attempts.filter(username="feed token").delete()
    managing = apps.get_model("accounts", "ManagingAccount").objects.using(using)
    managing.filter(run_by="feed").update(run_by="")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0038_environments_as_they_are")]

    operations = [
        migrations.RunPython(forget_the_feed, migrations.RunPython.noop),
        migrations.DeleteModel(name="FedAccount"),
        migrations.DeleteModel(name="FeedRow"),
        migrations.DeleteModel(name="FeedToken"),
        migrations.AlterField(
            model_name="managingaccount",
            name="run_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("halyard", "Halyard"),
                    ("kustomize", "spinnaker-kustomize"),
                    ("operator", "The operator"),
                    ("files", "Own configuration files (clouddriver-local.yml)"),
                    ("live", "Bowline delivers to Gate, without a restart"),
                ],
                default="",
                editable=False,
                max_length=10,
            ),
        ),
    ]
