"""Continue a run: one stage after another, until a person must act; and many
runs in this process, in threads, without broker or worker.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from traceback import format_exc
from typing import TYPE_CHECKING

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, transaction

from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.lease import LeaseLost
from accounts.models.states import WORKING, Status
from accounts.notifications.notifying import failed
from accounts.runs.actions import RunOpen, verify
from accounts.runs.inactive import explained
from accounts.runs.owners.looking import apply_stage, look
from accounts.runs.planning import make_plan
from accounts.runs.scope import Scope
from accounts.runs.verifying import verify_run
from accounts.work.log_ids import RUN, about
from accounts.work.queue import held
from accounts.work.threads import in_threads
from onboarding.aws.errors import NOT_OURS, AwsError
from onboarding.aws.session import PATIENCE, Sessions
from onboarding.bounded_cpu import TooMuchCpu, cpu_bounded
from onboarding.desired.names_in_use import keep_it_or_choose
from onboarding.details import DetailsError
from onboarding.resources.plan import NotOurs, PlanOutdated, WantedTwice
from onboarding.resources.policy import QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_TAKEOVERS = 2
"""As often a run is taken over from a worker that stopped. It may be what stopped them.
"""

logger = logging.getLogger(__name__)

STAGES = {
    Status.PLANNING: make_plan,
    Status.APPLYING: apply_stage,
    Status.VERIFYING: verify_run,
}


NOT_AGAIN = (
    "Look in the account for policies that are unusually many or long, and in the "
    "workers' logs for what stopped them. Then start it again. Other accounts aren't "
    "affected."
)


class Poisonous(Exception):
    """A run that may be what stopped the workers that carried it."""


def carry_on(run: Run, sessions: Sessions | None = None) -> None:
    """Continue a run until a person must act.

    Safe to call twice, at once or after a kill: a lease lets one worker in, and each
    stage begins by comparing with AWS.
    """
    if run.take_lease():
        carry_leased(run, sessions)


def carry_leased(run: Run, sessions: Sessions | None = None) -> None:
    """Continue a run whose lease was taken, and let go of it at the end."""
    with about(RUN, str(run.pk)):
        held(run, partial(carry_to_its_end, sessions=sessions))


def carry_to_its_end(run: Run, *, sessions: Sessions | None) -> None:
    """Go through the stages, and record how it ended; raise LeaseLost where another
    worker took over, which then decides.
    """
    try:
        refuse_orphan(run)
        refuse_poison(run)
        with cpu_bounded():
            while run.status in WORKING:
                scope = Scope.load(run)
                sessions = sessions or Sessions(
                    run.reference, scope.managing.partition, patience=PATIENCE
                )
                STAGES[Status(run.status)](run, scope, sessions)
    except PlanOutdated as error:
        outdate(run, str(error))
    except AwsError as error:
        fail(run, error)
    except NotOurs as error:
        fail(run, not_ours(error, Scope.load(run)))
    except QuotaExceeded as error:
        fail(
            run, not_planned(error, "Choose every account of the organization instead.")
        )
    except (DetailsError, WantedTwice) as error:
        fail(run, not_planned(error, "Edit the account's details and plan again."))
    except (TooMuchCpu, Poisonous) as error:
        fail(run, not_planned(error, NOT_AGAIN), Status.ERRORED)
    except (Error, LeaseLost, SoftTimeLimitExceeded):
        raise  # the row still says that there is work: the sweep sends it again
    except Exception:
        logger.exception("Run %s ended in an error of Bowline's own.", run.reference)
        end_with_bug(run)


def refuse_orphan(run: Run) -> None:
    if run.account_id is None and run.kind != Run.Kind.MANAGING:
        raise PlanOutdated(f"{run.account_name} was deleted from Bowline.")


def refuse_poison(run: Run) -> None:
    if run.takeovers > MOST_TAKEOVERS:
        raise Poisonous(
            f"{run.takeovers} workers stopped while they worked on {run.account_name} "
            "in this run, so no other one takes it over."
        )


def fail(run: Run, error: AwsError, status: Status = Status.FAILED) -> None:
    """End a run that could not continue, with what happened and what to do about it."""
    with transaction.atomic():
        said = error.as_json()
        if error.unread:
            said = explained(said, run.account)
        run.carry(status, since=WORKING, error=said)
        failed(run)
        run.unedited_subject.fail()


def end_with_bug(run: Run) -> None:
    """End a run in which Bowline itself failed; call it where that was caught.

    The traceback is kept for administrators, everybody else gets a reference to it.
    Before its approval a run has changed nothing, so nothing is known to be wrong.
    """
    error = {
        "message": (
            f"Bowline encountered an internal error (reference {run.reference})."
        ),
        "hint": (
            "This is a bug. Report it with the reference. You can plan again safely."
        ),
    }
    with transaction.atomic():
        run.carry(
            Status.ERRORED,
            since=WORKING,
            error=error,
            traceback=format_exc(),
        )
        failed(run)
        if run.approved_at:
            run.unedited_subject.fail()
        else:
            run.subject.put_back()


def outdate(run: Run, message: str) -> None:
    error = {
        "message": message,
        "hint": "Nothing else was changed. Plan again and review the new plan.",
    }
    with transaction.atomic():
        run.carry(Status.OUTDATED, since=WORKING, error=error)
        run.unedited_subject.refuse_plan()


def not_planned(error: Exception, hint: str) -> AwsError:
    """Say in an AwsError's words what only a person can decide."""
    return AwsError(account="", operation="plan", message=str(error), hint=hint)


def not_ours(error: NotOurs, scope: Scope) -> AwsError:
    return AwsError(
        account=error.resource.account,
        operation="plan",
        message=str(error),
        hint=keep_it_or_choose(error.resource, scope.managing, scope.managed),
        code=NOT_OURS,
    )


COMMAND = Run.Origin.COMMAND


class Batch:
    """Many accounts at once: the same sessions, person and number of threads."""

    def __init__(self, sessions: Sessions, by: User | None, threads: int) -> None:
        self.sessions = sessions
        self.by = by
        self.threads = threads

    def verify(self, accounts: Iterable[ManagedAccount]) -> Iterator[Run]:
        """Prove again what exists; return the open run instead, if there is one. One
        that a killed command left is continued.
        """

        def work(account: ManagedAccount) -> Run:
            try:
                run = verify(account, self.by, origin=COMMAND)
            except RunOpen as error:
                run = error.see
                if run.status != Status.VERIFYING or run.is_held:
                    return run
            return self.carried(run)

        return in_threads(work, accounts, self.threads)

    def looked(self, run: Run) -> Run:
        """Look once whether the owner of an account that was handed off is done."""
        if run.status != Status.HANDED_OFF:
            return run
        look(run, managing_of(managing_row()), self.sessions)
        return self.carried(run)

    def carried(self, run: Run) -> Run:
        carry_on(run, self.sessions)
        run.refresh_from_db()
        return run
