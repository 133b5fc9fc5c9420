"""Number the runs, the oldest first, so that people can quote them."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

AT_ONCE = 1000


def number_runs(apps: Any, editor: Any) -> None:
    runs = apps.get_model("accounts", "Run").objects
    numbers = apps.get_model("accounts", "RunNumber").objects
    unnumbered = runs.filter(number=None).order_by("created_at", "pk").only("pk")
    while some := list(unnumbered[:AT_ONCE]):
        given = numbers.bulk_create([numbers.model() for _ in some])
        for run, number in zip(some, given, strict=True):
            run.number = number.pk
        runs.bulk_update(some, ["number"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0027_who_left_it_out")]

    operations = [
        migrations.CreateModel(
            name="RunNumber",
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
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="number",
            field=models.PositiveIntegerField(null=True, editable=False),
        ),
        migrations.RunPython(number_runs, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="run",
            name="number",
            field=models.PositiveIntegerField(unique=True, editable=False),
        ),
    ]
