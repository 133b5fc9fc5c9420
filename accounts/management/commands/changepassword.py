"""`manage.py changepassword`: Django's own, with an entry in the activity log."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.management.command import BowlineCommand
from accounts.models import Activity
from accounts.people.activity import record


class Command(BowlineCommand, changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        """Record it afterwards, as createsuperuser does."""
        said: str | None = super().handle(*args, **options)
        name = options["username"] or getpass.getuser()
        record(None, Activity.What.PASSWORD, name)
        return said
