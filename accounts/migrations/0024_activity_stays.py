"""Let PostgreSQL itself refuse to change the activity log, and let its readers see it.

SQLite has no user but the application, which refuses by itself.
"""

from __future__ import annotations

from django.db import migrations

STAYS = """
CREATE FUNCTION accounts_activity_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The activity log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER activity_stays BEFORE UPDATE OR DELETE ON accounts_activity
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_activity_stays();
CREATE TRIGGER activity_is_never_emptied BEFORE TRUNCATE ON accounts_activity
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_activity_stays();
"""
GOES = """
DROP TRIGGER activity_is_never_emptied ON accounts_activity;
DROP TRIGGER activity_stays ON accounts_activity;
DROP FUNCTION accounts_activity_stays();
"""
READERS = ("approver", "administrator")


def stay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(STAYS, None)


def go(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GOES, None)


def give_readers(apps, schema_editor):
    """Make the permission too: Django does so only once all migrations are through."""
    using = schema_editor.connection.alias
    kind, _ = (
        apps.get_model("contenttypes", "ContentType")
        .objects.using(using)
        .get_or_create(app_label="accounts", model="activity")
    )
    permission, _ = (
        apps.get_model("auth", "Permission")
        .objects.using(using)
        .get_or_create(
            content_type=kind,
            codename="view_activity",
            defaults={"name": "Can view activity"},
        )
    )
    groups = apps.get_model("auth", "Group").objects.using(using)
    for group in groups.filter(name__in=READERS):
        group.permissions.add(permission)


def take_readers(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    permissions.filter(
        content_type__app_label="accounts", codename="view_activity"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_activity")]

    operations = [
        migrations.RunPython(stay, go),
        migrations.RunPython(give_readers, take_readers),
    ]
