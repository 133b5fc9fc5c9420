"""Values into rows: make the records of an accounts file, as the web pages would."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.mapping.rows import NameTaken, claim_names, provider_of, seen_by_accounts
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount
from onboarding.accounts_file import (
    AccountsFile,
    FileProblems,
    Problem,
    WrittenAccount,
)
from onboarding.providers.base import DetailsError
from onboarding.topology import (
    ExistingIdentity,
    Identity,
    InstanceRole,
    Managed,
    Managing,
)


def register(file: AccountsFile) -> list[ManagedAccount]:
    """Write every record of the file or, raising FileProblems, none."""
    problems: list[Problem] = []
    accounts: list[ManagedAccount] = []
    with transaction.atomic():
        if file.managing is not None:
            register_managing(file.managing, trusts_bowline=file.trusts_bowline)
        elif not ManagingAccount.objects.exists():
            problems.append(Problem(1, "Describe the managing account here first."))
        for written in file.accounts:
            try:
                with transaction.atomic():
                    accounts.append(register_account(written))
            except (DetailsError, NameTaken, ValidationError) as error:
                problems.append(Problem(written.line, sentence(error)))
        if problems:
            raise FileProblems(problems)
    return accounts


def sentence(error: ValueError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


def identity_fields(identity: Identity) -> dict[str, str]:
    kinds = ManagingAccount.IdentityKind
    match identity:
        case InstanceRole(name=name):
            return {"identity_kind": kinds.INSTANCE_ROLE, "identity_name": name}
        case ExistingIdentity(arn=arn):
            return {"identity_kind": kinds.EXISTING, "identity_arn": arn}
        case pod:
            return {
                "identity_kind": kinds.POD_ROLE,
                "identity_name": pod.name,
                "pod_cluster": pod.cluster,
                "pod_region": pod.region,
                "pod_namespace": pod.namespace,
                "pod_service_account": pod.service_account,
            }


def register_managing(managing: Managing, *, trusts_bowline: bool) -> None:
    row = ManagingAccount.objects.first() or ManagingAccount()
    before = seen_by_accounts(row.pk)
    update(
        row,
        name=managing.name,
        account_id=managing.account_id,
        partition=managing.partition,
        managed_role=managing.managed_role,
        base_role=managing.base_role,
        organization=managing.organization,
        trust_organization=managing.trust_organization,
        boundary=managing.boundary,
        bakes=managing.bakes,
        ami_owner=managing.ami_owner,
        image_keys=list(managing.image_keys),
        access_role=managing.access_role,
        trusts_bowline=trusts_bowline,
        **identity_fields(managing.identity),
    )
    if before and before != seen_by_accounts(row.pk):
        ManagedAccount.objects.outdate()


def register_account(written: WrittenAccount) -> ManagedAccount:
    """Write the account of a file: the one of its name, or a new one."""
    managed = written.managed
    row = ManagedAccount.objects.filter(name=managed.name).first() or ManagedAccount()
    return describe(row, managed, uses_external_id=written.uses_external_id)


def describe(
    row: ManagedAccount, managed: Managed, *, uses_external_id: bool
) -> ManagedAccount:
    """Write an account's rows; a change counts as an edit, the same again does not.

    Raise DetailsError, NameTaken or ValidationError where it cannot be.
    """
    is_new = row._state.adding
    changed = update(
        row,
        name=managed.name,
        account_id=managed.account_id,
        regions=list(managed.regions),
        environment=managed.environment,
        read_roles=list(managed.permissions.read),
        write_roles=list(managed.permissions.write),
        access_role=managed.access_role,
        uses_external_id=uses_external_id,
        adopts=managed.adopts,
    )
    wanted = {provider.key: provider for provider in managed.providers}
    held = {enabled.key: enabled for enabled in row.providers.all()}
    for key in held.keys() - wanted.keys():
        held[key].delete()
        changed = True
    for key, provider in wanted.items():
        provider.suit(managed)
        enabled = held.get(key) or EnabledProvider(account=row, key=key)
        if enabled.pk and provider.choices() == provider_of(enabled).choices():
            continue
        enabled.details, enabled.described = provider.details, True
        enabled.save()
        changed = True
    if changed and not is_new:
        row.touch()
    row = ManagedAccount.objects.prefetch_related("providers").get(pk=row.pk)
    claim_names(row)
    return row


def update(row: ManagingAccount | ManagedAccount, **fields: Any) -> bool:
    """Set the fields, check the row's rules and save; False where nothing differs."""
    changed = row._state.adding or any(
        getattr(row, name) != value for name, value in fields.items()
    )
    if not changed:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    if not row._state.adding and isinstance(row, ManagingAccount):
        row.version += 1
    row.full_clean()
    row.save()
    return True
