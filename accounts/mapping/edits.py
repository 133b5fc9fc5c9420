"""What an edit outdates: computed, never listed.

An account is outdated by an edit, of itself or of the managing account, if and only if
what should exist for it in AWS, or what Spinnaker is configured with, differs before
and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.db import transaction

from accounts.decisions.decision import decision
from accounts.decisions.environment_rules import refuse_contradiction
from accounts.decisions.locks import hold, lock_settings
from accounts.mapping.managed import managed_of, settings_of_row
from accounts.mapping.managing import described_managing, managing_of
from accounts.models import Activity, ManagedAccount, ManagingAccount
from accounts.people.activity import record
from accounts.people.authors import add_authors, keys_of
from accounts.people.reach import around, the_managing_account
from accounts.people.roles import OPERATOR
from accounts.slices import in_slices
from onboarding.desired import desired
from onboarding.desired.capacity import interchangeable
from onboarding.details import DetailsError
from onboarding.resources.kinds import Resource
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.entries import Entries, entries
from onboarding.topology import Managed, Managing, Topology

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
State: TypeAlias = tuple[Any, dict[str, Any]]
"""What follows from a description, and what people said."""


@contextmanager
def editing(account: ManagedAccount, by: User | None = None) -> Iterator[None]:
    """Write an edit of the account inside; afterwards it is outdated if it must be, and
    what differs is recorded.

    An account that is written for the first time has nothing to outdate. Raise Gone
    where it was deleted, and Outside unless whoever edits has the role where the
    account was, and where it is then.
    """
    with transaction.atomic():
        row = None
        if not account._state.adding:
            row = ManagedAccount(pk=account.pk, name=account.name)
            hold(row)  # as it is stored: a form has changed the other
            edit_account.refuse(row, by)
        was = state_of(row)
        yield
        edit_account(account, by, was=was)


@decision(
    "describe or edit an account", OPERATOR, *(What.DESCRIBE, What.EDIT), touches=around
)
def edit_account(account: ManagedAccount, by: User | None, *, was: State) -> None:
    """Keep what was written of an account: what follows from it, and who did it."""
    refuse_contradiction(account)
    (before, said), (after, says) = was, state_of(account)
    if said and before != after:
        account.touch(verified=same_in_aws(before, after))
    if before != after or said != says:
        add_authors([account.pk], keys_of(by))
    what = What.EDIT if said else What.DESCRIBE
    record_edit(by, what, account.name, said, says, {"account": str(account.pk)})


@contextmanager
def editing_managing(row: ManagingAccount, by: User | None) -> Iterator[None]:
    """Write an edit of the managing account inside.

    Afterwards plans that were made before are outdated, and so is every account to
    which the edit makes a difference; what differs is recorded. Raise Outside where the
    role is for some environments only.
    """
    with transaction.atomic():
        edit_managing.refuse(by)
        lock_settings()
        was = stored_managing(), described_managing()
        yield
        edit_managing(by, row=row, was=was)


@decision(
    "describe or edit the managing account",
    OPERATOR,
    *(What.DESCRIBE, What.EDIT),
    touches=the_managing_account,
)
def edit_managing(by: User | None, *, row: ManagingAccount, was: State) -> None:
    """Keep what was written of it: what follows from it, and who did it."""
    (before, said), (after, says) = was, (stored_managing(), described_managing())
    if before is not None and after is not None and before != after:
        row.touch()
        outdate(outdated := outdated_by(before, after))
        add_authors(outdated, keys_of(by))
    if before != after or said != says:
        row.authors.add(*keys_of(by))
    what = What.EDIT if said else What.DESCRIBE
    record_edit(by, what, row.name, said, says, {})


def outdate(accounts: list[UUID]) -> None:
    for chosen in in_slices(accounts):
        ManagedAccount.objects.filter(pk__in=chosen).outdate()


def record_edit(
    by: User | None,
    what: Activity.What,
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
    detail: dict[str, Any],
) -> None:
    """Record what differs, before and after; nothing if nothing differs."""
    if changed := differences(before, after):
        record(by, what, name, {**detail, "changed": changed})


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what differs, before and after: of an external ID, only that it does."""
    return {
        key: [unshown(key, before.get(key)), unshown(key, after.get(key))]
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }


def unshown(key: str, value: Any) -> Any:
    return "not shown" if key == "own_external_id" and value else value


def stored_managing() -> Managing | None:
    row = ManagingAccount.objects.first()
    return managing_of(row) if row else None


def outdated_by(before: Managing, after: Managing) -> list[UUID]:
    """Return the keys of the accounts to which the edit makes a difference.

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
    """Return whether the managing account's edit makes a difference to the account."""
    return before != after and (
        consequences(before, managed) != consequences(after, managed)
    )


class Consequences(NamedTuple):
    """What follows from how an account is described."""

    name: str
    resources: tuple[Resource, ...]
    known: Entries
    """What Spinnaker is configured with."""
    adopts: bool
    """Whether roles of others are used as they are."""


def same_in_aws(before: object, after: object) -> bool:
    """Mark an edit that only concerns Spinnaker: what was proved in AWS still holds,
    and until the edit is approved, bundles carry the account as it was.
    """
    if not (isinstance(before, Consequences) and isinstance(after, Consequences)):
        return False
    return (before.name, before.resources) == (after.name, after.resources)


class Effect(NamedTuple):
    """What an edit of an account's description comes to."""

    outdates: bool
    keeps_verification: bool
    """AWS stays as it is, so what was proved there still holds."""


@dataclass(frozen=True, slots=True)
class ManyEdits:
    """Computes what each of many edits outdates; edits that are alike are compared
    once.
    """

    managing: Managing | None
    same: dict[tuple[Managed, Managed], bool] = field(default_factory=dict)

    def effect(self, row: ManagedAccount, after: Managed) -> Effect:
        """Judge an edit of the account as it is stored, which leaves its name."""
        try:
            before = managed_of(row)
        except DetailsError:
            return Effect(outdates=True, keeps_verification=False)
        if self.managing is None or before.account_id != after.account_id:
            return Effect(outdates=True, keeps_verification=False)
        kinds = self.kind(before), self.kind(after)
        if kinds not in self.same:
            found = consequences(self.managing, before)
            self.same[kinds] = same_in_aws(found, consequences(self.managing, after))
        same = self.same[kinds]
        is_known = (
            same
            and before.adopts == after.adopts
            and known_of(self.managing, before) == known_of(self.managing, after)
        )
        return Effect(outdates=not is_known, keeps_verification=same)

    def kind(self, managed: Managed) -> Managed:
        assert self.managing is not None
        return replace(interchangeable(self.managing, managed), adopts=managed.adopts)


def state_of(row: ManagedAccount | None) -> State:
    """Return what follows from the account as it is stored, and what people said."""
    managing, found = stored_managing() if row else None, object()
    if managing and row:
        with suppress(DetailsError):
            found = consequences(managing, managed_of(row))
    return found, settings_of_row(row)


def consequences(managing: Managing, managed: Managed) -> object:
    """Return what should exist in AWS and what Spinnaker is configured with.

    What cannot be made differs from everything, itself included.
    """
    topology = Topology(managing, (managed,))
    try:
        resources = desired(topology, managed)
    except (DetailsError, QuotaExceeded):
        return object()
    known = known_of(managing, managed)
    return Consequences(managed.name, resources, known, managed.adopts)


def known_of(managing: Managing, managed: Managed) -> Entries:
    """Return what Spinnaker is configured with for the account."""
    found = entries(Topology(managing, (managed,)))
    return replace(found, base_role="", managed_role="")
