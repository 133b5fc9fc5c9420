from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_plan_fingerprint")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("seen_at", models.DateTimeField(null=True)),
                ("broker_lost_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="heartbeat_is_one"
                    )
                ],
            },
        ),
    ]
