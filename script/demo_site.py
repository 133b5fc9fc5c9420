"""Make the demo's site ready: its database, static files, a person for each role."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

PEOPLE = {
    "victor": "viewer",
    "olivia": "operator",
    "paula": "approver",
    "adam": "administrator",
}
"""The role of each person, by the name to sign in with."""
# Known to all, because the demo listens on loopback only.
PASSWORD = "bowline-demo"


def collect_static_files() -> None:
    """Collect them where one is newer than the last collection: it takes seconds."""
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    sources = [Path(".venv/stamp"), *Path("static").rglob("*")]
    last = collected.stat().st_mtime if collected.exists() else 0
    if any(source.stat().st_mtime > last for source in sources):
        call_command("collectstatic", interactive=False, verbosity=0)


def make_users() -> None:
    """Make the people who are missing; the others stay as they are."""
    users = apps.get_model("auth", "User").objects
    groups = apps.get_model("auth", "Group").objects
    for name, role in PEOPLE.items():
        defaults = {
            "password": make_password(PASSWORD),
            "is_staff": role == "administrator",
        }
        user, made = users.get_or_create(username=name, defaults=defaults)
        if made:
            user.groups.add(groups.get(name=role))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    if not settings.DEBUG:
        collect_static_files()
    make_users()
