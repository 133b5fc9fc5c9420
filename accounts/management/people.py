"""The person that a command records."""

from __future__ import annotations

import os

from django.contrib.auth.models import User
from django.core.management import CommandError

from accounts.api.authentication import why_not
from accounts.models.api.token import Scope
from accounts.people.roles import has_role, refusal
from accounts.tokens.api_tokens import ROLES, find, note_use

TOKEN = "BOWLINE_TOKEN"


def named_person(name: str) -> User:
    person = User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"--by: Bowline has no user {name}.")
    if not person.is_active:
        raise CommandError(f"--by: {name} is deactivated.")
    return person


def acting_person(name: str | None, scope: Scope) -> User | None:
    """Find who acts: the person of the API token in the environment, which must have
    the scope; else whoever is named, which anybody can claim who writes the database.
    """
    text = os.environ.get(TOKEN)
    if not text:
        return named_person(name) if name else None
    token = find(text)
    if token is None:
        raise CommandError(f"{TOKEN}: the token isn't valid.")
    if reason := why_not(token):
        raise CommandError(f"{TOKEN}: {reason}")
    if scope not in token.scopes:
        raise CommandError(f"{TOKEN}: the token {token} needs the scope {scope}.")
    if not has_role(token.person, ROLES[scope]):
        raise CommandError(f"{TOKEN}: {refusal(ROLES[scope])}")
    if name and name != token.person.get_username():
        raise CommandError(f"--by: the token in {TOKEN} isn't {name}'s.")
    note_use(token)
    return token.person
