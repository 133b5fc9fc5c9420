"""`manage.py createsuperuser`: Django's own, with an entry in the activity log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User

from accounts.management.command import BowlineCommand
from accounts.models import Activity
from accounts.people.activity import record
from accounts.people.look_alikes import new_name
from onboarding import names


class Command(BowlineCommand, createsuperuser.Command):
    def _validate_username(self, username: str, *args: Any) -> str | None:
        """Say what is wrong with the name, typed or given: Django's own seam."""
        said: str | None = super()._validate_username(username, *args)  # type: ignore[misc]  # not in the stubs
        if said:
            return said
        try:
            new_name(User.normalize_username(names.seen(username)))
        except ValueError as error:
            return f"Error: {error}"
        return None

    def handle(self, *args: Any, **options: Any) -> None:
        """Record it afterwards: on SQLite, a transaction that waits for what somebody
        types would keep everybody else from writing.
        """
        before = set(superusers())
        super().handle(*args, **options)
        for name in set(superusers()) - before:
            record(None, Activity.What.PERSON, name, {"added": "as a superuser"})


def superusers() -> list[str]:
    found = User.objects.filter(is_superuser=True)
    return list(found.values_list("username", flat=True))
