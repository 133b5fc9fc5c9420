"""Roles of groups as `OIDC_ROLES` names them.

`operator` is the role in every environment, `operator@staging` in this one, and
`operator@-` for accounts without an environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.people.role_limits.naming import (
    LIMITED,
    NAMELESS,
    environment,
    only,
)
from accounts.people.role_limits.reach import NOWHERE, Reach, joined
from accounts.people.roles import ROLES

RolesByGroup = Mapping[str, tuple[str, ...]]
Granted = Mapping[str, Reach]
"""Roles by their names, each with its environments."""

IN = "@"


class NoSuchRole(ValueError):
    """A name that is no role; the message lists those that there are."""


def roles_named(names: Any) -> tuple[str, ...]:
    """Read a list of roles; raise NoSuchRole where something in it is none."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise NoSuchRole(known())
    for name in names:
        refuse_no_role(name)
    for role in LIMITED:
        if role.name in names and any(is_limited(name, role.name) for name in names):
            raise NoSuchRole(
                f"{role.name} means the role in every environment. Use either "
                f"{role.name} or the environments ({role.name}{IN}…), not both."
            )
    return tuple(dict.fromkeys(names))


def known() -> str:
    return f"Roles are {', '.join(role.name for role in ROLES)}."


def refuse_no_role(name: str) -> None:
    role, limited, place = name.partition(IN)
    if role not in [role.name for role in ROLES]:
        raise NoSuchRole(known())
    if not limited:
        return
    if role not in [role.name for role in LIMITED]:
        raise NoSuchRole(f"The {role} role can't be limited to environments.")
    try:
        environment(place)
    except ValueError as error:
        raise NoSuchRole(
            f"{role}{IN} needs the name of an environment, or {NAMELESS} for accounts "
            f"without one. {error}"
        ) from error


def is_limited(name: str, role: str) -> bool:
    return name.startswith(f"{role}{IN}")


def reach_of(name: str) -> tuple[str, Reach]:
    """Return the role, and the environments that it is for. Only roles that can be
    limited are read so: whatever else has an @ is no role, and stays none.
    """
    role, limited, place = name.partition(IN)
    if limited and role in [role.name for role in LIMITED]:
        return role, frozenset({"" if place == NAMELESS else place})
    return name, None


def granted(groups: Iterable[str], by_group: RolesByGroup) -> Granted:
    """Return the roles of whoever is in these groups, and where: groups add up, and a
    role that one of them gives in every environment is for every one.
    """
    return reaches(name for group in groups for name in by_group.get(group, ()))


def reaches(names: Iterable[str]) -> Granted:
    """Return the roles that these names give, and where."""
    found: dict[str, Reach] = {}
    for role, reach in map(reach_of, names):
        found[role] = joined(found.get(role, NOWHERE), reach)
    return found


def in_words(names: Iterable[str]) -> list[str]:
    """Say roles and their environments: “operator in staging and test only”."""
    return [
        role if reach is None else f"{role} in {only(reach)}"
        for role, reach in reaches(names).items()
    ]
