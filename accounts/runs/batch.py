"""Carry out many runs in this process, in threads, without broker or worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import RunOpen, verify
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
