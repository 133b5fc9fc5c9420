"""Which accounts get the same IAM, except for their own identifiers. Pure."""

from __future__ import annotations

from dataclasses import replace

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
