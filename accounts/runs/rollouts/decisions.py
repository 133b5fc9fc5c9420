"""What people decide about a rollout: approve its groups, pause, resume, stop, retry.

Each locks the rollout's row, as the engine does: whoever comes second finds it done.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from accounts.decisions.locks import lock_settings
from accounts.mapping.managing import NoManagingAccount, managing_row
from accounts.mapping.plans import plan_of
from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
    Notification,
    Rollout,
    Run,
)
from accounts.models.activity import name_of
from accounts.models.managed import both_environments
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, UNSUCCESSFUL, Status
from accounts.models.states import State as AccountState
from accounts.notifications.notifying import notify_of_rollout
from accounts.people.activity import COMMAND_LINE, record
from accounts.people.authors import EDITED, STARTED, edited_by
from accounts.people.deciding import same_person, where
from accounts.people.policies import strict_among
from accounts.people.role_limits.refusing import refuse_any_outside
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs.actions import RunOpen, StillInSpinnaker
from accounts.runs.capacity import NoRoom
from accounts.runs.deciding.access_tests import Answer, tests_of
from accounts.runs.deciding.lateness import decided_already, outdated
from accounts.runs.rollouts.census import accounts_of, is_ready, managing_run, runs_of
from accounts.runs.rollouts.start import MOST_NAMED, CannotStart, add, plan_managing
from accounts.slices import in_slices
from accounts.spinnaker.presence import present_since
from accounts.wording import counted, first_of
from accounts.work.queue import wake

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = Rollout.State
What = Activity.What

AT_ONCE = 200
"""Runs that are discarded at once, or whose plans are read."""

UNDONE = (Status.PLANNING, Status.PLANNED, Status.APPROVED)
"""Nothing was changed in AWS, so that it can be discarded."""


@contextmanager
def locked(rollout: Rollout) -> Iterator[Rollout]:
    """Hold the rollout as it is now; then let it start what it may."""
    with transaction.atomic():
        row = Rollout.objects.select_for_update(no_key=True).get(pk=rollout.pk)
        yield row
        transaction.on_commit(partial(wake, row))


@contextmanager
def steered(rollout: Rollout, by: User | None) -> Iterator[Rollout]:
    """Hold the rollout for what concerns all its accounts: raise Outside where the role
    is not for the environment of each, even to pause it.
    """
    with locked(rollout) as row:
        refuse_any_outside(by, OPERATOR, accounts_of(runs_of(row)))
        yield row


def pause(rollout: Rollout, by: User) -> bool:
    """Start nothing more until somebody resumes it; what runs goes to its end. False
    where it is paused or has ended already.
    """
    with steered(rollout, by) as row:
        if row.has_ended or row.state == State.PAUSED or not row.has_waves:
            return False
        row.move(State.PAUSED, reason=f"{name_of(by)} paused it.")
        record(by, What.PAUSE, str(row))
    return True


def resume(rollout: Rollout, by: User | None) -> bool:
    """Continue, whatever has failed until now; False where it is not paused."""
    with steered(rollout, by) as row:
        if row.state != State.PAUSED:
            return False
        row.move(State.PLANNING, reason="", resumed_at=Now())
        record(by, What.RESUME, str(row))
    return True


def stop(rollout: Rollout, by: User | None) -> bool:
    """Discard all that has changed nothing in AWS; what runs goes to its end. False
    where it has ended already.
    """
    with steered(rollout, by) as row:
        if row.has_ended:
            return False
        discarded = discard(Run.objects.filter(rollout=row, status__in=UNDONE))
        reason = f"{name_of(by) or COMMAND_LINE} stopped it."
        row.move(State.STOPPED, reason=reason, finished_at=timezone.now())
        if by is None or by.pk != row.created_by_id:
            notify_of_rollout(row, Notification.What.ENDED)
        record(by, What.STOP, str(row), {"discarded": discarded})
    return True


def unchanged(rollout: Rollout) -> str:
    """Say that somebody decided before, or that there is nothing to decide."""
    why = f": {rollout.reason}" if rollout.reason else "."
    return f"{rollout} is {rollout.state}{why} Nothing was changed."


LIMITS = frozenset({"most_failures", "failure_percent"})


def configure(
    rollout: Rollout, settings: Mapping[str, int | str], by: User | None
) -> bool:
    """Change the waves and limits; what has begun stays in its wave. False where
    nothing differs. Limits that were changed hold for few accounts, too.
    """
    with steered(rollout, by) as row:
        changed = {
            name: value
            for name, value in settings.items()
            if value != getattr(row, name)
        }
        if not changed:
            return False
        if LIMITS & {*changed} and "pauses" not in settings:
            changed = {"pauses": Rollout.Pauses.AT_LIMITS, **changed}
        Rollout.objects.filter(pk=row.pk).update(**changed)
        record(by, What.EDIT, str(row), changed)
    return True


def discard(runs: RunQuerySet) -> int:
    """Discard runs that changed nothing; their accounts are what they were before."""
    keys = list(runs.order_by("number").values_list("pk", flat=True))
    slices = [Run.objects.filter(pk__in=some) for some in in_slices(keys, AT_ONCE)]
    discarded = sum(some.move(Status.DISCARDED, since=UNDONE) for some in slices)
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
    try:
        with steered(rollout, by) as row:
            if row.state == State.STOPPED:
                raise CannotStart(f"{row} was stopped. Start another one.")
            failed = runs_of(row).filter(status__in=UNSUCCESSFUL)
            keys = set(failed.values_list("account", flat=True)) - {None}
            if among is not None:
                keys &= {*among}
            rows = ManagedAccount.objects.prefetch_related("providers")
            accounts = [one for one in rows.order_by("name") if one.pk in keys]
            if among is not None:
                failed = failed.filter(account__in=accounts)
            grants = row.kind == Rollout.Kind.ONBOARD
            again = needs_another(managing_run(row), accounts, grants=grants)
            if not accounts and not again:
                raise NothingFailed(f"Nothing in {row} failed.")
            failed.update(retried=True)
            if accounts:
                add(row, accounts, by, origin)
            if again:
                managing_runs = Run.objects.filter(rollout=row, account=None)
                managing_runs.filter(kind=Run.Kind.MANAGING).update(retried=True)
                left = runs_of(row).exclude(status=Status.DISCARDED)
                others = rows.filter(pk__in=left.values("account"))
                plan_managing(row, others, by, origin)
            if row.state == State.FINISHED:
                row.move(State.PLANNING, finished_at=None)
            record(by, What.RETRY, str(row), {"accounts": len(accounts)})
    except (NoManagingAccount, NoRoom, RunOpen) as error:
        raise CannotStart(str(error)) from error
    except IntegrityError as error:
        raise CannotStart(
            "Another run of these accounts started in the meantime."
        ) from error
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
    edited = run.managing_version != managing_row().version
    return not is_ready(run) or any(
        edited or account.is_assumable != grants for account in accounts
    )


class Approved(NamedTuple):
    plans: int
    refused: list[str]
    """Each says of whom somebody else must approve, and why."""


def approve_group(
    rollout: Rollout,
    fingerprint: str,
    by: User,
    *,
    read: Container[int] | None = None,
    comment: str = "",
    test: str = "",
) -> Approved:
    """Approve the rollout's plans that wait with these changes: those that were `read`,
    by their runs' numbers; None: all, as they were not read on a page.

    One decision, so one entry in the activity log, which names each run. Those that
    another person must approve, and those that an edit has outdated, are left. Raise
    Outside, and approve none, where the role is not for the environment of each.
    """
    with locked(rollout) as row:
        if row.has_ended:
            return Approved(0, [])
        waiting = runs_of(row).same_as(fingerprint).order_by("number")
        keep_digests(waiting)
        mine = [
            number
            for number in waiting.values_list("number", flat=True)
            if read is None or number in read
        ]
        tests, untested = access_tests(waiting, test)
        reasons = refused_to(by, waiting) | in_spinnaker(row, waiting) | untested
        refused = together(waiting, {n: reasons[n] for n in mine if n in reasons})
        may = [number for number in mine if number not in reasons]
        approved = approve_these(may, by, comment)
        chosen = (Run.objects.filter(number__in=some) for some in in_slices(mine))
        refuse_any_outside(by, APPROVER, accounts_of(*chosen), locks=True)
        if not (approved or refused):
            refused = late(row, fingerprint, read)
        if approved:
            detail = {
                "rollout": row.number,
                "fingerprint": fingerprint,
                "comment": comment,
                "runs": approved,
                "test": sorted({tests[n] for n in approved if tests.get(n)}),
            }
            about = f"{row}: {counted(len(approved))}"
            record(by, What.APPROVE, about, {k: v for k, v in detail.items() if v})
    return Approved(len(approved), refused)


def access_tests(
    waiting: RunQuerySet, test: str
) -> tuple[dict[int, str], dict[int, str]]:
    """Judge the test of access for those that were only evaluated: what is kept of it,
    and which it is missing for.
    """
    rows = waiting.filter(account__verification=AccountState.EVALUATED)
    return tests_of(list(rows.select_related("account")), Answer.of(test))


def late(rollout: Rollout, fingerprint: str, read: Container[int] | None) -> list[str]:
    """Say of one of the plans that were read who was quicker."""
    runs = runs_of(rollout).filter(fingerprint=fingerprint).order_by("number")
    gone = (run for run in runs.defer("entries") if read and run.number in read)
    return [outdated(run) or decided_already(run) for run in islice(gone, 1)]


def refused_to(by: User, runs: RunQuerySet) -> dict[int, str]:
    """Say of which of these runs, by their numbers, another person must approve, and
    why: as for one plan, with as many queries for any number of them.
    """
    rows = list(runs.values_list(*CAUSED, named=True))
    environments = {name for row in rows for name in environments_of(row)}
    strict = strict_among(environments)
    edited = edited_by(by, {row.account_id for row in rows if row.account_id})
    reasons: dict[int, str] = {}
    for row in rows:
        here = strict & environments_of(row)
        second = where(max(here)) if here else row.reach.get("second", "")
        did = {key: what for what, keys in row.authors.items() for key in keys}
        if row.account_id in edited:
            did[by.pk] = EDITED
        if by.pk in (row.created_by_id, row.rollout__created_by_id):
            did[by.pk] = STARTED
        if reason := same_person(second, did, by):
            reasons[row.number] = reason
    return reasons


CAUSED = (
    *("number", "account_name", "account_id", "created_by_id", "reach", "authors"),
    *("rollout__created_by_id", "account__environment"),
    "account__approved_environment",
)
"""What a decision needs of a run, see people/deciding.py."""


def environments_of(row: Any) -> frozenset[str]:
    now = row.account__environment or "", row.account__approved_environment
    return both_environments(*now) | {*row.reach.get("environments", ())}


def in_spinnaker(rollout: Rollout, runs: RunQuerySet) -> dict[int, str]:
    """Say of which removals, by their numbers, Spinnaker has the account since they
    were planned.
    """
    if rollout.kind != Rollout.Kind.REMOVE:
        return {}
    found = present_since(runs.select_related("account"))
    return {run.number: f"{StillInSpinnaker(it)}" for run, it in found}


def together(runs: RunQuerySet, reasons: Mapping[int, str]) -> list[str]:
    """Say each reason once, with the accounts that it concerns."""
    names: dict[str, list[str]] = {}
    chosen = runs.filter(number__in=[*reasons]).order_by("number")
    for number, name in chosen.values_list("number", "account_name"):
        names.setdefault(reasons[number], []).append(name)
    return [f"{first_of(some, MOST_NAMED)}: {reason}" for reason, some in names.items()]


def approve_these(numbers: Sequence[int], by: User, comment: str) -> list[int]:
    """Approve what still waits and was not edited; return the numbers."""
    slices = [Run.objects.filter(number__in=some) for some in in_slices(numbers)]
    for some in slices:
        list(some.order_by("number").select_for_update(no_key=True).values_list("pk"))
    lock_settings(accounts_of(*slices))
    now, approved = timezone.now(), []
    for some in slices:
        may = list(
            some.approvable().order_by("number").values_list("number", flat=True)
        )
        Run.objects.filter(number__in=may).move(
            Status.APPROVED,
            since=(Status.PLANNED,),
            approved_by=by,
            approved_by_name=name_of(by),
            approved_at=now,
            approved_digest=F("plan_digest"),
            approval_comment=comment,
        )
        approved += may
    return approved


def keep_digests(runs: RunQuerySet) -> None:
    """Keep what plans hold that an earlier release of Bowline made."""
    keys = list(runs.filter(plan_digest="").values_list("pk", flat=True))
    for some_keys in in_slices(keys, AT_ONCE):
        some = Run.objects.filter(pk__in=some_keys).select_related("account")
        for run in some.prefetch_related("steps", "account__providers"):
            digest = plan_of(run, run.steps.all()).digest
            Run.objects.filter(pk=run.pk).update(plan_digest=digest)
