"""The roles that a person has: read, and set with a record."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, User

from accounts.models import Activity
from accounts.people.activity import record


def role_names(person: User) -> list[str]:
    return sorted(person.groups.values_list("name", flat=True))


def set_roles(by: User | str, person: User, roles: Iterable[str]) -> bool:
    """Give exactly these roles, and record it; return whether they are others than
    before.
    """
    before, after = role_names(person), sorted(roles)
    if before == after:
        return False
    person.groups.set(Group.objects.filter(name__in=after))
    detail = {"changed": [before, after]}
    record(by, Activity.What.ROLES, person.username, detail)
    return True
