"""Values into rows: save an accounts file as the web pages would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.mapping.accounts_file.comparison import Comparison, compare
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.edits import edit_managing, editing_managing
from accounts.mapping.managing import managing_columns, managing_of
from accounts.mapping.spinnaker import connection_of, describe_spinnaker
from accounts.models import ManagedAccount, ManagingAccount, Spinnaker
from accounts.slices import in_slices
from onboarding.accounts_file import AccountsFile, FileProblems
from onboarding.accounts_file.reader import Problem
from onboarding.topology import Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MEANWHILE = "Someone else added one of these accounts in the meantime. Try again."


def register(file: AccountsFile, by: User | None) -> list[ManagedAccount]:
    """Write every record of the file or, raising FileProblems, none.

    Returns the accounts of the file in its order, changed or not.
    """
    register_all(file, by)
    names = [written.managed.name for written in file.accounts]
    rows = {
        row.name: row
        for some in in_slices(names)
        for row in ManagedAccount.objects.filter(name__in=some).prefetch_related(
            "providers"
        )
    }
    return [rows[name] for name in names]


def register_all(file: AccountsFile, by: User | None) -> Comparison:
    """Write them as `register` does, and return what differed."""
    try:
        with transaction.atomic():
            return written_all(file, by)
    except IntegrityError as error:
        raise FileProblems([Problem(1, MEANWHILE)]) from error


def written_all(file: AccountsFile, by: User | None) -> Comparison:
    if file.managing is not None:
        with at_its_line(file):
            register_managing(file.managing, by, trusts_bowline=file.trusts_bowline)
    found = compared_all(file, lock=True)
    if file.spinnaker is not None and spinnaker_differs(file):
        describe_spinnaker(file.spinnaker, by)
    if any(one.decides for one in found.accounts):
        save(found, by)
    return found


def preview_all(file: AccountsFile, by: User | None) -> Comparison:
    """Refuse what `register_all` would refuse, and return what differs. This only
    reads: nobody waits for it.
    """
    if file.managing is not None:
        with at_its_line(file):
            if edited_managing(file.managing, trusts_bowline=file.trusts_bowline):
                edit_managing.refuse(by, locks=False)
    found = compared_all(file, lock=False)
    if any(one.decides for one in found.accounts):
        save.refuse(found, by, locks=False)
    if spinnaker_differs(file):
        describe_spinnaker.refuse(file.spinnaker, by, locks=False)
    return found


def compared_all(file: AccountsFile, *, lock: bool) -> Comparison:
    """Compare all; raise FileProblems with everything that is wrong."""
    found = compare(file.accounts, lock=lock)
    if problems := [*found.problems, *problems_of_managing(file)]:
        raise FileProblems(problems)
    return found


@contextmanager
def at_its_line(file: AccountsFile) -> Iterator[None]:
    """Raise as FileProblems what is wrong with the file's managing account."""
    try:
        yield
    except ValidationError as error:
        problem = Problem(file.managing_line, sentence(error))
        raise FileProblems([problem]) from error


def problems_of_managing(file: AccountsFile) -> Iterator[Problem]:
    """Find what the file's managing account needs, with those that Bowline has."""
    row = ManagingAccount.objects.first()
    managing = file.managing or (managing_of(row) if row else None)
    for one in file.accounts if managing else ():
        role = one.managed.managed_role
        if role and managing and (clash := managing.clash_with(role)):
            yield Problem(one.line, f"managed_role: {clash}")
    if file.managing is None:
        if managing is None:
            yield Problem(1, "Add the managing account to the file first.")
        return
    named = {written.managed.name for written in file.accounts}
    if file.managing.ami_owner not in named and (owner := unknown_owner(file.managing)):
        yield Problem(
            file.managing_line,
            (
                f"ami_owner: There's no account “{owner}”. Enter an account from this "
                "file or an existing account."
            ),
        )


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
    if row := edited_managing(managing, trusts_bowline=trusts_bowline):
        with editing_managing(row, by):
            row.save()


def edited_managing(
    managing: Managing, *, trusts_bowline: bool
) -> ManagingAccount | None:
    """Return the row described in this way, its rules checked and nothing saved; None:
    it is so already.
    """
    row = ManagingAccount.objects.first()
    columns = differing_columns(row, managing, trusts_bowline=trusts_bowline)
    if not columns:
        return None
    row = row or ManagingAccount()
    for name, value in columns.items():
        setattr(row, name, value)
    row.full_clean()
    return row


def differing_columns(
    row: ManagingAccount | None, managing: Managing, *, trusts_bowline: bool
) -> dict[str, Any]:
    columns = {"trusts_bowline": trusts_bowline, **managing_columns(managing)}
    return {
        name: value
        for name, value in columns.items()
        if row is None or getattr(row, name) != value
    }


def differs(file: AccountsFile, row: ManagingAccount) -> bool:
    """Return whether the file describes the managing account in another way."""
    managing, trusts = file.managing, file.trusts_bowline
    return managing is not None and bool(
        differing_columns(row, managing, trusts_bowline=trusts)
    )


def spinnaker_differs(file: AccountsFile) -> bool:
    """Return whether the file describes the connection in another way."""
    if file.spinnaker is None:
        return False
    row = Spinnaker.objects.first()
    return row is None or connection_of(row) != file.spinnaker
