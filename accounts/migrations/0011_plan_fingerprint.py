from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_errored_runs")]

    operations = [
        migrations.RemoveIndex("run", "run_waiting_signature"),
        migrations.RenameField("run", "signature", "fingerprint"),
        migrations.AddIndex(
            "run",
            models.Index(
                fields=["fingerprint"],
                condition=models.Q(status="planned"),
                name="run_waiting_fingerprint",
            ),
        ),
    ]
