"""The person that a command records."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management import CommandError


def named_person(name: str) -> User:
    person = User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"--by: Bowline has no user {name}.")
    return person
