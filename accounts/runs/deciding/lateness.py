"""Why a decision about a plan came too late."""

from __future__ import annotations

from functools import partial

from accounts.models import Activity, ManagedAccount, ManagingAccount, Run
from accounts.models.people.decided import MovedMeanwhile
from accounts.models.states import Status
from accounts.people.activity import who_did

DISCARD, STOP = Activity.What.DISCARD, Activity.What.STOP


def outdated_by(run: Run) -> str:
    """Say which edit outdates the plan; empty while none does."""
    return run.outdated_by(run.account, ManagingAccount.objects.first())


def refuse_late(run: Run) -> None:
    """Raise MovedMeanwhile where the plan no longer waits, or an edit outdates it."""
    if run.status != Status.PLANNED:
        raise MovedMeanwhile(decided_already(run))
    if edit := outdated(run):
        raise MovedMeanwhile(edit)


def outdated(run: Run) -> str:
    """Say that a plan that waits can no longer be approved; empty while it can."""
    edit = outdated_by(run) if run.status == Status.PLANNED else ""
    return f"{edit} Plan again." if edit else ""


def nothing_to_accept(account: ManagedAccount) -> str:
    if by := account.accepted_by_name:
        return f"{account.name} was accepted by {by} before you decided."
    return f"{account.name} isn't waiting for acceptance."


def decided_already(run: Run) -> str:
    return run.decided_already(partial(by_whom, run))


def by_whom(run: Run) -> str:
    """Say who discarded it, or for what."""
    if by := who_did(DISCARD, run.account_name, run=str(run.pk)):
        return f" by {by}"
    if run.rollout_id and (by := who_did(STOP, str(run.rollout))):
        return f" by {by}, who stopped {str(run.rollout).lower()},"
    later = Run.objects.filter(number__gt=run.number, kind=run.kind)
    if next_one := later.filter(account=run.account_id).order_by("number").first():
        return f" for {next_one.title.lower()} of {next_one.started_by or 'somebody'}"
    return ""
