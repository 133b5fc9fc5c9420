"""What earlier choices may have left in AWS, so that an edit leaves nothing behind.

A snapshot is kept before AWS is touched, and earlier ones are dropped once a run has
verified that nothing else exists. The managing account's last one is in force: AWS was
brought up to date with it, whatever has been edited since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from accounts.mapping.managing import COLUMNS, managing_of
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.desired.image_keys import key_grants
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import identity
from onboarding.partitions import Arn
from onboarding.providers import PROVIDERS
from onboarding.resources.kinds import Resource
from onboarding.topology import Managed, Managing

AS_NOW = ("name", "access_role", "made_by")

Snapshot = dict[str, Any]
"""JSON: of the managing account its columns, of a managed one `managed_snapshot`."""


def managing_snapshot(row: ManagingAccount) -> Snapshot:
    return {name: getattr(row, name) for name in COLUMNS}


def managed_snapshot(managing: Managing, managed: Managed) -> Snapshot:
    return {
        "managed_role": managing.managed_role,
        "own_role": managed.managed_role,
        "base_role": managing.base_role,
        "image_keys": list(managing.image_keys),
        "providers": {p.key: p.details for p in managed.providers},
    }


def keep_snapshot(row: ManagedAccount | ManagingAccount, snapshot: Snapshot) -> None:
    """Keep the snapshot as the last one, next to those before it."""
    write(row, [*(other for other in row.applied if other != snapshot), snapshot])


def keep_last(row: ManagedAccount | ManagingAccount) -> None:
    """Drop the earlier ones: nothing from them was found."""
    write(row, row.applied[-1:])


def write(row: ManagedAccount | ManagingAccount, snapshots: list[Snapshot]) -> None:
    """Write them unless another worker has written meanwhile: its word is newer."""
    if snapshots == row.applied:
        return
    rows = type(row)._default_manager.filter(pk=row.pk, applied=row.applied)
    if rows.update(applied=snapshots):
        row.applied = snapshots


def in_force(row: ManagingAccount) -> Managing:
    """Return the description that was last applied to AWS.

    How Bowline reaches the account, and who changes it, is not part of it: that is as
    the row says now.
    """
    if not row.applied:
        return managing_of(row)
    applied = {k: v for k, v in row.applied[-1].items() if k not in AS_NOW}
    return managing_of(ManagingAccount(**{**managing_snapshot(row), **applied}))


def earlier_resources(
    row: ManagedAccount, managing: Managing, managed: Managed
) -> Iterator[Resource]:
    """Yield what may exist in the account of its earlier choices.

    That are its grants on keys, too, in whatever region.
    """
    for snapshot in row.applied:
        before, account = earlier_choice(snapshot, managing, managed)
        yield from managed_side(before, account)
        regions = tuple(Arn.of(key).region for key in before.image_keys)
        yield from key_grants(before, replace(account, regions=regions))


def earlier_choice(
    snapshot: Snapshot, managing: Managing, managed: Managed
) -> tuple[Managing, Managed]:
    before = replace(
        managing,
        managed_role=snapshot["managed_role"],
        base_role=snapshot["base_role"],
        image_keys=tuple(snapshot.get("image_keys", ())),
    )
    providers = tuple(
        PROVIDERS[key].from_details(details)
        for key, details in snapshot["providers"].items()
    )
    own = snapshot.get("own_role", "")
    return before, replace(managed, providers=providers, managed_role=own)


def earlier_identities(row: ManagingAccount) -> Iterator[Resource]:
    """Yield the identities that Bowline may have made earlier."""
    now = managing_snapshot(row)
    for snapshot in row.applied:
        yield from identity(managing_of(ManagingAccount(**{**now, **snapshot})))
