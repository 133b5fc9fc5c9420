"""What steps keep of resources: plans that were approved before rely on it.

Neither a name, nor a document, nor a digest may change by as much as a letter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onboarding.desired import desired_in
from onboarding.resources.kinds import KINDS, ManagedPolicy, OwnerTag, Resource, Role
from onboarding.resources.plan import digests
from onboarding.topology import ExistingIdentity, PodRole
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    image_key,
    managed,
    provider,
    topology,
)

STORED = Path(__file__).parents[2] / "data/stored_resources.json"
USER = ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:user/ops/spinnaker")
POD = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "oidc.eks/id/1")


def made() -> tuple[Resource, ...]:
    """Give resources of every kind; managed policies have a list of their own."""
    apps = {"name": "apps", "region": "us-west-2", "namespaces": ["web", "api"]}
    every = (provider("ec2"), provider("ecs"), provider("eks", clusters=[apps]))
    found: list[Resource] = []
    for identity in (USER, POD):
        whole = topology(managed(*every), identity=identity, image_keys=(image_key(),))
        found += (*desired_in(whole, MANAGING_ID), *desired_in(whole, MANAGED_ID))
    found += [OwnerTag.on(one) for one in found if isinstance(one, Role)][:1]
    return tuple(
        resource
        for resource in dict.fromkeys(found)
        if not isinstance(resource, ManagedPolicy)
    )


def stored(resource: Resource) -> dict[str, Any]:
    """Say what a step keeps of it; the document as text, for its keys have an order."""
    return {
        "key": list(resource.key),
        "document": json.dumps(resource.as_json()),
        "digests": sorted(digests(resource.atoms())),
    }


def test_every_kind_is_stored_as_it_always_was() -> None:
    kinds = {type(resource) for resource in made()}

    assert kinds == set(KINDS) - {ManagedPolicy}
    assert [stored(r) for r in made()] == json.loads(STORED.read_text())


def test_a_managed_policy_is_stored_with_its_name_first() -> None:
    whole = topology(managed(provider("ec2")))
    policies = [
        r for r in desired_in(whole, MANAGED_ID) if isinstance(r, ManagedPolicy)
    ]

    assert {tuple(p.as_json()) for p in policies} == {("name", "path", "document")}
