"""What Spinnaker knows of an account: as it is described, planned, applied and
proved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.spinnaker import free_names
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.people.authors import forget_authors
from onboarding.description.values import columns_of, value_of
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.resources.entry_changes import (
    EntryChange,
    EntryDocument,
    entry_changes,
)
from onboarding.spinnaker.entries import Entries, entries_of, entry_documents
from onboarding.spinnaker.services.bake_account import BakeAccount, bake_account
from onboarding.topology import SESSION_NAME, Managed, Managing, Topology


def described_entries(managing: Managing, managed: Managed) -> list[EntryDocument]:
    """Write what Spinnaker would be configured with as the account is described."""
    return entry_documents(Topology(managing, (managed,)))


def unplanned_entries(
    managing: Managing, account: ManagedAccount
) -> tuple[EntryChange, ...]:
    """List what of the description differs from what was approved for Spinnaker."""
    try:
        described = described_entries(managing, managed_of(account))
    except DetailsError:
        return ()
    approved = account.approved_entries
    if entries_of(managing, [described]) == entries_of(managing, [approved]):
        return ()
    return entry_changes(approved, described)


def as_spinnaker_assumes(account: ManagedAccount, managed: Managed) -> Managed:
    """Return it with the session name that was last approved: an edited one waits."""
    names = [
        one.get("session_name", SESSION_NAME)
        for one in account.approved_entries
        if one["provider"] == "aws"
    ]
    return replace(managed, session_name=names[0]) if names else managed


def keep_approved(run: Run) -> None:
    """Count what the run holds as approved, once it is carried out, or has found that
    nothing differs; whoever caused it is forgotten where somebody approved it.
    """
    forget_authors(run)
    if run.entries:
        accounts = ManagedAccount.objects.filter(pk__in=[run.account_id])
        accounts.have_entries(run.entries["after"], run.version)


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
    kept = [row.verified for row in rows]
    described = (one["managed"] for one in kept)
    ec2 = {
        one["account_id"]: bool(one["providers"]["ec2"].get("owns_images"))
        for one in described
        if "ec2" in one["providers"]
    }
    known = entries_of(managing, [one["entries"] for one in kept])
    return replace(known, ec2=ec2)


def verified_bake_account(row: ManagingAccount) -> BakeAccount | None:
    """Return Orca's bake account among the accounts as they were proved; None where
    nothing is deployed to EC2.
    """
    managing = managing_of(row)
    ready = ManagedAccount.objects.ready().order_by("name").only("name", "verified")
    return bake_account(managing, verified_entries(managing, ready))


def keep_verified(row: ManagedAccount, state: str) -> None:
    """Make later bundles of the account as this row says."""
    rows = ManagedAccount.objects.filter(pk=row.pk, version=row.version)
    if rows.keep_verified(verified_of(row, state)):
        free_names(row)
