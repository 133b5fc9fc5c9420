from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0045_environment_rules")]

    operations = [
        migrations.AddField(
            "delivery",
            "connection_version",
            models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
