"""What administrators change of others, one at a time, with a record of each.

Whoever changes people is an active administrator and never changes themselves, and both
are checked under one lock. So an administrator remains, whoever acts at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.shortcuts import get_object_or_404

from accounts.models import Activity
from accounts.people.activity import record, wait_for_turn
from accounts.people.role_limits.limits import (
    LimitRefused,
    Limits,
    limit,
    limit_by_groups,
)
from accounts.people.roles import ADMINISTRATOR, has_role
from accounts.web.people.person import is_of_provider
from accounts.web.people.roles import set_roles
from accounts.web.you.sessions import end

What = Activity.What
LOCK = 0x50_65_6F_70_6C_65
"""“People” as a number, like the lock of the activity log."""


class NotAllowed(Exception):
    """What is asked for is not done to this person, or not by this one."""


@contextmanager
def turn_of(by: User) -> Iterator[None]:
    """Let one administrator at a time change people, in one transaction; raise
    NotAllowed where another one has just taken the role.
    """
    with transaction.atomic():
        wait_for_turn(LOCK)
        now = User.objects.filter(pk=by.pk, is_active=True).first()
        if now is None or not has_role(now, ADMINISTRATOR):
            raise NotAllowed("You're no longer an administrator.")
        yield


@contextmanager
def changing(by: User, pk: int, *, own: bool = False) -> Iterator[User]:
    """Give the person to change, as they are now; raise NotAllowed where `by` may not
    change this one. What is `own` people may change of themselves, too.
    """
    with turn_of(by):
        person = get_object_or_404(User.objects.select_related("identity"), pk=pk)
        if (refused := why_not(by, person)) and not (own and person.pk == by.pk):
            raise NotAllowed(refused)
        yield person


def why_not(by: User, person: User) -> str:
    """Say why nobody but others may change this person; empty where `by` may."""
    if person.pk == by.pk:
        return "You can't change your own account. Ask another administrator."
    if person.is_superuser and not by.is_superuser:
        return "Only a superuser can change a superuser."
    return ""


def give(by: User, person: User, roles: list[str]) -> bool:
    """Give exactly these roles; return whether they are others than before."""
    if is_of_provider(person):
        raise NotAllowed("Single sign-on manages this person's roles.")
    return set_roles(by, person, roles)


def limit_all(by: User, person: User, limits: Limits) -> bool:
    """Limit each role to its environments; return whether any differs from before."""
    try:
        each = [limit(person, role, inside, by) for role, inside in limits.items()]
        if not is_of_provider(person):
            # No sign-in renews it: what groups limited before is decided here now.
            each.append(limit_by_groups(by, person, {}))
        return any(each)
    except LimitRefused as refused:
        raise NotAllowed(str(refused)) from refused


def set_active(by: User, person: User, active: bool, *, here: SessionBase) -> bool:
    """Let somebody in again, or keep them out: their sessions and links end."""
    if person.is_active == active:
        return False
    person.is_active = active
    if not person.has_usable_password():
        person.set_unusable_password()  # another one: links that were made are void
    person.save(update_fields=["is_active", "password"])
    if not active:
        end(person, but=here)
    changed = {"is_active": [not active, active]}
    record(by, What.PERSON, person.username, {"changed": changed})
    return True


def end_sessions(by: User, person: User, *, here: SessionBase) -> int:
    ended = end(person, but=here)
    if ended:
        record(by, What.SIGN_OUT, person.username, {"sessions": ended})
    return ended


def describe(by: User, person: User, names: dict[str, str]) -> bool:
    """Change names and the mail address; return whether any differs."""
    if is_of_provider(person):
        raise NotAllowed("Single sign-on manages this person's name.")
    changed = {
        name: [getattr(person, name), value]
        for name, value in names.items()
        if getattr(person, name) != value
    }
    if not changed:
        return False
    User.objects.filter(pk=person.pk).update(**names)
    record(by, What.PERSON, person.username, {"changed": changed})
    return True
