"""Scope: what a stage of a run works with, loaded once and passed down.

Nothing below a stage reads these rows again. It is loaded a second time only once the
managing account is leased, because other runs change what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from accounts.mapping import snapshots
from accounts.mapping.edits import is_outdated_by
from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import (
    forgotten_by,
    managing_of,
    managing_row,
    withdrawn_by,
)
from accounts.mapping.plans import take_over_of
from accounts.models import ForeignPolicy, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.owners.hand_offs import is_latest_hand_off
from onboarding.aws.errors import AwsError
from onboarding.aws.known import Known
from onboarding.aws.observe import observe
from onboarding.aws.roles.foreign import boundaries, foreign
from onboarding.aws.session import Sessions
from onboarding.desired import desired
from onboarding.desired.managing import managing_side as managing_resources
from onboarding.details import DetailsError
from onboarding.resources.foreign import Boundary, Foreign, with_removals
from onboarding.resources.kinds import KeyGrant, Resource, ServiceLinkedRole
from onboarding.resources.plan import Change, Plan, diff, kept_beyond
from onboarding.resources.policy import QuotaExceeded
from onboarding.resources.risks import Risk
from onboarding.resources.take_over import NOTHING, TakeOver
from onboarding.topology import ExistingIdentity, Managed, Managing, Reach, Topology

COMPARED_FOR = timedelta(minutes=10)
"""How long verifications rely on what one of them found on the managing side."""


class Comparison(NamedTuple):
    """What has to change in an account, how much of Bowline's it was found in, and all
    that was found.
    """

    changes: tuple[Change, ...]
    existing: int
    observed: tuple[Resource, ...]
    unread: str = ""
    """Why nothing could be found; empty where AWS was asked."""
    foreign: tuple[Foreign, ...] = ()
    """Policies of others that aren't accepted."""
    accepted: tuple[Foreign, ...] = ()
    beyond: tuple[Risk, ...] = ()
    """What its owner's own roles may do beyond what is wanted of them."""
    boundaries: tuple[Boundary, ...] = ()
    """What limits the roles, whoever chose it."""
    read_at: datetime | None = None
    """When reading began: what was done in AWS since may have been missed."""

    def with_removals(self, *, approved: Plan | None = None) -> tuple[Change, ...]:
        """Return the changes with the removals of policies of others: all, or those
        that were approved.
        """
        foreign = (
            one
            for one in self.foreign
            if approved is None or approved.covers(one.removal)
        )
        return with_removals(self.changes, foreign)


