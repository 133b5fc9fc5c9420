"""A rollout in this process, in threads, without broker or worker.

Where workers run, too, they share the work: a lease lets one of them in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.people import MovedMeanwhile
from accounts.models.runs import RunQuerySet
from accounts.models.states import OPEN, UNSUCCESSFUL, VERIFIED, WORKING, Status
from accounts.runs.actions import approve
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.decisions import (
    NothingFailed,
    Unchanged,
    configure,
    resume,
    retry,
    stop,
)
from accounts.runs.rollouts.engine import advance
from accounts.runs.rollouts.start import CannotStart, start
from accounts.runs.stages import COMMAND, Batch
from accounts.wording import counted
from accounts.work.threads import leases_extended, own_connections

LOOKS_EVERY = 1.0
"""Seconds until runs that workers carry are looked at again."""


class RolloutBatch(Batch):
    """Many accounts as a rollout that people can watch, pause and decide on as well.

    Call it within `nothing_sent`.
    """

    rollout: Rollout
    test: str = ""
    """Of access, where a plan asks for one."""

    def take_waiting(self, accounts: Iterable[ManagedAccount]) -> bool:
        """Continue with the plans of an earlier command that wait for approval, or that
        were approved and are not carried out, if there are any of these accounts.
        """
        commands = Rollout.objects.due().exclude(state=Rollout.State.PAUSED)
        decided = Q(status__in=OPEN, approved_at__isnull=False)
        plans = of_command(accounts).filter(Q(status=Status.PLANNED) | decided)
        found = commands.filter(runs__in=plans).first()
        if found is not None:
            self.rollout = found
        return found is not None

    def is_current(self, accounts: Iterable[ManagedAccount]) -> bool:
        """Return whether the plans are whole, of these accounts and no others, and
        nobody edited what they are about. Accounts that are proved need none.
        """
        runs = Run.objects.filter(rollout=self.rollout)
        waiting = runs.filter(status=Status.PLANNED)
        planned = set(runs_of(self.rollout).values_list("account", flat=True))
        excluded = {text.partition(": ")[0] for text in self.rollout.excluded}
        wanted = {one.pk for one in accounts if one.name not in excluded}
        verified = ManagedAccount.objects.filter(state__in=VERIFIED)
        return (
            planned <= wanted
            and wanted - planned <= {*verified.values_list("pk", flat=True)}
            and not runs.filter(status=Status.PLANNING).exists()
            and waiting.count() == runs.approvable().count()
        )

    @property
    def digest(self) -> str:
        """Identify what a person reads of all these plans before approving them."""
        runs = Run.objects.filter(rollout=self.rollout, retried=False)
        plans = runs.exclude(plan_digest="").exclude(status=Status.DISCARDED)
        read = sorted(plans.values_list("kind", "account_name", "plan_digest"))
        return sha256(json.dumps(read).encode()).hexdigest()

    def resume(
        self, accounts: Iterable[ManagedAccount], settings: Mapping[str, Any]
    ) -> bool:
        """Continue the last rollout that a command started of these accounts, with what
        failed and what did not start; raise CannotStart where there is nothing. False:
        it ended because the managing account failed, so plan all of it again.
        """
        accounts = list(accounts)
        rollouts = Rollout.objects.filter(kind=Rollout.Kind.ONBOARD)
        found = rollouts.filter(runs__in=of_command(accounts)).first()
        if found is None:
            raise CannotStart("Nothing to resume: no rollout has these accounts.")
        first = managing_run(found)
        if first and first.status in UNSUCCESSFUL and found.has_ended:
            return False
        self.rollout = found
        self.configure(settings)
        keys = {account.pk for account in accounts}
        with suppress(NothingFailed):
            retry(found, self.by, origin=COMMAND, among=keys)
        with suppress(Unchanged):
            resume(found, self.by)
        return True

    def was_approved(self, run: Run) -> bool:
        """Return whether a run that this one repeats was approved with its plan."""
        runs = Run.objects.filter(rollout=self.rollout, account=run.account_id)
        decided = runs.filter(kind=run.kind, retried=True, approved_at__isnull=False)
        same = decided.filter(approved_digest=run.plan_digest)
        return bool(run.plan_digest) and same.exists()

    def configure(self, settings: Mapping[str, Any]) -> None:
        if settings:
            configure(self.rollout, self.by, settings=settings)

    def wait_for_others(self, accounts: Iterable[ManagedAccount]) -> None:
        """Wait until nobody works on these accounts: whoever was killed does so for as
        long as the lease lasts.
        """
        keys = [account.pk for account in accounts]
        held = Run.objects.filter(leased_until__gt=Now())
        while held.filter(Q(account__in=keys) | Q(account=None)).exists():
            time.sleep(LOOKS_EVERY)

    def plan_managing(
        self,
        accounts: Iterable[ManagedAccount],
        settings: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start the rollout, and plan its managing account; raise CannotStart."""
        accounts = list(accounts)
        self.replace_earlier(accounts)
        self.rollout = start(
            accounts,
            Rollout.Kind.ONBOARD,
            self.by,
            origin=COMMAND,
            **{"at_once": self.threads, **(settings or {})},
        )
        return self.managing_carried()

    def apply_managing(self, run: Run) -> Run:
        self.approve(run)
        return self.managing_carried()

    def part(
        self, accounts: Iterable[ManagedAccount], *, resumed: bool = False
    ) -> list[UUID]:
        """Find the runs of these accounts; of a rollout that was `resumed`, what had
        not ended.
        """
        runs = runs_of(self.rollout)
        if resumed:
            runs = runs.filter(status__in=OPEN)
        wanted = {account.pk for account in accounts}
        found = runs.order_by("number").values_list("pk", "account")
        return [key for key, account in found if account in wanted]

    def plan(self, keys: Collection[UUID]) -> Iterator[Run]:
        """Plan these of the rollout, and carry out what is approved already."""
        return self.each(runs_of(self.rollout), keys)

    def apply(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Approve each plan; carry out, wave by wave, what nothing keeps back."""
        chosen = list(runs)
        for run in chosen:
            self.approve(run)
        return self.each(runs_of(self.rollout), [run.pk for run in chosen])

    def approve(self, run: Run) -> None:
        with suppress(MovedMeanwhile):  # the run says what became of it
            approve(run, self.by, read=run.plan_digest, test=self.test)

    def give_up(self) -> None:
        with suppress(Unchanged):
            stop(self.rollout, self.by)

    def left(self) -> Iterator[str]:
        rollout = Rollout.objects.get(pk=self.rollout.pk)
        yield from rollout.excluded
        if rollout.state == Rollout.State.PAUSED:
            waiting = runs_of(rollout).filter(status=Status.APPROVED).count()
            yield (
                f"{rollout} is paused. {rollout.reason} {counted(waiting)} not started."
            )
            yield (
                "  Fix the failures, then continue with --resume or on the page of "
                f"{rollout}."
            )

    def managing_carried(self) -> Run:
        run = managing_run(self.rollout)
        assert run is not None
        (run,) = self.each(Run.objects.filter(pk=run.pk), [run.pk])
        return run

    def each(self, among: RunQuerySet, keys: Collection[UUID]) -> Iterator[Run]:
        """Carry out what can be, and yield these runs: each when it has ended or waits
        for a person, and at last those that were not carried here.
        """
        left = set(keys)
        for run in self.carried_out(among):
            if run.pk in left and not run.is_working:
                left.remove(run.pk)
                yield run
        rest = Run.objects.in_bulk(list(left)).values()
        yield from sorted(rest, key=lambda run: run.number)

    def carried_out(self, among: RunQuerySet) -> Iterator[Run]:
        """Carry what waits of these runs, until nothing more starts by itself."""

        def carry(run: Run) -> Run:
            with own_connections():
                return self.looked(self.carried(run))

        at_work: dict[Future[Run], UUID] = {}
        with leases_extended(), ThreadPoolExecutor(self.threads) as pool:
            while True:
                advance(self.rollout.number)
                waiting = among.waiting().exclude(pk__in=at_work.values())
                free = self.threads - len(at_work)
                for run in waiting.order_by("number")[:free]:
                    at_work[pool.submit(copy_context().run, carry, run)] = run.pk
                if at_work:
                    ended, _ = wait(at_work, LOOKS_EVERY, FIRST_COMPLETED)
                    for future in ended:
                        del at_work[future]
                        yield future.result()
                elif among.filter(status__in=WORKING).exists():
                    time.sleep(LOOKS_EVERY)
                else:
                    return

    def replace_earlier(self, accounts: Iterable[ManagedAccount]) -> None:
        """Stop the rollouts of earlier commands that are about the same accounts and
        that nobody carries now; what one of them began to change is carried to its end.
        """
        keys = {None, *(account.pk for account in accounts)}
        runs = Run.objects.filter(status__in=OPEN, started_from=COMMAND)
        of_rollouts = runs.exclude(rollout=None).values_list("rollout", "account")
        for number in sorted({n for n, account in of_rollouts if account in keys}):
            mine = Run.objects.filter(rollout=number)
            if mine.filter(leased_until__gt=Now()).exists():
                continue  # `start` refuses it by its name
            self.rollout = Rollout.objects.get(pk=number)
            self.give_up()
            for _ in self.carried_out(mine):
                pass


def of_command(accounts: Iterable[ManagedAccount]) -> RunQuerySet:
    """Find the runs that commands started of these, and of the managing account."""
    keys = [account.pk for account in accounts]
    runs = Run.objects.filter(started_from=COMMAND)
    return runs.filter(Q(account__in=keys) | Q(account=None))
