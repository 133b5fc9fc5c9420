"""Sessions know whose they are; those that were open stay open."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone


def move_sessions(apps: Any, editor: Any) -> None:
    """Move what can be read: their keys remain in one table only."""
    alias = editor.connection.alias
    old = apps.get_model("sessions", "Session").objects.using(alias)
    new = apps.get_model("accounts", "BrowserSession").objects.using(alias)
    people = apps.get_model(settings.AUTH_USER_MODEL).objects.using(alias)
    known = {str(key) for key in people.values_list("pk", flat=True)}
    store = SessionStore()
    for row in old.filter(expire_date__gt=timezone.now()).iterator():
        said = store.decode(row.session_data)
        person = said.get("_auth_user_id")
        if person in known:
            new.create(
                session_key=row.session_key,
                session_data=row.session_data,
                expire_date=row.expire_date,
                person_id=person,
                auth_hash=said.get("_auth_user_hash", ""),
            )
    old.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_run_turn"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BrowserSession",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                        verbose_name="session key",
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                (
                    "expire_date",
                    models.DateTimeField(db_index=True, verbose_name="expire date"),
                ),
                (
                    "auth_hash",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="browser_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.RunPython(move_sessions, migrations.RunPython.noop),
    ]
