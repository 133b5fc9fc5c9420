"""What people do with runs: plan, approve, discard, verify, remove, accept.

What workers do with them is in stages.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold, hold_with_settings
from accounts.mapping.entries import keep_verified
from accounts.mapping.managing import managing_row
from accounts.mapping.plans import plan_of, take_over_of
from accounts.mapping.spinnaker import claim_names
from accounts.models import Activity, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.people import MovedMeanwhile, begin_in
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, State, Status
from accounts.people.activity import record
from accounts.people.authors import (
    asked_of_runs,
    authors_of_account,
    authors_of_run,
)
from accounts.people.deciding import PlanChanged
from accounts.people.reach import (
    around,
    reach_of_account,
    reach_of_run,
    the_managing_account,
)
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused
from accounts.runs.capacity import refuse_overflow
from accounts.runs.deciding.approving import (
    ManagingFirst,
    decided_already,
    managing_first,
    nothing_to_accept,
    refuse_late,
)
from accounts.runs.deciding.confirmation import Answer, access_tested
from accounts.runs.managing.kept_roles import drop
from accounts.runs.owners.hand_offs import refuse_unready
from accounts.spinnaker.presence import Presence, presence_of, present_since
from accounts.work.queue import wake
from onboarding.resources.take_over import NOTHING, TakeOver

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
STARTED = {
    Run.Kind.ONBOARD: What.PLAN,
    Run.Kind.MANAGING: What.PLAN,
    Run.Kind.VERIFY: What.VERIFY,
    Run.Kind.REMOVE: What.REMOVE,
}

READ = (
    *("number", "kind", "alone", "account_id", "account_name", "created_by_id"),
    *("rollout_id", "reach", "authors", "version", "managing_version", "status"),
)
"""What a decision needs of each of many runs."""


class Forgotten(Refused):
    """The account that a run would be about is no longer in Bowline."""

    code = "FORGOTTEN"


class RunOpen(Refused):
    """The account has an open run: one in progress, or a waiting plan."""

    code = "RUN_OPEN"
    is_late = True

    def __init__(self, run: Run) -> None:
        self.see: Run = run
        super().__init__(self.sentence(run))

    @staticmethod
    def sentence(run: Run) -> str:
        if run.rollout_id and run.status != Status.HANDED_OFF:
            return (
                f"{run.account_name} is part of rollout {run.rollout_id}. Wait until "
                "it finishes, or stop it."
            )
        if run.status == Status.PLANNED:
            return (
                f"{run.title}, a plan for {run.account_name}, needs approval. Approve "
                "or discard it."
            )
        if run.status == Status.HANDED_OFF:
            return f"{run.title} of {run.account_name} is waiting for an owner."
        by = run.approved_by_name
        approved = f", approved by {by}," if by else ""
        about = f"{run.title} of {run.account_name}{approved}"
        return f"{about} is in progress. Wait until it finishes."


class NothingToAccept(Refused):
    """The account was not evaluated, or is accepted already."""

    code = "NOTHING_TO_ACCEPT"
    is_late = True


class NothingExists(Refused):
    """There is nothing to verify or remove: no run has been applied there."""

    code = "NOTHING_EXISTS"

    def __init__(self, account: ManagedAccount, then: str = "plan it") -> None:
        super().__init__(
            f"Bowline hasn't created anything in {account.name} yet: {then}."
        )


class StillInSpinnaker(Refused):
    """Spinnaker has the account, and would continue to call AWS for it."""

    code = "SPINNAKER_HAS_IT"

    def __init__(self, presence: Presence) -> None:
        super().__init__(f"{presence.where} {presence.to_do} Then remove it from AWS.")


def hold_with_runs(account: ManagedAccount) -> None:
    """Hold the account after its open runs, which a new one replaces."""
    runs = account.runs.filter(status__in=OPEN).order_by("number")
    list(runs.select_for_update(no_key=True).values_list("pk"))
    hold(account)


@decision(
    "plan an account",
    OPERATOR,
    What.PLAN,
    touches=around,
    locks=hold_with_runs,
)
def plan(
    account: ManagedAccount,
    by: User | None,
    *,
    alone: bool = False,
    take_over: TakeOver = NOTHING,
) -> Run:
    """Start a run that plans what to change; raise RunOpen, NameTaken, NoRoom,
    ManagingNotVerified or NoManagingAccount where that cannot be.
    """
    managing = managing_row()
    refuse_unready(managing, account)
    claim_names(account, managing)
    refuse_overflow(managing, [account])
    kind = Run.Kind.ONBOARD
    return start(kind, managing, account, by, alone=alone, take_over=take_over)


@decision(
    "verify an account",
    OPERATOR,
    What.VERIFY,
    touches=around,
    locks=hold_with_runs,
)
def verify(
    account: ManagedAccount, by: User | None, *, origin: Run.Origin = Run.Origin.PAGE
) -> Run:
    """Start a run that changes nothing and proves again what exists; raise RunOpen or
    NothingExists where that cannot be. A waiting plan is left to whoever approves.
    """
    if not ManagedAccount.objects.existing().filter(pk=account.pk).exists():
        raise NothingExists(account)
    return start(
        Run.Kind.VERIFY,
        managing_row(),
        account,
        by,
        status=Status.VERIFYING,
        origin=origin,
    )


@decision(
    "plan the removal of an account",
    OPERATOR,
    What.REMOVE,
    touches=around,
    locks=hold_with_runs,
)
def remove(
    account: ManagedAccount, by: User | None, *, never_told: bool = False
) -> Run:
    """Start a run that plans to delete what Bowline made in the account; raise RunOpen,
    NothingExists or StillInSpinnaker where that cannot be.

    never_told: a person knows that Spinnaker never had the account, or forgot it.
    """
    if not never_told and (presence := presence_of(account)):
        raise StillInSpinnaker(presence)
    made = Q(granted_at__isnull=False) | ~Q(applied=[])
    if not ManagedAccount.objects.filter(made, pk=account.pk).exists():
        raise NothingExists(account, "there's nothing to remove")
    return start(Run.Kind.REMOVE, managing_row(), account, by)


@decision(
    "plan the managing account", OPERATOR, What.PLAN, touches=the_managing_account
)
def plan_managing(
    by: User | None,
    *,
    grants: Iterable[ManagedAccount] = (),
    origin: Run.Origin = Run.Origin.PAGE,
) -> Run:
    """Start a run that plans the managing account, with the AssumeRole of these; raise
    RunOpen or NoRoom.
    """
    managing, grants = managing_row(), list(grants)
    refuse_overflow(managing, grants)
    return start(Run.Kind.MANAGING, managing, None, by, grants=grants, origin=origin)


def start(
    kind: Run.Kind,
    managing: ManagingAccount,
    account: ManagedAccount | None,
    by: User | None,
    *,
    status: Status = Status.PLANNING,
    alone: bool = False,
    take_over: TakeOver = NOTHING,
    grants: Iterable[ManagedAccount] = (),
    rollout: Rollout | None = None,
    origin: Run.Origin = Run.Origin.PAGE,
) -> Run:
    with transaction.atomic():
        make_way(kind, open_runs(kind, account))
        try:
            with transaction.atomic():
                run = Run.objects.create(
                    kind=kind,
                    account=account,
                    account_name=account.name if account else managing.name,
                    status=status,
                    version=account.version if account else managing.version,
                    managing_version=managing.version,
                    alone=alone,
                    take_over=take_over.as_json(),
                    rollout=rollout,
                    created_by=by,
                    started_from=origin,
                )
        except IntegrityError as error:
            raise RunOpen(open_runs(kind, account).latest("created_at")) from error
        run.grants.set(grants)
        transaction.on_commit(partial(wake, run))
        if origin != Run.Origin.SCHEDULE:  # that decided nothing
            record_run(by, STARTED[kind], run)
    return run


def open_runs(kind: Run.Kind, account: ManagedAccount | None) -> RunQuerySet:
    runs = Run.objects.filter(status__in=OPEN)
    if account is None:
        return runs.filter(kind=kind)
    return runs.filter(account=account)


def make_way(kind: Run.Kind, runs: RunQuerySet) -> None:
    """Discard a waiting plan for a new one; raise RunOpen where a worker is on it,
    where it is part of a rollout, or where what comes is no plan.
    """
    for run in runs:
        if run.rollout_id and run.status != Status.HANDED_OFF:
            raise RunOpen(run)
    waiting = (Status.PLANNED, Status.HANDED_OFF)
    runs.make_way(() if kind == Run.Kind.VERIFY else waiting, RunOpen)


@decision(
    "approve a plan",
    APPROVER,
    What.APPROVE,
    touches=reach_of_run,
    caused_by=authors_of_run,
    of_many=asked_of_runs,
    locks=hold_with_settings,
)
def approve(
    run: Run,
    by: User | None,
    *,
    read: str | None = None,
    comment: str = "",
    test: str = "",
) -> Run:
    """Approve a plan. Raise MovedMeanwhile where somebody decided earlier, or an edit
    outdates it, PlanChanged where what was `read`, by its digest, is not the plan,
    ManagingFirst where the managing account's own plan comes before it, AccessUntested
    where the `test` of access that the plan asks for is missing, and StillInSpinnaker
    of a removal. `read` None: it was not read on a page.

    Two presses, one run. Of a rollout, an account's run waits for its wave.
    """
    refuse_late(run)
    refuse_present_since(run)
    if why := managing_first(run):
        raise ManagingFirst(why)
    plan = plan_of(run)
    if read is not None and read != plan.digest:
        raise PlanChanged
    tested = access_tested(run, plan, Answer.of(test))
    to = Status.APPROVED if has_wave(run) else Status.APPLYING
    run.approve(to, by, comment, approved_digest=plan.digest)
    keep_environment(run)
    if has_wave(run):
        tell_rollout(run)
    else:
        if not run.unedited_subject.begin_applying():
            raise MovedMeanwhile(f"{run} has no account.")
        transaction.on_commit(partial(wake, run))
    record_run(by, What.APPROVE, run, test=tested)
    return run


def keep_environment(run: Run) -> None:
    """Let what is approved count in the account's environment from now on, whatever
    becomes of it; a removal moves nothing.
    """
    if run.account_id and run.kind != Run.Kind.REMOVE:
        rows = ManagedAccount.objects.filter(pk=run.account_id)
        for account_id, environment in rows.values_list("account_id", "environment"):
            begin_in(account_id, environment)


def has_wave(run: Run) -> bool:
    """Return whether it starts with a wave of its rollout, once it is approved."""
    return run.rollout_id is not None and run.kind != Run.Kind.MANAGING


def tell_rollout(run: Run) -> None:
    if run.rollout is not None:
        transaction.on_commit(partial(wake, run.rollout))


def refuse_present_since(run: Run) -> None:
    """Raise StillInSpinnaker where a removal was planned, and Spinnaker has or may have
    the account since; of the managing account, any account that it would withdraw.
    """
    removals: Iterable[Run] = ()
    if run.kind == Run.Kind.REMOVE:
        removals = [run]
    elif run.kind == Run.Kind.MANAGING and run.rollout_id:
        of_rollout = Run.objects.filter(rollout=run.rollout_id, status__in=OPEN)
        rows = of_rollout.filter(kind=Run.Kind.REMOVE)
        removals = rows.select_related("account")
    for _, presence in present_since(removals):
        raise StillInSpinnaker(presence)


@decision(
    "discard a plan",
    APPROVER,
    What.DISCARD,
    touches=reach_of_run,
    locks=hold_with_settings,
)
def discard(run: Run, by: User | None) -> Run:
    """Discard a plan; the account is what it was before. Raise MovedMeanwhile where
    somebody decided earlier.
    """
    if run.status not in (Status.PLANNED, Status.APPROVED):
        raise MovedMeanwhile(decided_already(run))
    run.move(Status.DISCARDED, since=(Status.PLANNED, Status.APPROVED))
    run.subject.put_back()
    tell_rollout(run)
    record_run(by, What.DISCARD, run)
    return run


@decision(
    "accept an evaluated account",
    APPROVER,
    What.ACCEPT,
    touches=reach_of_account,
    caused_by=authors_of_account,
    locks=hold_with_settings,
)
def accept(account: ManagedAccount, by: User | None) -> ManagedAccount:
    """Accept an account that was evaluated, and record it: bundles now hold it, as
    it was evaluated. Raise NothingToAccept where it doesn't wait for that.
    """
    if not ManagedAccount.objects.filter(pk=account.pk).accept(by):
        raise NothingToAccept(nothing_to_accept(account))
    keep_verified(account, State.EVALUATED)
    for managing in ManagingAccount.objects.all():
        drop(managing, account)
    record(by, What.ACCEPT, account.name, {"account": str(account.pk)})
    return account


def record_run(
    by: User | None, what: Activity.What, run: Run, *, test: str = ""
) -> None:
    """Record what was decided about a run, with what was read and the comment."""
    detail = {
        "run": str(run.pk),
        "number": run.number,
        "kind": run.kind,
        "digest": run.approved_digest or run.plan_digest,
        "fingerprint": run.fingerprint,
        "comment": run.approval_comment,
        "test": test,
        "take_over": take_over_of(run).sentence,
    }
    record(by, what, run.account_name, {k: v for k, v in detail.items() if v})
