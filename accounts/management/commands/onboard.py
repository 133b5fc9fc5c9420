"""`manage.py onboard accounts.yaml`: the whole job without a browser, broker or worker.

With --bundle it fails, too, where an account is not in the bundle because nobody
accepted it. All accounts wait for the managing account's owner, if it has one.

More than one account is a rollout: applied in waves, and shown on the site's pages.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError

from accounts.management.command import BowlineCommand
from accounts.management.deletions import kept_back
from accounts.management.ended import code, outdated_in, was_proved
from accounts.management.exit_codes import FAILED, WAITS, combined
from accounts.management.migrated import is_migrated, migrate_if_new
from accounts.management.people import named_person
from accounts.management.plain_diff import printed
from accounts.management.progress import shown_on_terminal
from accounts.mapping.accounts_file import differs, register, spinnaker_differs
from accounts.mapping.accounts_file.comparison import compare
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import UNSUCCESSFUL, Status
from accounts.people.authors import authors_of_run
from accounts.people.deciding import SamePerson, judge
from accounts.people.reach import reach_of_run
from accounts.people.role_limits.refusing import Outside
from accounts.runs.actions import RunOpen, accept
from accounts.runs.capacity import NoRoom
from accounts.runs.owners.readiness import ManagingUnproved
from accounts.runs.rollouts import CannotStart
from accounts.runs.rollouts.batch import RolloutBatch
from accounts.spinnaker.bundles import NothingReady, build, new_bundle
from accounts.spinnaker.next_bundle import next_bundle, unlike_now
from accounts.wording import counted
from accounts.work.queue import nothing_sent
from onboarding.accounts_file import AccountsFile, FileProblems, read
from onboarding.accounts_file.spreadsheet import is_csv
from onboarding.aws.session import PATIENCE, Sessions
from onboarding.bounded_yaml import MOST_BYTES

STANDARD_INPUT = Path("-")

IN_THE_FILE = "In this file: `assume: {organization: o-a1b2c3d4e5}` under `managing`."


class Command(BowlineCommand):
    help = "Plan every account of a file, and with --approve onboard it."
    requires_migrations_checks = False  # --check makes no tables

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            help="accounts.yaml or accounts.csv (see the README); -: standard input",
        )
        parser.add_argument("--check", action="store_true", help="only check the file")
        parser.add_argument(
            "--approve",
            action="store_true",
            help="apply the plan that waits, if nothing changed since; without one, "
            "plan and apply at once",
        )
        parser.add_argument(
            "--plan",
            metavar="DIGEST",
            help="with --approve: apply only the plan that has this digest",
        )
        parser.add_argument(
            "--allow-delete",
            nargs="*",
            metavar="NAME",
            help="also approve plans that delete, only for these accounts if any are "
            "named; required by name if a plan deletes over a third of what exists",
        )
        parser.add_argument(
            "--accept-evaluated",
            action="store_true",
            help="accept evaluated accounts, whose policies were only read",
        )
        parser.add_argument(
            "--bundle", type=Path, metavar="OUT.zip", help="write a bundle to this file"
        )
        parser.add_argument(
            "--by",
            metavar="USER",
            help="who plans, or with --approve who approves; whoever can write the "
            "database can name anybody",
        )
        parser.add_argument(
            "--threads", type=int, default=16, help="accounts to process at a time"
        )

    def handle(self, *, file: Path, check: bool, **options: Any) -> None:
        try:
            content, csv = content_of(file)
            if not check:
                migrate_if_new(self.warn)
            described = ManagingAccount.objects.first() if is_migrated() else None
            partition = described.partition if described else "aws"
            written = read(content, partition=partition, csv=csv)
            if check:
                self.check_only(file, written, described)
                return
            sys.exit(self.onboard(written, **options))
        except FileProblems as error:
            for problem in error.problems:
                self.warn(f"{file}:{problem.line}: {problem.message}")
            sys.exit(FAILED)
        except Outside as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}") from error

    def check_only(
        self, file: Path, written: AccountsFile, described: ManagingAccount | None
    ) -> None:
        """Print what the file would change of what is described, if anything is."""
        self.say(f"{file}: {counted(len(written.accounts))}, no errors.")
        if described is not None:
            found = compare(written.accounts)
            if found.problems:
                raise FileProblems(found.problems)
            self.say(
                found.summary(
                    managing_differs=differs(written, described),
                    spinnaker_differs=spinnaker_differs(written),
                )
            )

    def onboard(
        self,
        written: AccountsFile,
        *,
        approve: bool,
        plan: str | None,
        allow_delete: list[str] | None,
        accept_evaluated: bool,
        bundle: Path | None,
        by: str | None,
        threads: int,
        **_: Any,
    ) -> int:
        person = named_person(by) if by else None
        accounts = register(written, person)
        known = {managing_row().name, *(account.name for account in accounts)}
        if strangers := set(allow_delete or ()) - known:
            raise CommandError(
                f"--allow-delete: not in this file: {', '.join(strangers)}."
            )
        partition = managing_row().partition
        sessions = Sessions(run="onboard", partition=partition, patience=PATIENCE)
        batch = RolloutBatch(sessions, person, threads)
        try:
            with nothing_sent():
                codes = self.plan_and_apply(
                    batch, accounts, approve=approve, read=plan, allowed=allow_delete
                )
        except (CannotStart, ManagingUnproved, NoRoom, RunOpen) as error:
            no_room = isinstance(error.__cause__ or error, NoRoom)
            raise CommandError(
                f"{error} {IN_THE_FILE}" if no_room else str(error)
            ) from error
        if accept_evaluated:
            for account in accounts:
                self.accept(account, person)
        if bundle is not None and not (
            self.write_bundle(bundle, person) and self.all_accepted(accounts)
        ):
            codes.append(FAILED)
        return combined(codes)

    def plan_and_apply(
        self,
        batch: RolloutBatch,
        accounts: list[ManagedAccount],
        *,
        approve: bool,
        read: str | None,
        allowed: list[str] | None,
    ) -> list[int]:
        """Plan the managing account, then the others; carry out what is approved. What
        waits is planned again only where something changed, and then not approved.
        """
        waits = approve and batch.take_waiting(accounts)
        if waits and batch.is_current(accounts):
            if read not in (None, batch.digest):
                self.warn("Not approved: another plan waits than the one with --plan.")
                approve = False
            managing = self.shown(batch.managing_carried())
        else:
            if waits or (approve and read):
                self.warn("Not approved: what was planned has changed. It is planned.")
                approve = False
            managing = self.shown(batch.plan_managing(accounts))
        if approve and self.may_apply(managing, allowed, batch.by):
            managing = batch.apply_managing(managing)
            self.tell(managing)
            if managing.status == Status.OUTDATED:
                return self.planned_again(batch, accounts)
        if managing.status == Status.HANDED_OFF:
            return [WAITS]
        if managing.status in UNSUCCESSFUL and not was_proved(managing):
            batch.give_up()
            return [FAILED]
        plans = self.watched(batch.plan(accounts), "Plan", len(accounts))
        planned = [self.shown(run) for run in plans]
        ended = [run for run in planned if run.status != Status.PLANNED]
        waiting = [run for run in planned if run.status == Status.PLANNED]
        if approve:
            chosen = [run for run in waiting if self.may_apply(run, allowed, batch.by)]
            applied = self.watched(batch.apply(chosen), "Apply", len(chosen))
            for run in applied:
                self.tell(run)
                ended.append(run)
            waiting = [run for run in waiting if run not in chosen]
        if waiting or managing.status == Status.PLANNED:
            self.say(f"Plan {batch.digest} waits for approval.")
        codes = [code(run) for run in (managing, *ended, *waiting)]
        if approve and (changed := outdated_in(ended)):
            done = [code(run) for run in ended if run.account_id not in changed]
            again = [one for one in accounts if one.pk in changed]
            return [*done, *self.planned_again(batch, again)]
        for reason in batch.left():
            self.warn(reason)
            codes.append(FAILED)
        return codes

    def planned_again(
        self, batch: RolloutBatch, accounts: list[ManagedAccount]
    ) -> list[int]:
        """Plan what AWS changed after it was planned, and approve none of it."""
        self.warn("AWS changed since. What it changed is planned again, not approved.")
        return self.plan_and_apply(
            batch, accounts, approve=False, read=None, allowed=None
        )

    def watched(self, runs: Iterator[Run], doing: str, count: int) -> Iterable[Run]:
        """Show on a terminal how many ended; elsewhere give each at once."""
        if not self.stderr.isatty() or count < 2:
            return runs
        return shown_on_terminal(runs, doing, count)

    def accept(self, account: ManagedAccount, person: User | None) -> None:
        """Accept an account, or print why another person must."""
        try:
            accept(account, person)
        except SamePerson as error:
            self.warn(f"{account.name}: not accepted. {error}")

    def may_apply(
        self, run: Run, allowed: list[str] | None, person: User | None
    ) -> bool:
        """Return whether a waiting plan may be approved here; if not, print why."""
        if run.status != Status.PLANNED:
            return False
        reach = reach_of_run(run)
        verdict = judge(reach, authors_of_run(run, reach), person)
        reasons = [*filter(None, verdict)] or list(kept_back(run, allowed))
        if reasons:
            self.warn(f"{run.account_name}: not approved. {reasons[0]}")
            for reason in reasons[1:]:
                self.warn(f"  {reason}")
        return not reasons

    def shown(self, run: Run) -> Run:
        """Print a plan, or how its run ended where nothing had to change."""
        if run.status == Status.PLANNED:
            self.say(printed(run))
        else:
            self.tell(run)
        return run

    def tell(self, run: Run) -> None:
        if run.status == Status.APPROVED:
            waits = "approved, and not started"
            if not run.approved_at:
                waits = "nothing to change, waits for the managing account"
            self.warn(f"{run.account_name}: {waits}")
            return
        if run.status == Status.HANDED_OFF:
            self.say(f"{run.account_name}: handed off. Its owner creates the roles:")
            whose = "--managing" if run.account is None else run.account_name
            self.say(f"  manage.py handoff {whose} --output DIR")
            return
        if run.status not in UNSUCCESSFUL:
            self.say(f"{run.account_name}: {run.status}")
            return
        error = run.error or {}
        self.warn(f"{run.account_name}: {run.status}: {error.get('message', '')}")
        if error.get("hint"):
            self.warn(f"  {error['hint']}")

    def write_bundle(self, path: Path, by: User | None) -> bool:
        try:
            bundle = new_bundle(by)
        except NothingReady as error:
            self.warn(str(error))
            return False
        self.tell_next()
        build(bundle)
        bundle.refresh_from_db()
        if bundle.status != bundle.Status.READY:
            self.warn(bundle.error)
            return False
        path.write_bytes(bundle.archive)
        count = counted(bundle.accounts.count())
        self.say(f"Bundle {bundle.number}: {count}, {path}, {bundle.sha256}")
        return True

    def tell_next(self) -> None:
        """Print what the bundle changes since the last one, and what it keeps."""
        found, unlike = next_bundle(), unlike_now()
        self.say(found.changes.summary(unlike.kept_count))
        for changed in found.delta.changed:
            fields = "; ".join(
                f"{one.name} {one.before} → {one.after}" for one in changed.fields
            )
            self.say(f"  {changed.name} ({changed.provider}): {fields}")
        for removed in found.delta.removed:
            self.say(f"  {removed.name} ({removed.provider}): removed")
        for one in unlike.kept:
            self.warn(
                f"{one.account.name}: {one.account.state}. The bundle holds it as it "
                f"was last proved. {one.reason}"
            )
        for group in unlike.others:
            states = ", ".join(f"{count:,} {state}" for state, count in group.states)
            self.warn(f"{group.one} in {group.accounts}: {states}.")

    def all_accepted(self, accounts: list[ManagedAccount]) -> bool:
        """Name those that are not in the bundle only because nobody accepted them."""
        mine = {account.pk for account in accounts}
        waiting = [a for a in ManagedAccount.objects.to_accept() if a.pk in mine]
        for account in waiting:
            self.warn(
                f"{account.name}: evaluated. The bundle does not hold it until a "
                "person accepts it."
            )
        if waiting:
            self.warn(
                "  Review its checks, then accept it on its page or with "
                "--accept-evaluated."
            )
        return not waiting

    def say(self, text: str) -> None:
        self.stdout.write(text)

    def warn(self, text: str) -> None:
        self.stderr.write(text)


def content_of(file: Path) -> tuple[bytes, bool]:
    """Return what the file holds, and whether it is CSV."""
    if file == STANDARD_INPUT:
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
        return content, is_csv(content)
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1), file.suffix.lower() == ".csv"
