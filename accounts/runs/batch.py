"""Carry out many runs in this process, in threads, without broker or worker.

The managing account comes first and once; then every account by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import RunOpen, approve, keep, plan, plan_managing, verify
from accounts.runs.owners.looking import look
from accounts.runs.stages import carry_on
from accounts.work.threads import in_threads
from onboarding.aws.session import Sessions

if TYPE_CHECKING:
    from django.contrib.auth.models import User


COMMAND = Run.Origin.COMMAND


class Batch:
    """Many accounts at once: the same sessions, person and number of threads."""

    def __init__(self, sessions: Sessions, by: User | None, threads: int) -> None:
        self.sessions = sessions
        self.by = by
        self.threads = threads

    def plan_managing(self, accounts: Iterable[ManagedAccount]) -> Run:
        """Plan the managing account, with the AssumeRole of all these accounts."""
        run = plan_managing(self.by, grants=accounts, origin=COMMAND, send=keep)
        return self.carried(run)

    def apply_managing(self, run: Run) -> Run:
        """Approve the managing account's plan and carry it out."""
        approve(run, self.by, send=keep)
        return self.carried(run)

    def plan(self, accounts: Iterable[ManagedAccount]) -> Iterator[Run]:
        """Plan each account, without the managing side."""

        def work(account: ManagedAccount) -> Run:
            run = plan(account, self.by, alone=True, origin=COMMAND, send=keep)
            return self.carried(run)

        return in_threads(work, accounts, self.threads)

    def apply(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Approve each plan and carry it out, through its verification."""

        def work(run: Run) -> Run:
            approve(run, self.by, send=keep)
            return self.looked(self.carried(run))

        return in_threads(work, runs, self.threads)

    def verify(self, accounts: Iterable[ManagedAccount]) -> Iterator[Run]:
        """Prove again what exists; return the open run instead, if there is one."""

        def work(account: ManagedAccount) -> Run:
            try:
                run = verify(account, self.by, origin=COMMAND, send=keep)
            except RunOpen as error:
                return error.run
            return self.carried(run)

        return in_threads(work, accounts, self.threads)

    def give_up(self) -> None:
        """Leave alone what was not begun."""

    def left(self) -> Iterator[str]:
        """Say of what was not done why not."""
        yield from ()

    def looked(self, run: Run) -> Run:
        """Look once whether the owner of an account that was handed off is done."""
        if run.status != Status.HANDED_OFF:
            return run
        look(run, managing_of(managing_row()), self.sessions, send=keep)
        return self.carried(run)

    def carried(self, run: Run) -> Run:
        carry_on(run, self.sessions)
        run.refresh_from_db()
        return run
