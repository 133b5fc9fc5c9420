"""Make the groups that are Bowline's roles, with their permissions."""

from __future__ import annotations

from django.db import migrations

MODELS = (
    "managingaccount",
    "managedaccount",
    "enabledprovider",
    "spinnakername",
    "run",
    "step",
    "checkresult",
    "bundle",
)
SEES = tuple(("accounts", model, f"view_{model}") for model in MODELS)
MENDS = (
    ("accounts", "managingaccount", "change_managingaccount"),
    ("accounts", "managedaccount", "change_managedaccount"),
)
ADMINISTERS = (
    ("auth", "user", "add_user"),
    ("auth", "user", "change_user"),
    ("auth", "user", "delete_user"),
    ("auth", "user", "view_user"),
    ("auth", "group", "view_group"),
    ("auditlog", "logentry", "view_logentry"),
    ("axes", "accessattempt", "view_accessattempt"),
    ("axes", "accessattempt", "delete_accessattempt"),
)
ROLES = {
    "viewer": SEES,
    "operator": (*SEES, ("accounts", "managedaccount", "onboard_account")),
    "approver": (*SEES, ("accounts", "managedaccount", "approve_run")),
    "administrator": (*SEES, *MENDS, *ADMINISTERS),
}


def make_roles(apps, schema_editor):
    """Make permissions too: Django does so only once all migrations are through."""
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, permissions in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        for app, model, codename in permissions:
            kind, _ = ContentType.objects.using(using).get_or_create(
                app_label=app, model=model
            )
            permission, _ = Permission.objects.using(using).get_or_create(
                content_type=kind,
                codename=codename,
                defaults={"name": f"Can {codename.replace('_', ' ')}"},
            )
            group.permissions.add(permission)


def remove_roles(apps, schema_editor):
    using = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(using)
    groups.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, remove_roles)]
