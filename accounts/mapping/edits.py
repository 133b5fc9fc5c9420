"""What an edit outdates: computed, never listed.

An account is outdated by an edit, of itself or of the managing account, if and only if
what should exist for it in AWS, or what Spinnaker is configured with, differs before
and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db import transaction

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.desired import desired
from onboarding.desired.alike import interchangeable
from onboarding.details import DetailsError
from onboarding.resources.kinds import Resource
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.entries import Entries, entries
from onboarding.topology import Managed, Managing, Topology

if TYPE_CHECKING:
    from django.contrib.auth.models import User

AT_ONCE = 500
"""Rows in one UPDATE: SQLite takes no more than some thousand parameters."""


@contextmanager
def editing(account: ManagedAccount, by: User | None = None) -> Iterator[None]:
    """Write an edit of the account inside; afterwards it is outdated if it must be.

    An account that is written for the first time has nothing to outdate.
    """
    with transaction.atomic():
        is_new = account._state.adding
        before = None if is_new else consequences_of_row(account)
        yield
        if is_new:
            return
        after = consequences_of_row(account)
        if before != after:
            account.touch(proved=same_in_aws(before, after))
            if by:
                ManagedAccount.objects.filter(pk=account.pk).update(edited_by=by)
                account.edited_by = by


@contextmanager
def editing_managing(row: ManagingAccount) -> Iterator[None]:
    """Write an edit of the managing account inside.

    Afterwards plans that were made before are outdated, and so is every account to
    which the edit makes a difference.
    """
    with transaction.atomic():
        before = stored_managing()
        yield
        after = stored_managing()
        if before is None or after is None or before == after:
            return
        row.touch()
        outdated = outdated_by(before, after)
        for start in range(0, len(outdated), AT_ONCE):
            chosen = outdated[start : start + AT_ONCE]
            ManagedAccount.objects.filter(pk__in=chosen).outdate()


def stored_managing() -> Managing | None:
    row = ManagingAccount.objects.first()
    return managing_of(row) if row else None


def outdated_by(before: Managing, after: Managing) -> list[UUID]:
    """Give the keys of the accounts to which the edit makes a difference.

    Accounts that are alike are compared once. Whatever cannot be read is outdated.
    """
    outdated: list[UUID] = []
    differs: dict[tuple[Managed, Managed], bool] = {}
    for row in ManagedAccount.objects.prefetch_related("providers"):
        try:
            managed = managed_of(row)
        except DetailsError:
            outdated.append(row.pk)
            continue
        kind = interchangeable(before, managed), interchangeable(after, managed)
        if kind not in differs:
            differs[kind] = is_outdated_by(managed, before, after)
        if differs[kind]:
            outdated.append(row.pk)
    return outdated


def is_outdated_by(managed: Managed, before: Managing, after: Managing) -> bool:
    """Tell whether the managing account's edit makes a difference to the account."""
    return before != after and (
        consequences(before, managed) != consequences(after, managed)
    )


class Consequences(NamedTuple):
    """What follows from how an account is described."""

    name: str
    resources: tuple[Resource, ...]
    known: Entries
    """What Spinnaker is configured with."""


def same_in_aws(before: object, after: object) -> bool:
    """Tell that an edit concerns Spinnaker only: what was proved in AWS still holds,
    and until the edit is approved, bundles carry the account as it was.
    """
    if not (isinstance(before, Consequences) and isinstance(after, Consequences)):
        return False
    return (before.name, before.resources) == (after.name, after.resources)


def consequences_of_row(account: ManagedAccount) -> object:
    """Give what follows from the account as it is stored now."""
    managing = stored_managing()
    rows = ManagedAccount.objects.prefetch_related("providers")
    row = rows.filter(pk=account.pk).first()
    if managing is None or row is None:
        return object()
    try:
        return consequences(managing, managed_of(row))
    except DetailsError:
        return object()


def consequences(managing: Managing, managed: Managed) -> object:
    """Give what should exist in AWS and what Spinnaker is configured with.

    What cannot be made differs from everything, itself included.
    """
    topology = Topology(managing, (managed,))
    try:
        resources = desired(topology, managed)
    except (DetailsError, QuotaExceeded):
        return object()
    known = replace(entries(topology), base_role="", managed_role="")
    return Consequences(managed.name, resources, known)
