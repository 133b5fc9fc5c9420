"""What a review calls changes and accounts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from onboarding.resources.kinds import ClusterAccess, Key

Names = Mapping[str, str]
"""What Bowline calls accounts, by id."""

NO_ONE: Names = MappingProxyType({})


def called(account_id: str, names: Names) -> str:
    """Name an account that Bowline knows: “payments (922222222222)”; others by id."""
    name = (names or NO_ONE).get(account_id)
    return f"{name} ({account_id})" if name else account_id


def short_name(key: Key) -> str:
    """Name a change where its card is one click away."""
    if key.kind != ClusterAccess.kind:
        return key.name
    region, cluster, _principal = key.name.split("/", 2)
    return f"{cluster} · {region}"
