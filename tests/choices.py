"""Every combination of a person's choices, and the documents that follow from them.

A provider's own documents depend on no other provider; only the roles that may be
handed out share one, so what decides them is combined over all providers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from onboarding.desired.managed import managed_side
from onboarding.partitions import PARTITIONS, arn
from onboarding.providers.base import Provider
from onboarding.resources.kinds import InlinePolicy, ManagedPolicy, Resource, Role
from onboarding.topology import ExistingIdentity, Managed, Managing, PodRole, Topology
from tests.factories import MANAGING_ID, managed, managing, provider, side_of

KEY = "mrk-0123456789abcdef0123456789abcdef"
ORGANIZATION = "o-a1b2c3d4e5"
ACCESS = ("deploy", "read", "power-user")
EITHER = (True, False)


def every(key: str, **choices: tuple[Any, ...]) -> list[Provider]:
    """Make a provider for each combination of its details."""
    return [
        provider(key, **dict(zip(choices, values, strict=True)))
        for values in product(*choices.values())
    ]


CHOICES: dict[str, list[Provider]] = {
    "ec2": every(
        "ec2",
        access=ACCESS,
        launch_templates=EITHER,
        launch_configurations=EITHER,
        load_balancers=EITHER,
        owns_images=EITHER,
        stack_roles_path=("", "/spinnaker-cfn/"),
    ),
    "ecs": every(
        "ecs",
        access=ACCESS,
        execution_role=("", "ecsTaskExecutionRole"),
        tasks_as_managed_role=EITHER,
    ),
    "lambda": every(
        "lambda",
        access=ACCESS,
        code_buckets=((), ("code", "more-code")),
        kms_keys=((), (KEY,)),
    ),
}
HANDED_OUT: dict[str, list[Provider]] = {
    "ec2": every("ec2", access=ACCESS[:2], stack_roles_path=("", "/spinnaker-cfn/")),
    "ecs": every("ecs", access=ACCESS[:2], tasks_as_managed_role=EITHER),
    "lambda": every("lambda", access=ACCESS[:2]),
}


def accounts() -> Iterator[Managed]:
    """Yield each provider with each of its choices, and all that hand out roles."""
    for choices in CHOICES.values():
        for chosen in choices:
            yield managed(chosen)
    for chosen in product(*HANDED_OUT.values()):
        yield managed(*chosen)
        yield managed(*chosen, account_id=MANAGING_ID)


def installations(partition: str) -> Iterator[Managing]:
    own = f"arn:{partition}:iam::{MANAGING_ID}"
    identities = (
        {},
        {"identity": ExistingIdentity(f"{own}:user/ops/spinnaker")},
        {"identity": PodRole("pods", "tools", "r", "spin", "sa", "oidc.eks/id/A")},
    )
    home = PARTITIONS[partition].home_region
    key = arn(partition, "kms", MANAGING_ID, f"key/{KEY}", region=home)
    baking = ({}, {"bakes": True}, {"bakes": True, "image_keys": (key,)})
    asking = (
        {},
        {"organization": ORGANIZATION, "trust_organization": ORGANIZATION},
        {"boundary": f"{own}:policy/Cap", "bowline": f"{own}:role/Bowline"},
    )
    for identity, bakes, asks in product(identities, baking, asking):
        yield managing(partition=partition, **identity, **bakes, **asks)


@cache
def resources(partition: str) -> tuple[Resource, ...]:
    """Give all that is ever made: what stands on both sides, for every choice."""
    made: dict[Resource, None] = {}
    for core in installations(partition):
        made |= dict.fromkeys(side_of(Topology(core, (managed(provider("ec2")),))))
        for account in (managed(provider("ec2")), managed(provider("ecs"))):
            made |= dict.fromkeys(managed_side(core, account))
    for core in (
        managing(partition=partition),
        managing(partition=partition, bakes=True),
    ):
        for account in accounts():
            made |= dict.fromkeys(managed_side(core, account))
    ids = {"external_id": "new", "former_external_id": "former"}
    rotating = managed(provider("lambda"), **ids)
    made |= dict.fromkeys(managed_side(managing(partition=partition), rotating))
    return tuple(made)


@cache
def documents(partition: str) -> dict[str, str]:
    """Give each different document once, with the name of one that has it."""
    return {
        resource.document.text: resource.name
        for resource in resources(partition)
        if isinstance(resource, ManagedPolicy | InlinePolicy)
    }


def roles(partition: str) -> list[Role]:
    return [r for r in resources(partition) if isinstance(r, Role)]
