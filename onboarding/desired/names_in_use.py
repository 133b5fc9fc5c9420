"""What somebody can do about a name that is in use: AWS renames nothing."""

from __future__ import annotations

from onboarding.desired.managing import identity
from onboarding.providers.base import providers_of
from onboarding.providers.ecs import Ecs
from onboarding.resources.kinds import (
    ClusterAccess,
    InstanceProfile,
    OidcProvider,
    Resource,
    Role,
)
from onboarding.topology import Managed, Managing

KEEP = (
    "Keep existing roles in the account's Access step, so that Bowline only adds its "
    "policies"
)
IN_USE = "AWS can't rename it, and something might use it."


def keep_it_or_choose(
    taken: Resource, managing: Managing, managed: Managed | None
) -> str:
    """Say how to keep what has the name, and then where to choose another name."""
    if isinstance(taken, OidcProvider):
        return (
            "An EKS cluster has one issuer, so nothing else can be chosen: add the "
            "audience sts.amazonaws.com to it, then plan again."
        )
    if taken.key in {one.key for one in identity(managing)}:
        return (
            "Choose it as the existing identity on the managing account's page, or "
            f"enter another name there. {IN_USE}"
        )
    if isinstance(taken, ClusterAccess):
        return (
            f"{KEEP} and leaves the entry as it is. Or plan again once the entry has "
            "what the plan would give it, and nothing else."
        )
    return f"{KEEP}. {where_named(taken, managing, managed)} {IN_USE}"


def where_named(taken: Resource, managing: Managing, managed: Managed | None) -> str:
    """Say where another name is entered."""
    if not isinstance(taken, Role | InstanceProfile):
        return "Or choose another name on the managing account's page."
    if taken.name == managing.base_role:
        return "Or enter another base role on the managing account's page."
    for provider in providers_of(managed) if managed else ():
        if isinstance(provider, Ecs) and taken.name == provider.execution_role:
            return "Or enter another execution role in the account's ECS details."
    return (
        "Or, if it isn't locked there, enter another managed role in the account's "
        "Access step."
    )
