"""Who comes from the provider, and which roles its groups have: as the environment
says it, or Settings.
"""

from __future__ import annotations

from django.contrib.auth.models import User

from accounts.models import GroupRoles, Identity
from accounts.web.single_sign_on.provider import SingleSignOn, sign_on_provider
from accounts.web.single_sign_on.roles import RolesByGroup


def chosen_roles() -> RolesByGroup:
    """Read what administrators decided on Settings."""
    return {row.group: tuple(row.roles) for row in GroupRoles.objects.all()}


def roles_at(provider: SingleSignOn) -> RolesByGroup:
    """Return the roles of a provider's groups: those of the environment come first."""
    return chosen_roles() if provider.roles is None else provider.roles


def identity_of(person: User) -> Identity | None:
    return getattr(person, "identity", None)


def provider_of(person: User) -> SingleSignOn | None:
    """Return the provider that decides the person's name and roles; None: none that
    there is now.
    """
    identity, provider = identity_of(person), sign_on_provider()
    if identity and provider and identity.issuer == provider.issuer:
        return provider
    return None
