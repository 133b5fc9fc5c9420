"""What may stand in AWS of earlier choices, so that an edit leaves nothing behind.

A snapshot is kept before AWS is touched, and earlier ones are dropped once a run has
verified that nothing else stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from accounts.mapping.rows import identity_of, managed_of, managing_of, managing_row
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.desired.image_keys import key_grants
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import identity
from onboarding.partitions import region_of
from onboarding.providers import PROVIDERS
from onboarding.resources.kinds import Resource
from onboarding.topology import Managed, Managing

IDENTITY_FIELDS = (
    "identity_kind",
    "identity_name",
    "identity_arn",
    "pod_cluster",
    "pod_region",
    "pod_namespace",
    "pod_service_account",
    "pod_issuer",
)


def managed_snapshot(managing: Managing, managed: Managed) -> dict[str, Any]:
    return {
        "managed_role": managing.managed_role,
        "base_role": managing.base_role,
        "image_keys": list(managing.image_keys),
        "providers": {p.key: p.details for p in managed.providers},
    }


def managing_snapshot(row: ManagingAccount) -> dict[str, Any]:
    return {name: getattr(row, name) for name in IDENTITY_FIELDS}


def remember(row: ManagedAccount | ManagingAccount, *, only: bool = False) -> None:
    """Keep what the row says now beside, or with `only` in place of, what it said."""
    now = (
        managing_snapshot(row)
        if isinstance(row, ManagingAccount)
        else managed_snapshot(managing_of(managing_row()), managed_of(row))
    )
    before = [] if only else [other for other in row.applied if other != now]
    if row.applied != [*before, now]:
        row.applied = [*before, now]
        row.save(update_fields=["applied"])


def remembered(row: ManagedAccount) -> Iterator[Resource]:
    """Yield what may stand of an account's earlier choices."""
    for managing, managed in earlier_choices(row):
        yield from managed_side(managing, managed)


def remembered_grants(row: ManagedAccount) -> Iterator[Resource]:
    """Yield the grants on keys that it may have had, in whatever region."""
    for managing, managed in earlier_choices(row):
        regions = tuple(region_of(key) for key in managing.image_keys)
        yield from key_grants(managing, replace(managed, regions=regions))


def earlier_choices(row: ManagedAccount) -> Iterator[tuple[Managing, Managed]]:
    managing, managed = managing_of(managing_row()), managed_of(row)
    for snapshot in row.applied:
        earlier = replace(
            managing,
            managed_role=snapshot["managed_role"],
            base_role=snapshot["base_role"],
            image_keys=tuple(snapshot.get("image_keys", ())),
        )
        providers = tuple(
            PROVIDERS[key].from_details(details)
            for key, details in snapshot["providers"].items()
        )
        yield earlier, replace(managed, providers=providers)


def remembered_identities(row: ManagingAccount) -> Iterator[Resource]:
    """Yield the identities that Bowline may have made earlier."""
    managing = managing_of(row)
    for snapshot in row.applied:
        earlier = identity_of(ManagingAccount(**snapshot))
        yield from identity(replace(managing, identity=earlier))
