"""Start a rollout: the one way in which more than one account is planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold_nothing, lock_accounts
from accounts.external_ids import held_now
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.mapping.plans import take_over_of
from accounts.mapping.spinnaker import NameTaken, claim_names
from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
    SpinnakerName,
)
from accounts.models.managing import kept_names
from accounts.models.people import name_of
from accounts.models.states import OPEN, Status, log_states
from accounts.people.activity import record
from accounts.people.reach import DecisionReach, around_all
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs import actions
from accounts.runs.capacity import NoRoom, refuse_overflow
from accounts.runs.foreign.taking_over import why_not
from accounts.runs.rollouts.order import turns_of
from accounts.slices import AT_ONCE, in_slices
from accounts.spinnaker.presence import in_spinnaker, presence_of
from accounts.wording import counted, first_of
from accounts.work.queue import wake
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers.base import spinnaker_names
from onboarding.resources.take_over import TakeOver

if TYPE_CHECKING:
    from django.contrib.auth.models import User

REPLACED = (Status.PLANNED, Status.HANDED_OFF)
"""What waits for people, and makes way for a newer plan."""
MOST_NAMED = 5
Unfit: TypeAlias = Callable[
    [Collection[ManagedAccount]], Iterator[tuple[ManagedAccount, str]]
]
"""Yields those that cannot be started, and why."""


STARTED = {
    Rollout.Kind.ONBOARD: Activity.What.PLAN,
    Rollout.Kind.VERIFY: Activity.What.VERIFY,
    Rollout.Kind.REMOVE: Activity.What.REMOVE,
}


class CannotStart(Refused):
    """Nothing was started; the message says why, with the accounts' names."""

    code = "CANNOT_START"


def each_of(
    accounts: Collection[ManagedAccount], _: Rollout.Kind, *, locks: bool = False
) -> DecisionReach:
    """Return the reach of all of them. They are held once their open runs are."""
    return around_all(account.pk for account in accounts)


@decision(
    "start a rollout", OPERATOR, *STARTED.values(), touches=each_of, locks=hold_nothing
)
def start(
    accounts: Collection[ManagedAccount],
    kind: Rollout.Kind,
    by: User | None,
    *,
    origin: Run.Origin = Run.Origin.PAGE,
    **settings: Any,
) -> Rollout:
    """Start a rollout of these accounts, described to the end; raise CannotStart.

    Accounts that cannot be planned are left out, and `excluded` says why. One that is
    part of another rollout refuses the whole.
    """
    chosen = sorted(accounts, key=lambda account: account.name)
    prefetch_related_objects(chosen, "providers")
    try:
        with transaction.atomic():
            rollout = Rollout.objects.create(kind=kind, created_by=by, **settings)
            log_states([rollout])
            started = add(rollout, chosen, by, origin)
            if rollout.has_waves:
                plan_managing(rollout, started, by, origin)
            count = len(started)
            detail = {"rollout": rollout.number, "kind": kind, "accounts": count}
            record(by, STARTED[kind], f"{rollout}: {counted(count)}", detail)
    except (NoManagingAccount, NoRoom, actions.RunOpen) as error:
        raise CannotStart(str(error)) from error
    except IntegrityError as error:
        raise CannotStart(overtaken_by(chosen)) from error
    return rollout


def overtaken_by(accounts: Collection[ManagedAccount]) -> str:
    """Say which run of one of them began at the same moment."""
    for keys in in_slices([account.pk for account in accounts]):
        run = Run.objects.filter(account__in=keys, status__in=OPEN).last()
        if run is not None:
            return str(actions.RunOpen(run))
    return "Another run of these accounts started at the same time. Try again."


