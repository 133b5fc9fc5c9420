"""A managed account's row and value, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from accounts.models import EnabledProvider, ManagedAccount
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider
from onboarding.topology import Managed, Managing, Permissions, Topology

ALIKE = (
    "name",
    "account_id",
    "environment",
    "access_role",
    "adopts",
    "made_by",
    "reader_role",
)
"""Details that have the same name and the same value in the row."""


def provider_of(enabled: EnabledProvider) -> Provider:
    return PROVIDERS[enabled.key].from_details(enabled.details)


def cannot_be_read(enabled: EnabledProvider) -> bool:
    """Return whether the stored details are none that the provider knows today."""
    try:
        provider_of(enabled)
    except DetailsError:
        return True
    return False


def lacks_details(enabled: EnabledProvider) -> bool:
    """Return whether a provider was chosen and cannot be read yet.

    Nobody has been through its details step: the account is still being edited, and
    must not stop the runs of others meanwhile.
    """
    return not enabled.described and cannot_be_read(enabled)


def managed_of(
    row: ManagedAccount,
    *,
    without: Callable[[EnabledProvider], bool] = lacks_details,
) -> Managed:
    """Make the account's value; raise DetailsError where details cannot be read."""
    enabled = {provider.key: provider for provider in row.providers.all()}
    return Managed(
        regions=tuple(row.regions),
        providers=tuple(
            provider_of(enabled[key])
            for key in PROVIDERS
            if key in enabled and not without(enabled[key])
        ),
        permissions=Permissions(tuple(row.read_roles), tuple(row.write_roles)),
        external_id=row.spinnakers_external_id,
        former_external_id=former_external_id(row),
        **{name: getattr(row, name) for name in ALIKE},
    )


def former_external_id(row: ManagedAccount) -> str:
    rotates = row.uses_external_id and row.former_external_id
    return str(row.former_external_id) if rotates else ""


def managed_columns(managed: Managed) -> dict[str, Any]:
    """Return the columns that say the same; external IDs are made here, never given,
    and providers have rows of their own.
    """
    return {
        "regions": list(managed.regions),
        "read_roles": list(managed.permissions.read),
        "write_roles": list(managed.permissions.write),
        **{name: getattr(managed, name) for name in ALIKE},
    }


def described(row: ManagedAccount | None) -> dict[str, Any]:
    """Return what people said of the account; nothing that was made for it."""
    if row is None:
        return {}
    columns = (*ALIKE, "regions", "read_roles", "write_roles", "uses_external_id")
    return {name: getattr(row, name) for name in columns} | {
        one.key: one.details for one in row.providers.all()
    }


def topology_of(managing: Managing, rows: Iterable[ManagedAccount]) -> Topology:
    """Make a topology of exactly these accounts."""
    return Topology(managing, tuple(managed_of(row) for row in rows))


def granted_topology(
    managing: Managing, accounts: Iterable[ManagedAccount] = ()
) -> Topology:
    """Make one of all that Spinnaker may assume, in the order in which they were
    granted, and then of these accounts.

    The order keeps the documents of the managing side stable: a new account changes
    the last one only.
    """
    granted = ManagedAccount.objects.assumable().order_by("granted_at", "id")
    chosen = {account.pk: account for account in accounts}
    rows = [chosen.pop(row.pk, row) for row in granted.prefetch_related("providers")]
    return topology_of(managing, [*rows, *chosen.values()])
