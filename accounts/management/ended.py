"""How the runs of `manage.py onboard` ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from uuid import UUID

import click

from accounts.management.exit_codes import DONE, FAILED, PLANNED, WAITS
from accounts.models import Run
from accounts.models.states import OPEN, UNSUCCESSFUL, Status
from accounts.runs.results import reached_account


def shown_on_terminal(runs: Iterable[Run], doing: str, count: int) -> list[Run]:
    """Show a bar with the time left until all of these have ended; return them in the
    order of their numbers, so that what is printed next does not break the bar.
    """
    bar = click.progressbar(
        runs, length=count, label=doing, file=sys.stderr, show_pos=True
    )
    with bar as ended:
        return sorted(ended, key=lambda run: run.number)


def was_verified(managing: Run) -> bool:
    """Return whether a run reached its checks, so that accounts can be proved, too.

    A check of the managing account that failed says nothing of any other account.
    """
    return reached_account(managing)


def outdated_in(runs: Iterable[Run]) -> set[UUID | None]:
    """Find the accounts that AWS outdated, with those that did not start then."""
    found = {run.account_id: run.status for run in runs}
    if Status.OUTDATED not in found.values():
        return set()
    again = (Status.OUTDATED, Status.APPROVED)
    return {key for key, status in found.items() if status in again}


def code(run: Run) -> int:
    if run.status == Status.HANDED_OFF:
        return WAITS
    if run.status in (*OPEN, Status.DISCARDED):
        return PLANNED
    return FAILED if run.status in UNSUCCESSFUL else DONE