def add(
    rollout: Rollout,
    accounts: Collection[ManagedAccount],
    by: User | None,
    origin: Run.Origin = Run.Origin.PAGE,
) -> list[ManagedAccount]:
    """Start a run of each account that can have one, in the transaction of the caller;
    return these accounts.
    """
    kind, managing = Rollout.Kind(rollout.kind), managing_row()
    excluded = dict(busy(accounts, kind))
    free = [account for account in accounts if account not in excluded]
    refusals = REFUSALS[kind]
    if choice := take_over_of(rollout):
        refusals = (partial(cannot_take_over, choice), *refusals)
    for refused in refusals:
        excluded |= dict(refused(free))
        free = [account for account in free if account not in excluded]
    held = lock_accounts(account.pk for account in free)  # nobody deletes them now
    gone = [account for account in free if account.pk not in held]
    excluded |= dict.fromkeys(gone, "It was deleted from Bowline.")
    free = [account for account in free if account.pk in held]
    reasons = [f"{one.name}: {reason}" for one, reason in excluded.items()]
    if not free:
        raise CannotStart(f"No accounts can be started. {in_a_row(reasons)}".strip())
    if kind == Rollout.Kind.ONBOARD:
        refuse_overflow(managing, free)
    rollout.excluded = sorted({*rollout.excluded, *reasons})
    rollout.save(update_fields=["excluded"])
    turns = turns_of(free)
    Run.objects.bulk_create(
        [
            run_of(account, rollout, managing, by, origin, turns[account.pk])
            for account in free
        ],
        batch_size=AT_ONCE,
    )
    transaction.on_commit(partial(wake, rollout))
    return free


def plan_managing(
    rollout: Rollout,
    accounts: Iterable[ManagedAccount],
    by: User | None,
    origin: Run.Origin = Run.Origin.PAGE,
) -> None:
    """Plan the managing account, so that Spinnaker may assume all of these; or none of
    them where the rollout removes: see `withdrawn_by`. Where another run of it is in
    progress, or waits in another rollout, this one comes after it: `advance` plans it
    then. The command line does not wait: raise RunOpen.
    """
    try:
        actions.start(
            Run.Kind.MANAGING,
            managing_row(),
            None,
            by,
            grants=accounts if rollout.kind == Rollout.Kind.ONBOARD else (),
            rollout=rollout,
            origin=origin,
        )
    except actions.RunOpen:
        if origin == Run.Origin.COMMAND:
            raise


def run_of(
    account: ManagedAccount,
    rollout: Rollout,
    managing: ManagingAccount,
    by: User | None,
    origin: Run.Origin,
    turn: Run.Turn,
) -> Run:
    verifies = rollout.kind == Rollout.Kind.VERIFY
    return Run(
        kind=rollout.kind,
        rollout=rollout,
        account=account,
        account_name=account.name,
        status=Status.VERIFYING if verifies else Status.PLANNING,
        version=account.version,
        managing_version=managing.version,
        alone=rollout.has_waves,
        take_over=rollout.take_over,
        turn=turn,
        created_by=by,
        created_by_name=name_of(by),
        started_from=origin,
    )


def busy(
    accounts: Collection[ManagedAccount], kind: Rollout.Kind
) -> Iterator[tuple[ManagedAccount, str]]:
    """Yield the accounts that another run is open for, and discard waiting plans that
    new ones replace; raise CannotStart where rollouts overlap.
    """
    by_key: dict[UUID | None, ManagedAccount] = {one.pk: one for one in accounts}
    overlapping, waiting = [], []
    for keys in in_slices([account.pk for account in accounts]):
        runs = Run.objects.filter(account__in=keys, status__in=OPEN)
        for run in runs.defer("entries", "error", "traceback"):
            account = by_key[run.account_id]
            if run.rollout_id and run.status != Status.HANDED_OFF:
                overlapping.append(f"{account.name} (rollout {run.rollout_id})")
            elif run.status in REPLACED and kind != Rollout.Kind.VERIFY:
                waiting.append(run.pk)
            else:
                yield account, f"{actions.RunOpen(run)}"
    if overlapping:
        raise CannotStart(
            "These accounts are part of another rollout: "
            f"{first_of(sorted(overlapping), MOST_NAMED)}. Wait until it finishes, or "
            "stop it."
        )
    for keys in in_slices(waiting):
        replaced = Run.objects.filter(pk__in=keys)
        replaced.move_together(Status.DISCARDED, since=REPLACED)


