"""Rows into the engine's values: the managing account, the managed ones, all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import (
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    SpinnakerName,
)
from onboarding.aws.session import Reach
from onboarding.providers import PROVIDERS
from onboarding.providers.base import DetailsError, Provider
from onboarding.topology import (
    ExistingIdentity,
    Identity,
    InstanceRole,
    Managed,
    Managing,
    Permissions,
    PodRole,
    Topology,
)


class NoManagingAccount(Exception):
    """Nothing can be planned before the managing account is described."""


class NameTaken(ValueError):
    """Spinnaker's account names are one space, over all providers."""

    def __init__(self, name: str, owner: ManagedAccount) -> None:
        super().__init__(
            f"Spinnaker would know two accounts as “{name}”, and it belongs to "
            f"{owner} already. Choose another name."
        )
        self.name = name


def managing_row() -> ManagingAccount:
    row = ManagingAccount.objects.first()
    if row is None:
        raise NoManagingAccount("Describe the managing account first.")
    return row


def identity_of(row: ManagingAccount) -> Identity:
    match row.identity_kind:
        case ManagingAccount.IdentityKind.INSTANCE_ROLE:
            return InstanceRole(row.identity_name)
        case ManagingAccount.IdentityKind.POD_ROLE:
            return PodRole(
                name=row.identity_name,
                cluster=row.pod_cluster,
                region=row.pod_region,
                namespace=row.pod_namespace,
                service_account=row.pod_service_account,
                issuer=row.pod_issuer,
            )
        case _:
            return ExistingIdentity(row.identity_arn)


def managing_of(row: ManagingAccount) -> Managing:
    return Managing(
        name=row.name,
        account_id=row.account_id,
        identity=identity_of(row),
        partition=row.partition,
        managed_role=row.managed_role,
        base_role=row.base_role,
        organization=row.organization,
        trust_organization=row.trust_organization,
        boundary=row.boundary,
        bakes=row.bakes,
        ami_owner=row.ami_owner,
        image_keys=tuple(row.image_keys),
        bowline=row.bowline_principal if row.trusts_bowline else "",
        access_role=row.access_role,
    )


def seen_by_accounts(pk: UUID) -> tuple[object, ...]:
    """Give what the managed side is made from; empty for a row that is not there."""
    row = ManagingAccount.objects.filter(pk=pk).first()
    if row is None:
        return ()
    value = managing_of(row)
    names = (
        value.managed_role,
        value.base_role,
        value.partition,
        value.trust_organization,
        value.boundary,
        value.image_keys,
    )
    return (value.identity, value.identity_arn, *names)


def provider_of(enabled: EnabledProvider) -> Provider:
    return PROVIDERS[enabled.key].from_details(enabled.details)


def cannot_be_read(enabled: EnabledProvider) -> bool:
    """Tell whether the stored details are none that the provider knows today."""
    try:
        provider_of(enabled)
    except DetailsError:
        return True
    return False


def lacks_details(enabled: EnabledProvider) -> bool:
    """Tell whether a provider was chosen and cannot be read yet.

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
        name=row.name,
        account_id=row.account_id,
        regions=tuple(row.regions),
        providers=tuple(
            provider_of(enabled[key])
            for key in PROVIDERS
            if key in enabled and not without(enabled[key])
        ),
        environment=row.environment,
        permissions=Permissions(tuple(row.read_roles), tuple(row.write_roles)),
        external_id=str(row.external_id) if row.uses_external_id else "",
        former_external_id=former_external_id(row),
        access_role=row.access_role,
        adopts=row.adopts,
    )


def former_external_id(row: ManagedAccount) -> str:
    rotates = row.uses_external_id and row.former_external_id
    return str(row.former_external_id) if rotates else ""


def topology(*accounts: ManagedAccount) -> Topology:
    """Gather what stands, in the order it was granted, and then these accounts.

    The order keeps the documents of the managing side stable: a new account changes
    the last one only.
    """
    standing = ManagedAccount.objects.standing().order_by("granted_at", "id")
    chosen = {account.pk: account for account in accounts}
    rows = [chosen.pop(row.pk, row) for row in standing.prefetch_related("providers")]
    return topology_of([*rows, *chosen.values()])


def topology_of(rows: Iterable[ManagedAccount]) -> Topology:
    """Make a topology of exactly these accounts."""
    return Topology(managing_of(managing_row()), tuple(managed_of(r) for r in rows))


def managing_reach(managing: Managing) -> Reach:
    return Reach(managing.account_id, managing.access_role)


def managed_reach(managed: Managed) -> Reach:
    return Reach(managed.account_id, managed.access_role)


def spinnaker_names(managed: Managed) -> tuple[str, ...]:
    """List every name under which Spinnaker will know the account."""
    others = (name for p in managed.providers for name in p.names(managed))
    return (managed.name, *others)


def claim_names(account: ManagedAccount) -> None:
    """Take the account's names in Spinnaker; raise NameTaken, then nothing changes."""
    wanted = spinnaker_names(managed_of(account))
    for name in wanted:
        if wanted.count(name) > 1:
            raise NameTaken(name, account)
    with transaction.atomic():
        account.spinnaker_names.exclude(name__in=wanted).delete()
        held = set(account.spinnaker_names.values_list("name", flat=True))
        for name in wanted:
            if name in held:
                continue
            try:
                with transaction.atomic():
                    SpinnakerName.objects.create(name=name, account=account)
            except IntegrityError as error:
                owner = SpinnakerName.objects.select_related("account").get(name=name)
                raise NameTaken(name, owner.account) from error
            held.add(name)
