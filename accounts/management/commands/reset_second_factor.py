"""`manage.py reset_second_factor NAME [--by NAME]`: for whoever lost the device.

It removes the person's authenticator app, passkeys and recovery codes, and ends their
sessions. The password stays as it is.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError

from accounts.factors.keeping import reset
from accounts.management.command import BowlineCommand, named_person
from accounts.web.you.sessions import end


class Command(BowlineCommand):
    help = "Remove a person's second factor, so that the password is enough again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the person who lost the second factor")
        parser.add_argument("--by", help="who decided it, for the activity log")

    def handle(self, *, name: str, by: str | None, **_: Any) -> None:
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"Bowline has no user {name}.")
        if not reset(person, named_person(by)):
            self.stdout.write(f"{name} has no second factor.")
            return
        end(person, but=None)
        self.stdout.write(f"{name} has no second factor now, and is signed out.")
