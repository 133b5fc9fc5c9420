"""Values into rows: save an accounts file as the web pages would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.mapping.edits import editing, editing_managing
from accounts.mapping.managed import managed_columns, provider_of
from accounts.mapping.managing import managing_columns
from accounts.mapping.spinnaker_names import NameTaken, claim_names
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount
from onboarding.accounts_file import AccountsFile, FileProblems
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.accounts_file.reader import Problem
from onboarding.details import DetailsError
from onboarding.providers.base import providers_of
from onboarding.topology import Managed, Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def register(file: AccountsFile, by: User | None) -> list[ManagedAccount]:
    """Write every record of the file or, raising FileProblems, none."""
    problems: list[Problem] = []
    accounts: list[ManagedAccount] = []
    with transaction.atomic():
        if file.managing is not None:
            try:
                register_managing(file.managing, by, trusts_bowline=file.trusts_bowline)
            except ValidationError as error:
                raise FileProblems(
                    [Problem(file.managing_line, sentence(error))]
                ) from error
        elif not ManagingAccount.objects.exists():
            problems.append(Problem(1, "Add the managing account to the file first."))
        for written in file.accounts:
            try:
                with transaction.atomic():
                    accounts.append(register_account(written, by))
            except (DetailsError, NameTaken, ValidationError) as error:
                problems.append(Problem(written.line, sentence(error)))
        if file.managing is not None and (owner := unknown_owner(file.managing)):
            problems.append(
                Problem(
                    file.managing_line,
                    f"ami_owner: There is no account “{owner}”. Name an account of "
                    "this file, or one that Bowline already has.",
                )
            )
        if problems:
            raise FileProblems(problems)
    return accounts


def unknown_owner(managing: Managing) -> str:
    """Name the owner of images that is no account here; empty where it is one."""
    owner = managing.ami_owner
    known = not owner or ManagedAccount.objects.filter(name=owner).exists()
    return "" if known else owner


def sentence(error: ValueError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


def register_managing(
    managing: Managing, by: User | None, *, trusts_bowline: bool
) -> None:
    row = ManagingAccount.objects.first() or ManagingAccount()
    with editing_managing(row, by):
        columns = managing_columns(managing)
        update(row, trusts_bowline=trusts_bowline, **columns)


def register_account(written: WrittenAccount, by: User | None) -> ManagedAccount:
    """Write the account of a file: the one of its name, or a new one."""
    managed = written.managed
    row = ManagedAccount.objects.filter(name=managed.name).first() or ManagedAccount()
    return describe(row, managed, by, uses_external_id=written.uses_external_id)


def describe(
    row: ManagedAccount,
    managed: Managed,
    by: User | None,
    *,
    uses_external_id: bool,
) -> ManagedAccount:
    """Write an account's rows; a change counts as an edit, the same again does not.

    Raise DetailsError, NameTaken or ValidationError where it cannot be.
    """
    for provider in providers_of(managed):
        provider.suit(managed)
    with editing(row, by):
        update(row, uses_external_id=uses_external_id, **managed_columns(managed))
        write_providers(row, managed)
    row = ManagedAccount.objects.prefetch_related("providers").get(pk=row.pk)
    claim_names(row)
    return row


def write_providers(row: ManagedAccount, managed: Managed) -> None:
    """Write the chosen providers; what was looked up stays where no choice differs."""
    wanted = {provider.key: provider for provider in providers_of(managed)}
    held = {enabled.key: enabled for enabled in row.providers.all()}
    for key in held.keys() - wanted.keys():
        held[key].delete()
    for key, provider in wanted.items():
        enabled = held.get(key) or EnabledProvider(account=row, key=key)
        if enabled.pk and provider.choices() == provider_of(enabled).choices():
            continue
        enabled.details, enabled.described = provider.details, True
        enabled.save()


def update(row: ManagingAccount | ManagedAccount, **columns: Any) -> None:
    """Set the columns, check the row's rules and save, where anything differs."""
    if not row._state.adding and all(
        getattr(row, name) == value for name, value in columns.items()
    ):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
