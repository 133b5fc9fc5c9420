"""Values for tests: valid ones, with only the differing fields given."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.description.values import Description, columns_of, completed
from onboarding.desired import desired
from onboarding.desired.capacity import room_for
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider
from onboarding.resources.kinds import Resource
from onboarding.topology import Managed, Managing, Topology

MANAGING_ID = "911111111111"
MANAGED_ID = "922222222222"


def managing(**fields: Any) -> Managing:
    return Managing(**{"name": "core", "account_id": MANAGING_ID, **fields})


def description(managed: Managed, *, uses_external_id: bool = True) -> Description:
    """Describe an account as its value says, and whether it has an external ID."""
    said = {**columns_of(managed), "uses_external_id": uses_external_id}
    return Description(completed(said), managed.providers)


def managed(*providers: Provider, **fields: Any) -> Managed:
    """Make a managed account with these providers."""
    plain = {
        "name": "staging",
        "account_id": MANAGED_ID,
        "regions": ("us-east-1", "us-west-2"),
        "providers": providers,
    }
    return Managed(**{**plain, **fields})


def image_key(region: str = "us-east-1", account: str = MANAGING_ID) -> str:
    """Name a KMS key of that account, in the plain partition."""
    return f"arn:aws:kms:{region}:{account}:key/mrk-{'0123456789abcdef' * 2}"


def topology(*accounts: Managed, **fields: Any) -> Topology:
    """Make a topology of these managed accounts; fields are the managing account's."""
    return Topology(managing=managing(**fields), managed=accounts)


def roles_in_a_policy(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let so many usual roles fit into one policy of the identity's list."""
    one = room_for(managing().managed_role_arn("0" * 12))
    monkeypatch.setattr("onboarding.desired.capacity.ROOM", count * one)


LEAST: dict[str, dict[str, Any]] = {
    "eks": {"clusters": [{"name": "apps", "region": "us-east-1"}]}
}
"""The details that a provider cannot do without."""


def provider(key: str, **details: Any) -> Provider:
    return PROVIDERS[key].from_details({**LEAST.get(key, {}), **details})


def side_of(topology: Topology) -> tuple[Resource, ...]:
    """Return what should exist in the managing account."""
    return desired(topology, topology.managing)
