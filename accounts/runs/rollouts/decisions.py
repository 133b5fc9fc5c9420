"""What people decide about a rollout: approve its groups, pause, resume, stop, retry.

Each locks the rollout's row, as the engine does: whoever comes second finds it done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from accounts.decisions.decision import Decision, decision
from accounts.decisions.locks import hold, lock_settings
from accounts.decisions.many import Many, about_many, who_may
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
    Notification,
    Rollout,
    Run,
)
from accounts.models.people import name_of
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, UNSUCCESSFUL, Status
from accounts.models.states import State as AccountState
from accounts.notifications.notifying import notify_of_rollout
from accounts.people.activity import COMMAND_LINE, record
from accounts.people.deciding import Outside
from accounts.people.reach import DecisionReach, around_all
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs.actions import READ, RunOpen, StillInSpinnaker, approve
from accounts.runs.capacity import NoRoom
from accounts.runs.deciding.approving import decided_already, outdated
from accounts.runs.deciding.confirmation import Answer, tests_of
from accounts.runs.deciding.same_changes import granted_in
from accounts.runs.rollouts.census import accounts_of, is_ready, managing_run, runs_of
from accounts.runs.rollouts.start import CannotStart, add, plan_managing
from accounts.slices import in_slices
from accounts.spinnaker.presence import present_since
from accounts.wording import counted
from accounts.work.queue import wake

if TYPE_CHECKING:
    from django.contrib.auth.models import User

P = ParamSpec("P")
R = TypeVar("R")
State = Rollout.State
What = Activity.What

AT_ONCE = 200
"""Runs that are discarded at once."""

UNDONE = (Status.PLANNING, Status.PLANNED, Status.APPROVED)
"""Nothing was changed in AWS, so that it can be discarded."""


class Unchanged(Refused):
    """Somebody decided before, or there is nothing to decide."""

    code = "DECIDED"
    is_late = True

    def __init__(self, rollout: Rollout) -> None:
        why = f": {rollout.reason}" if rollout.reason else "."
        super().__init__(f"{rollout} is {rollout.state}{why} Nothing was changed.")


def hold_rollout(rollout: Rollout, *_: object) -> None:
    """Hold the rollout as it is now; then let it start what it may."""
    hold(rollout)
    transaction.on_commit(partial(wake, rollout))


def every_account(rollout: Rollout, *, locks: bool = False) -> DecisionReach:
    """Return the reach of all its accounts, even to pause it. They are not held: it
    holds its runs first, where it changes any.
    """
    return around_all(accounts_of(runs_of(rollout)))


def steers(
    title: str, *logs: Activity.What
) -> Callable[[Callable[P, R]], Decision[P, R]]:
    """Make a function a decision about what concerns all accounts of a rollout."""
    given: Any = {"touches": every_account, "locks": hold_rollout}
    return decision(title, OPERATOR, *logs, **given)


@steers("pause a rollout", What.PAUSE)
def pause(rollout: Rollout, by: User) -> Rollout:
    """Start nothing more until somebody resumes it; what runs goes to its end. Raise
    Unchanged where it is paused or has ended already.
    """
    if rollout.has_ended or rollout.state == State.PAUSED or not rollout.has_waves:
        raise Unchanged(rollout)
    rollout.move(State.PAUSED, reason=f"{name_of(by)} paused it.")
    record(by, What.PAUSE, str(rollout))
    return rollout


@steers("resume a rollout", What.RESUME)
def resume(rollout: Rollout, by: User | None) -> Rollout:
    """Continue, whatever has failed until now; raise Unchanged where it runs."""
    if rollout.state != State.PAUSED:
        raise Unchanged(rollout)
    rollout.move(State.PLANNING, reason="", resumed_at=Now())
    record(by, What.RESUME, str(rollout))
    return rollout


@steers("stop a rollout", What.STOP)
def stop(rollout: Rollout, by: User | None) -> Rollout:
    """Discard all that has changed nothing in AWS; what runs goes to its end. Raise
    Unchanged where it has ended already.
    """
    if rollout.has_ended:
        raise Unchanged(rollout)
    discarded = discard(Run.objects.filter(rollout=rollout, status__in=UNDONE))
    reason = f"{name_of(by) or COMMAND_LINE} stopped it."
    rollout.move(State.STOPPED, reason=reason, finished_at=timezone.now())
    if by is None or by.pk != rollout.created_by_id:
        notify_of_rollout(rollout, Notification.What.ENDED)
    record(by, What.STOP, str(rollout), {"discarded": discarded})
    return rollout


LIMITS = frozenset({"most_failures", "failure_percent"})


@steers("change the waves and limits of a rollout", What.EDIT)
def configure(
    rollout: Rollout, by: User | None, *, settings: Mapping[str, int | str]
) -> Rollout:
    """Change the waves and limits; what has begun stays in its wave. Limits that were
    changed hold for few accounts, too.
    """
    changed = {
        name: value
        for name, value in settings.items()
        if value != getattr(rollout, name)
    }
    if LIMITS & {*changed} and "pauses" not in settings:
        changed = {"pauses": Rollout.Pauses.AT_LIMITS, **changed}
    if changed:
        Rollout.objects.filter(pk=rollout.pk).update(**changed)
        record(by, What.EDIT, str(rollout), changed)
        rollout.refresh_from_db()
    return rollout


def discard(runs: RunQuerySet) -> int:
    """Discard runs that changed nothing; their accounts are what they were before."""
    keys = list(runs.order_by("number").values_list("pk", flat=True))
    slices = [Run.objects.filter(pk__in=some) for some in in_slices(keys, AT_ONCE)]
    discarded = sum(one.move_together(Status.DISCARDED, since=UNDONE) for one in slices)
    lock_settings(accounts_of(*slices))
    for some in slices:
        left = some.filter(status=Status.DISCARDED)
        others = Run.objects.filter(account=OuterRef("pk"), status__in=OPEN)
        accounts = ManagedAccount.objects.filter(pk__in=left.values("account"))
        accounts.exclude(Exists(others)).put_back()
        if left.filter(kind=Run.Kind.MANAGING).exists():
            ManagingAccount.objects.put_back()
    return discarded


class NothingFailed(CannotStart):
    """There is nothing to start again."""


@steers("retry the failed accounts of a rollout", What.RETRY)
def retry(
    rollout: Rollout,
    by: User | None,
    *,
    origin: Run.Origin = Run.Origin.PAGE,
    among: Collection[UUID] | None = None,
) -> int:
    """Start again what failed, and only that, `among` these accounts if any are named;
    return how many accounts. Raise CannotStart where none can be.
    """
    if rollout.state == State.STOPPED:
        raise CannotStart(f"{rollout} was stopped. Start another one.")
    failed = runs_of(rollout).filter(status__in=UNSUCCESSFUL)
    keys = set(failed.values_list("account", flat=True)) - {None}
    if among is not None:
        keys &= {*among}
    rows = ManagedAccount.objects.prefetch_related("providers")
    accounts = [one for one in rows.order_by("name") if one.pk in keys]
    if among is not None:
        failed = failed.filter(account__in=accounts)
    grants = rollout.kind == Rollout.Kind.ONBOARD
    try:
        again = needs_another(managing_run(rollout), accounts, grants=grants)
        if not accounts and not again:
            raise NothingFailed(f"Nothing in {rollout} failed.")
        failed.update(retried=True)
        if accounts:
            add(rollout, accounts, by, origin)
        if again:
            managing_runs = Run.objects.filter(rollout=rollout, account=None)
            managing_runs.filter(kind=Run.Kind.MANAGING).update(retried=True)
            left = runs_of(rollout).exclude(status=Status.DISCARDED)
            others = rows.filter(pk__in=left.values("account"))
            plan_managing(rollout, others, by, origin)
    except (NoManagingAccount, NoRoom, RunOpen) as error:
        raise CannotStart(str(error)) from error
    except IntegrityError as error:
        raise CannotStart(
            "Another run of these accounts started in the meantime."
        ) from error
    if rollout.state == State.FINISHED:
        rollout.move(State.PLANNING, finished_at=None)
    record(by, What.RETRY, str(rollout), {"accounts": len(accounts)})
    return len(accounts)


def needs_another(
    run: Run | None, accounts: Collection[ManagedAccount] = (), *, grants: bool = True
) -> bool:
    """Return whether the managing account must be planned again: its run failed or was
    discarded; or, for these accounts, somebody edited it since, or its list has not all
    of them; any of them where it is to withdraw them.
    """
    if run is None or run.status in OPEN:
        return False
    if not is_ready(run):
        return True
    edited = bool(accounts) and run.managing_version != managing_row().version
    return any(edited or account.is_assumable != grants for account in accounts)


@dataclass(slots=True)
class Approved(Many[Run]):
    joined: int = 0
    """How many plans have joined the group since it was read."""


def hold_plans(rollout: Rollout, fingerprint: str) -> None:
    """Hold the rollout, its plans that wait with these changes, and what edits them."""
    hold_rollout(rollout)
    waiting = runs_of(rollout).same_as(fingerprint).order_by("number")
    list(waiting.select_for_update(of=("self",), no_key=True).values_list("pk"))
    lock_settings()


@about_many("approve a group of a rollout's plans", approve, locks=hold_plans)
def approve_group(
    rollout: Rollout,
    fingerprint: str,
    by: User,
    *,
    read: Container[int] | None = None,
    shown: Container[int] = frozenset(),
    comment: str = "",
    test: str = "",
) -> Approved:
    """Approve the rollout's plans that wait with these changes: those that were `read`,
    by their runs' numbers; None: all, as they were not read on a page. What was
    `shown` too, and not chosen, did not join since.

    One decision, so one entry in the activity log, which names each run. Raise
    Outside, and approve none, where the role is not for the environment of each.
    """
    if rollout.has_ended:
        raise Unchanged(rollout)
    waiting = runs_of(rollout).same_as(fingerprint).order_by("number")
    mine = [run for run in waiting.only(*READ) if read is None or run.number in read]
    many = Approved()
    many.joined = sum(
        read is not None and not (number in read or number in shown)
        for number in waiting.values_list("number", flat=True)
    )
    if many.joined:
        more = f"{counted(many.joined)} joined this group after you opened it"
        many.also = f"{more}. Review the plans again."
    choice = who_may(approve, mine, by, locks=True)
    for one in choice.left:
        if one.verdict.outside:
            raise Outside(one.why)
    many.left = choice.reasons
    tests, untested = access_tests(waiting, test)
    why = in_spinnaker(rollout, waiting) | untested
    many.left += [(run, why[run.number]) for run in choice.may if run.number in why]
    may = [run for run in choice.may if run.number not in why]
    many.done = approve_these(may, by, comment)
    if not (many.done or many.left):
        many.left = late(rollout, fingerprint, read)
    if many.done:
        numbers = [run.number for run in many.done]
        detail = {
            "rollout": rollout.number,
            "fingerprint": fingerprint,
            "comment": comment,
            "runs": numbers,
            "test": sorted({tests[n] for n in numbers if tests.get(n)}),
            "permissions": [
                f"{one.groups}: {counted(len(one.accounts))}"
                for one in granted_in(Run.objects.filter(number__in=numbers))
            ],
        }
        about = f"{rollout}: {counted(len(numbers))}"
        record(by, What.APPROVE, about, {k: v for k, v in detail.items() if v})
    return many


def access_tests(
    waiting: RunQuerySet, test: str
) -> tuple[dict[int, str], dict[int, str]]:
    """Judge the test of access for those that were only evaluated: what is kept of it,
    and which it is missing for.
    """
    rows = waiting.filter(account__verification=AccountState.EVALUATED)
    return tests_of(list(rows.select_related("account")), Answer.of(test))


def late(
    rollout: Rollout, fingerprint: str, read: Container[int] | None
) -> list[tuple[Run, str]]:
    """Say of one of the plans that were read who was quicker."""
    runs = runs_of(rollout).filter(fingerprint=fingerprint).order_by("number")
    gone = (run for run in runs.defer("entries") if read and run.number in read)
    return [(run, outdated(run) or decided_already(run)) for run in islice(gone, 1)]


def in_spinnaker(rollout: Rollout, runs: RunQuerySet) -> dict[int, str]:
    """Say of which removals, by their numbers, Spinnaker has the account since they
    were planned.
    """
    if rollout.kind != Rollout.Kind.REMOVE:
        return {}
    found = present_since(runs.select_related("account"))
    return {run.number: f"{StillInSpinnaker(it)}" for run, it in found}


def approve_these(runs: Collection[Run], by: User, comment: str) -> list[Run]:
    """Approve what still waits and was not edited; return these."""
    approved: set[int] = set()
    for some in in_slices([run.number for run in runs]):
        may = Run.objects.filter(number__in=some).approvable()
        numbers = list(may.values_list("number", flat=True))
        Run.objects.filter(number__in=numbers).move_together(
            Status.APPROVED,
            since=(Status.PLANNED,),
            approved_by=by,
            approved_by_name=name_of(by),
            approved_at=timezone.now(),
            approved_digest=F("plan_digest"),
            approval_comment=comment,
        )
        approved |= {*numbers}
    return [run for run in runs if run.number in approved]