@dataclass(frozen=True, slots=True)
class Side:
    """One account that a run covers: how to access it and what should exist."""

    account_name: str
    place: str
    """What it covers, as the end of “Compare …”."""
    reach: Reach
    wanted: tuple[Resource, ...]
    """What to find; what should exist, unless the run removes it."""
    earlier: tuple[Resource, ...] = ()
    """What may exist of earlier choices, to be found and deleted."""
    removes: bool = False
    adopts: bool = False
    """Whether people chose to use what was there before Bowline."""
    take_over: TakeOver = NOTHING
    """What people chose to do with roles that were there before."""
    was_handed_off: bool = False
    """The owner was given exactly this, and it was proved since."""
    account: UUID | None = None
    """Whose side it is; None: the managing account's."""
    other_side: tuple[Resource, ...] = ()
    """What should exist for the other side, where both are in one AWS account."""
    at_once: bool = field(default=False, compare=False)
    """Whether its roles are read together: one account, that somebody waits for."""

    @property
    def looks_for(self) -> tuple[Resource, ...]:
        return (*self.earlier, *self.wanted)

    def compared(self, sessions: Sessions, *, just_read: bool = False) -> Comparison:
        """Compare with AWS, of which only that is read that the stage right before this
        one did not hand on; raise NotOurs or AwsError. An account that Bowline cannot
        read counts as empty.
        """
        desired = () if self.removes else self.wanted
        read_at, known = timezone.now(), None
        if just_read:
            known = sessions.handed_on.take(self.reach, self.looks_for)
        try:
            observed = observe(
                sessions, self.reach, self.looks_for, known, at_once=self.at_once
            )
        except AwsError as error:
            if not error.no_access:
                raise
            changes = () if self.was_handed_off else diff(desired, ())
            return Comparison(changes, 0, (), error.message)
        owned = self.take_over.owning(desired, observed)
        found = foreign(sessions, self.reach, self.wanted, owned, self.other_side)
        if not self.reach.writes:
            found = tuple(replace(one, removable=False) for one in found)
        found = self.take_over.removing(found)
        accepts = accepted_in(self.account) if found and not self.removes else ()
        return Comparison(
            (
                *diff(desired, owned, adopts=self.adopts),
                *self.take_over.changes(desired, observed),
            ),
            sum(resource.owned for resource in owned),
            observed,
            foreign=tuple(one for one in found if one.digest not in accepts),
            accepted=tuple(one for one in found if one.digest in accepts),
            beyond=kept_beyond(desired, observed),
            boundaries=boundaries(sessions, self.reach, observed),
            read_at=read_at,
        )

    def hand_on(
        self,
        sessions: Sessions,
        one: Comparison,
        made: Iterable[Change] | None = None,
    ) -> None:
        """Leave to the next stage what was observed, and what was made of it since;
        None: nobody was to change anything.
        """
        if one.unread:
            return
        known = Known(one.observed)
        if made is not None:
            known = sessions.handed_on.after(one.observed, made)
        sessions.handed_on.keep(self.reach, self.looks_for, known)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one stage of a run is about, as the rows were when it began."""

    row: ManagingAccount
    account: ManagedAccount | None
    """None: the run is about the managing account alone."""
    managing: Managing
    managed: Managed | None
    shared: tuple[Side, ...]
    """The managing side, which all accounts share; none if another run covers
    it."""
    own: tuple[Side, ...]
    """What the run covers for its own account only; none without an account."""
    relies: bool = False
    """Another verification has just found nothing to change on the managing side."""
    withdraws: frozenset[str] = frozenset()
    """The ids of the accounts that the managing side leaves out as they are removed."""

    @classmethod
    def load(cls, run: Run) -> Scope:
        """Read the rows; raise NoManagingAccount, DetailsError or QuotaExceeded."""
        return cls.of(run, managing_row(), account_of(run))

    @classmethod
    def of(
        cls,
        run: Run,
        row: ManagingAccount,
        account: ManagedAccount | None,
        *,
        whole: bool = False,
    ) -> Scope:
        """Make it of rows that were read already; whole: rely on no other run.

        A verification judges the managing side by what is in force there: what was
        edited since and not applied is no fault of any account.
        """
        managing = described = managing_of(row)
        managed = managed_of(account) if account else None
        if run.status == Status.VERIFYING:
            described = snapshots.in_force(row)
            if managed is None or not is_outdated_by(managed, described, managing):
                managing = described
        relies = not whole and is_compared(run, row)
        withdraws = frozenset(withdrawn_by(run).values_list("account_id", flat=True))
        if account and run.kind == Run.Kind.REMOVE:
            withdraws = frozenset([account.account_id])
        shared: tuple[Side, ...] = ()
        if not (run.alone or relies):
            there = managed_there(row, managing, managed)
            shared = (managing_side(run, row, account, described, withdraws, there),)
        own: tuple[Side, ...] = ()
        if account and managed:
            there = managing_there(run, row, account, withdraws)
            own = (own_side(run, account, managing, managed, there),)
        return cls(
            row, account, managing, managed, shared, own, relies, withdraws=withdraws
        )

    @property
    def sides(self) -> tuple[Side, ...]:
        """List the managing side first: the others depend on it."""
        return (*self.shared, *self.own)


def reads_at_once(run: Run) -> bool:
    """Return whether the run is one that many others don't run along with."""
    return run.kind != Run.Kind.VERIFY and not run.alone