def handed_off(
    accounts: Collection[ManagedAccount],
) -> Iterator[tuple[ManagedAccount, str]]:
    """Yield those whose owners delete the roles: a wave would wait for people."""
    for account in accounts:
        if account.is_handed_off:
            yield (
                account,
                "Its owner deletes the roles. Remove this account separately.",
            )


def unnamed(
    accounts: Collection[ManagedAccount],
) -> Iterator[tuple[ManagedAccount, str]]:
    """Claim the accounts' names in Spinnaker; yield those that cannot have theirs.

    Names that nobody has are claimed at once, the others account by account.
    """
    wanted: dict[ManagedAccount, tuple[str, ...]] = {}
    for account in accounts:
        try:
            wanted[account] = spinnaker_names(managed_of(account))
        except DetailsError as error:
            yield account, str(error)
    asked = Counter(name for names in wanted.values() for name in names)
    taken = {
        row.name
        for names in in_slices(list(asked))
        for row in SpinnakerName.objects.filter(name__in=names)
    }
    kept = {any_case(name) for name in kept_names()}
    held: dict[UUID, set[str]] = {}
    for keys in in_slices([account.pk for account in wanted]):
        for row in SpinnakerName.objects.filter(account__in=keys):
            held.setdefault(row.account_id, set()).add(row.name)
    new: list[SpinnakerName] = []
    for account, names in wanted.items():
        mine = held.get(account.pk, set())
        if mine == {*names}:
            continue
        free = all(asked[one] == 1 and one not in taken for one in names)
        if not mine and free and kept.isdisjoint(map(any_case, names)):
            new += [SpinnakerName(name=name, account=account) for name in names]
            continue
        try:
            claim_names(account)
        except NameTaken as error:
            yield account, str(error)
    SpinnakerName.objects.bulk_create(new, batch_size=AT_ONCE)


def cannot_take_over(
    choice: TakeOver, accounts: Collection[ManagedAccount]
) -> Iterator[tuple[ManagedAccount, str]]:
    """Yield those whose existing roles can't be taken over so."""
    held = held_now()
    for account in accounts:
        if reason := why_not(account, choice, held):
            yield account, reason


def not_existing(
    accounts: Collection[ManagedAccount],
) -> Iterator[tuple[ManagedAccount, str]]:
    for account in accounts:
        if account.granted_at is None:
            yield account, str(actions.NothingExists(account))


def not_removable(
    accounts: Collection[ManagedAccount],
) -> Iterator[tuple[ManagedAccount, str]]:
    bundled: set[UUID] = set()
    for keys in in_slices([account.pk for account in accounts]):
        rows = ManagedAccount.objects.filter(pk__in=keys, bundles__isnull=False)
        bundled.update(rows.values_list("pk", flat=True))
    bundled |= in_spinnaker(account.pk for account in accounts)
    for account in accounts:
        if not (account.granted_at or account.applied):
            nothing = actions.NothingExists(account, "there's nothing to remove")
            yield account, str(nothing)
        elif account.pk in bundled and (presence := presence_of(account)):
            yield account, str(actions.StillInSpinnaker(presence))


REFUSALS: dict[Rollout.Kind, tuple[Unfit, ...]] = {
    Rollout.Kind.ONBOARD: (unnamed,),
    Rollout.Kind.VERIFY: (not_existing,),
    Rollout.Kind.REMOVE: (handed_off, not_removable),
}
"""Each is asked about those that the ones before it left."""


def in_a_row(reasons: list[str]) -> str:
    more = len(reasons) - MOST_NAMED
    rest = [f"and {more:,} more"] if more > 0 else []
    return " ".join([*reasons[:MOST_NAMED], *rest])
