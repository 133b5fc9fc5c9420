"""`manage.py verify [--stale] [NAME…]`: prove again what exists, print every check.

Nothing in AWS changes. It fails, too, where an account could not be verified because a
run is open.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from textwrap import indent
from typing import Any

from django.core.management import CommandError

from accounts.management.command import DONE, FAILED, BowlineCommand, combined
from accounts.management.onboard_options import at_least_one
from accounts.mapping.managing import managing_row
from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.states import OPEN, Status
from accounts.runs.actions import RunOpen
from accounts.runs.stages import Batch
from accounts.work.queue import nothing_sent
from onboarding.aws.session import PATIENCE, Sessions


class Command(BowlineCommand):
    help = "Verify the named accounts, or all accounts that exist in AWS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="the name of an account"
        )
        parser.add_argument(
            "--stale",
            action="store_true",
            help="only accounts that weren't verified within VERIFICATION_MAX_AGE",
        )
        parser.add_argument(
            "--threads",
            type=at_least_one,
            default=16,
            help="accounts to process at a time",
        )

    def handle(self, *, names: list[str], stale: bool, threads: int, **_: Any) -> None:
        partition = managing_row().partition
        sessions = Sessions(run="verify", partition=partition, patience=PATIENCE)
        accounts = chosen(names)
        if stale:
            accounts = [one for one in accounts if one.stale_since]
            if not accounts:
                self.stdout.write("No verification is stale. Nothing was verified.")
        with nothing_sent():
            runs = Batch(sessions, None, threads).verify(accounts)
            sys.exit(combined(self.tell(run) for run in runs))

    def tell(self, run: Run) -> int:
        """Print what a run found; return its exit code."""
        if run.status in OPEN:
            self.stderr.write(f"{run.account_name}: not verified. {RunOpen(run)}")
            return FAILED
        self.stdout.write(f"{run.account_name}: {run.status}")
        for check in run.checks.all():
            self.stdout.write(indent(printed(check), "  "))
        if run.error and not run.checks.exists():
            words = (run.error.get("message", ""), run.error.get("hint", ""))
            self.stderr.write(indent("\n".join(filter(None, words)), "  "))
        return DONE if run.status in (Status.VERIFIED, Status.EVALUATED) else FAILED


def chosen(names: list[str]) -> list[ManagedAccount]:
    """Find the accounts; raise CommandError for a name of none that exists in AWS."""
    existing = ManagedAccount.objects.existing().prefetch_related("providers")
    accounts = list(existing.order_by("name"))
    if not names:
        return accounts
    by_name = {account.name: account for account in accounts}
    if unknown := [name for name in names if name not in by_name]:
        known = {*ManagedAccount.objects.values_list("name", flat=True)}
        if strangers := [name for name in unknown if name not in known]:
            raise CommandError(f"There is no account {', '.join(strangers)}.")
        raise CommandError(
            f"Bowline hasn't created anything in AWS for {', '.join(unknown)}."
        )
    return [by_name[name] for name in names]


def printed(check: CheckResult) -> str:
    """Write a check in a line; below it, if it failed, why and the fix."""
    lines = [f"{check.outcome:<20} {check.name}"]
    if check.outcome == CheckResult.Outcome.FAILED:
        where = f"({check.where}) " if check.where else ""
        details = (f"{where}{check.sentence}", check.fix, check.change)
        lines += [f"    {line}" for line in details if line]
    return "\n".join(lines)
