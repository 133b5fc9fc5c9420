"""What bundles are made of: each account as its last good verification proved it.

An edit, a rotation, a new plan or a failed verification changes none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from accounts.mapping.managed import managed_of
from accounts.mapping.spinnaker_names import free_names
from accounts.models import ManagedAccount
from onboarding.description.values import columns_of, value_of
from onboarding.providers import PROVIDERS
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.entry_documents import entries_of
from onboarding.topology import Managed, Managing, Topology

Verified: TypeAlias = dict[str, Any]
"""JSON: {as, entries, managed}, see `verified_of`."""


def verified_of(row: ManagedAccount, state: str) -> Verified:
    """Write the account as it is described now, with what of it was approved for
    Spinnaker; `state` says how it was proved.
    """
    managed = managed_of(row)
    described = {
        **columns_of(managed),
        "external_id": managed.external_id,
        "former_external_id": managed.former_external_id,
        "providers": {one.key: one.details for one in managed.providers},
    }
    return {"as": str(state), "entries": row.approved_entries, "managed": described}


def managed_from(verified: Verified) -> Managed:
    """Read it back; raise DetailsError where a provider cannot read its details."""
    described = verified["managed"]
    details = described["providers"]
    return value_of(
        described,
        tuple(
            PROVIDERS[key].from_details(details[key])
            for key in PROVIDERS
            if key in details
        ),
        external_id=described["external_id"],
        former_external_id=described["former_external_id"],
    )


def verified_topology(managing: Managing, rows: Iterable[ManagedAccount]) -> Topology:
    return Topology(managing, tuple(managed_from(row.verified) for row in rows))


def verified_entries(managing: Managing, rows: Iterable[ManagedAccount]) -> Entries:
    """Return what Spinnaker is to know of the accounts as they were proved."""
    return entries_of(managing, [row.verified["entries"] for row in rows])


def keep_verified(row: ManagedAccount, state: str) -> None:
    """Make later bundles of the account as this row says."""
    rows = ManagedAccount.objects.filter(pk=row.pk, version=row.version)
    if rows.keep_verified(verified_of(row, state)):
        free_names(row)
