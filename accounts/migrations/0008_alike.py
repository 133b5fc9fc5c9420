import hashlib
import json

from django.db import migrations, models


def say_alike(apps, schema_editor):
    """Let what was found before be like itself alone, until it is found again."""
    rows = apps.get_model("accounts", "ForeignPolicy").objects.all()
    rows.update(alike=models.F("digest"))


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0007_one_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="foreignpolicy",
            name="alike",
            field=models.CharField(db_index=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(say_alike, migrations.RunPython.noop),
    ]
