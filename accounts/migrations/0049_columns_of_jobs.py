"""A delivery's columns as a run has them; the database's own stay as they are."""

from django.conf import settings
from django.db import migrations, models

ALIKE = {
    "error": models.JSONField(null=True, blank=True),
    "waiting": models.CharField(max_length=200, blank=True),
    "approved_by": models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    ),
    "approved_at": models.DateTimeField(null=True, blank=True),
    "queued_at": models.DateTimeField(null=True, blank=True, editable=False),
    "finished_at": models.DateTimeField(null=True, blank=True),
}


class Migration(migrations.Migration):
    dependencies = [("accounts", "0048_refused_tries")]

    operations = [
        migrations.AlterField("delivery", name, field) for name, field in ALIKE.items()
    ]
