"""Which roles a provider's groups have: as the environment says it, or Settings."""

from __future__ import annotations

from accounts.models import GroupRoles
from accounts.web.single_sign_on.provider import Provider
from accounts.web.single_sign_on.roles import RolesByGroup


def chosen_roles() -> RolesByGroup:
    """Read what administrators decided on Settings."""
    return {row.group: tuple(row.roles) for row in GroupRoles.objects.all()}


def roles_at(provider: Provider) -> RolesByGroup:
    """Return the roles of a provider's groups: those of the environment come first."""
    return chosen_roles() if provider.roles is None else provider.roles
