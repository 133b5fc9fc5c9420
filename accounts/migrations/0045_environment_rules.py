from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0044_account_environments")]

    operations = [
        migrations.CreateModel(
            name="EnvironmentRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("id", "AWS account ID"),
                            ("name", "Name pattern"),
                            ("unit", "Organizational unit"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.CharField(max_length=100)),
                ("environment", models.CharField(max_length=60)),
            ],
            options={
                "ordering": ["by", "value"],
                "constraints": [
                    models.UniqueConstraint(fields=("by", "value"), name="rule_once")
                ],
            },
        ),
    ]
