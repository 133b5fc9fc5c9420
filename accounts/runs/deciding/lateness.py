"""Why a decision about a plan came too late."""

from __future__ import annotations

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import Status


def outdated_by(run: Run) -> str:
    """Say which edit outdates the plan; empty while none does."""
    return run.outdated_by(run.account, ManagingAccount.objects.first())


def outdated(run: Run) -> str:
    """Say that a plan that waits can no longer be approved; empty while it can."""
    edit = outdated_by(run) if run.status == Status.PLANNED else ""
    return f"{edit} Plan again." if edit else ""


def nothing_to_accept(account: ManagedAccount) -> str:
    return f"{account.name} does not wait for acceptance."


def decided_already(run: Run) -> str:
    """Say who approved the run, or what became of it, before somebody else decided."""
    by = run.approved_by_name
    return f"{f'{by} approved it' if by else f'It is {run.status}'} already."
