"""What a person may do on a page about accounts of these environments.

There, `perms` of templates says no for a role that is for other environments, so that
nothing is offered that would be refused; `outside` says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.context_processors import PermLookupDict, PermWrapper

from accounts.http import Request
from accounts.people.role_limits.limits import environments_of
from accounts.people.role_limits.naming import LIMITED, environments_in_words, only
from accounts.people.roles import UserRole, has_role, whom_to_ask


class PermissionsOf(PermLookupDict):
    """A person's permissions of one app, without some."""

    def __init__(self, user: Any, app_label: str, without: frozenset[str]) -> None:
        super().__init__(user, app_label)
        self.app_label, self.without = app_label, without

    def __getitem__(self, perm_name: str) -> bool:
        name = f"{self.app_label}.{perm_name}"
        return name not in self.without and super().__getitem__(perm_name)


class PermissionsHere(PermWrapper):
    """A person's permissions, without those of these roles."""

    def __init__(self, user: Any, without: Iterable[UserRole]) -> None:
        super().__init__(user)
        self.without = frozenset(role.permission for role in without)

    def __getitem__(self, app_label: str) -> PermissionsOf:
        return PermissionsOf(self.user, app_label, self.without)


def here(request: Request, *environments: str) -> dict[str, Any]:
    """Return what templates say on a page about all of these environments."""
    where = environments_in_words(environments)
    return limits_shown(request, {*environments}, where and f"This is in {where}.")


def everywhere(request: Request, what: str) -> dict[str, Any]:
    """Return what templates say on a page about what all environments share."""
    return without_limit(request, f"All environments share {what}.")


def without_limit(request: Request, why: str) -> dict[str, Any]:
    """Return what templates say on a page that only roles without a limit are for."""
    return limits_shown(request, None, why)


def limits_shown(request: Request, wanted: set[str] | None, why: str) -> dict[str, Any]:
    limits = {
        role: inside
        for role in LIMITED
        if has_role(request.user, role)
        and (inside := environments_of(request.user, role)) is not None
        and (wanted is None or not wanted <= inside)
    }
    if not limits:
        return {}
    yours = " ".join(for_these(role, inside) for role, inside in limits.items())
    return {
        "perms": PermissionsHere(request.user, limits),
        "outside": " ".join(filter(None, [why, yours, ask()])),
    }


def for_these(role: UserRole, environments: Collection[str]) -> str:
    return f"Your {role.name} role applies to {only(environments)}."


def ask() -> str:
    return f"An administrator can change this ({whom_to_ask()})."