def is_compared(run: Run, row: ManagingAccount) -> bool:
    """Return whether a verification may leave the managing side to another one.

    What its account's proof needs of that side is that Spinnaker's identity may assume
    one role, and that is proved by assuming it.
    """
    return (
        run.kind == Run.Kind.VERIFY
        and row.verification == State.VERIFIED
        and row.verified_at is not None
        and row.verified_at > timezone.now() - COMPARED_FOR
    )


def account_of(run: Run) -> ManagedAccount | None:
    """Read the account with its providers; the run refers to what was read."""
    if run.account_id is not None:
        rows = ManagedAccount.objects.prefetch_related("providers")
        run.account = rows.get(pk=run.account_id)
    return run.account


def own_side(
    run: Run,
    row: ManagedAccount,
    managing: Managing,
    managed: Managed,
    other_side: tuple[Resource, ...] = (),
) -> Side:
    """Return the account's roles with its grants on image keys."""
    wanted = desired(Topology(managing, (managed,)), managed)
    earlier = tuple(snapshots.earlier_resources(row, managing, managed))
    if managed.is_handed_off:
        wanted, earlier = in_template(wanted), in_template(earlier)
    return Side(
        account_name=managed.name,
        place=managed.name,
        reach=managed.reach,
        wanted=wanted,
        earlier=earlier,
        removes=run.kind == Run.Kind.REMOVE,
        adopts=managed.adopts,
        take_over=take_over_of(run),
        was_handed_off=is_latest_hand_off(row, managing, managed),
        account=row.pk,
        other_side=other_side,
        at_once=reads_at_once(run),
    )


def in_template(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Keep what a template makes: of the rest the owner reads the commands."""
    return tuple(
        resource
        for resource in resources
        if not isinstance(resource, KeyGrant | ServiceLinkedRole)
    )


def managing_side(
    run: Run,
    row: ManagingAccount,
    account: ManagedAccount | None,
    managing: Managing,
    withdraws: frozenset[str],
    other_side: tuple[Resource, ...],
) -> Side:
    return Side(
        account_name=managing.name,
        place=managing.name,
        reach=managing.reach,
        wanted=managing_wants(run, account, managing, withdraws),
        adopts=isinstance(managing.identity, ExistingIdentity),
        earlier=tuple(snapshots.earlier_identities(row)),
        other_side=other_side,
        at_once=reads_at_once(run),
    )


def managing_wants(
    run: Run,
    account: ManagedAccount | None,
    managing: Managing,
    withdraws: frozenset[str],
) -> tuple[Resource, ...]:
    """List Spinnaker's identity and all that it may assume, the run's account too,
    without what the run withdraws; one of the managing account leaves out what is left
    over, too.
    """
    grants = run.grants.prefetch_related("providers")
    leaving = withdraws.union(forgotten_by(run).values_list("account_id", flat=True))
    stay = assumed_roles(managing, [account] if account else grants, leaving=leaving)
    return tuple(managing_resources(managing, stay))


def managing_there(
    run: Run, row: ManagingAccount, account: ManagedAccount, withdraws: frozenset[str]
) -> tuple[Resource, ...]:
    """List what should exist of the managing side in the account's AWS account, by what
    is in force there.
    """
    if account.account_id != row.account_id:
        return ()
    try:
        return managing_wants(run, account, snapshots.in_force(row), withdraws)
    except QuotaExceeded:  # runs that change it say so
        return ()


def managed_there(
    row: ManagingAccount, managing: Managing, managed: Managed | None
) -> tuple[Resource, ...]:
    """List what should exist of a managed side in the managing account's AWS account:
    of the run's own, or of another one that exists.
    """
    try:
        if managed is None or managed.account_id != row.account_id:
            rows = ManagedAccount.objects.existing().prefetch_related("providers")
            there = rows.filter(account_id=row.account_id).first()
            if there is None:
                return ()
            managed = managed_of(there)
        return desired(Topology(managing, (managed,)), managed)
    except (DetailsError, QuotaExceeded):  # runs of that account say so
        return ()


def accepted_in(account: UUID | None) -> frozenset[str]:
    """Return the digests of the policies of others that are accepted there."""
    accepted = ForeignPolicy.objects.of(account).accepted()
    return frozenset(accepted.values_list("digest", flat=True))
