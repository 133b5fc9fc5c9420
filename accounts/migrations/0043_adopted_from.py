from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0042_roles_of_groups")]

    operations = [
        migrations.AddField(
            "managedaccount",
            "adopted_from",
            models.JSONField(default=dict, editable=False),
        ),
    ]
