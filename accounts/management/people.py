"""The person whom a command puts on record."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management import CommandError


def named_person(name: str) -> User:
    person = User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"There is nobody called {name} in Bowline: see --by.")
    return person
