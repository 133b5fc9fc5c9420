"""Roles of groups as the environment and Settings name them: read in one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.web.access import ROLES

RolesByGroup = Mapping[str, tuple[str, ...]]


class NoSuchRole(ValueError):
    """A name that is no role; the message lists those that there are."""


def roles_named(names: Any) -> tuple[str, ...]:
    """Read a list of roles; raise NoSuchRole where something in it is none."""
    known = [role.name for role in ROLES]
    if not isinstance(names, list) or not all(name in known for name in names):
        raise NoSuchRole(f"Roles are {', '.join(known)}.")
    return tuple(dict.fromkeys(names))


def roles_in(groups: Iterable[str], by_group: RolesByGroup) -> tuple[str, ...]:
    """Return the roles of whoever is in these groups."""
    return tuple(sorted({role for group in groups for role in by_group.get(group, ())}))
