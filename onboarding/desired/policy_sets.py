"""Which accounts get the same IAM, and what came with each change to what roles
are allowed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from onboarding.description.values import OF_VALUE
from onboarding.providers.base import providers_of
from onboarding.topology import Managed, Managing, Permissions


def interchangeable(managing: Managing, managed: Managed) -> Managed:
    """Drop the account's own identifiers, and nothing that its IAM depends on."""
    return replace(
        managed,
        providers=tuple(provider.in_aws() for provider in providers_of(managed)),
        name=managed.name if managing.owns_images(managed) else "this account",
        permissions=Permissions(),
        external_id="given" if managed.external_id else "",
        former_external_id="given" if managed.former_external_id else "",
        **OWN,
    )


OWN = {one.name: one.nothing for one in OF_VALUE if one.own}


def with_ids_of(managed: Managed, kind: Managed) -> Managed:
    """Give the account's own identifiers back to what it is interchangeable with."""
    return replace(
        kind,
        account_id=managed.account_id,
        external_id=managed.external_id,
        former_external_id=managed.former_external_id,
    )


POLICY_SETS = (
    "The first: only what Spinnaker's source calls, provider by provider, for reading "
    "and where it is chosen for deploying.",
    "Where images are baked with KMS keys, Packer may use each of them in its own "
    "Region only.",
)
"""The oldest first: an account on set 2 is missing what the third sentence says."""


class PolicySet(NamedTuple):
    number: int
    brings: str


def policy_sets_after(number: int) -> tuple[PolicySet, ...]:
    """List what came after that policy set, the oldest first."""
    sets = (PolicySet(*numbered) for numbered in enumerate(POLICY_SETS, start=1))
    return tuple(one for one in sets if one.number > number)
