"""`manage.py onboard accounts.yaml`: the whole job without a browser, broker or worker.

With --bundle it fails, too, where an account is not in the bundle because nobody
accepted it. All accounts wait for the managing account's owner, if it has one.

More than one account is a rollout: applied in waves, and shown on the site's pages.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from json import dumps
from pathlib import Path
from shlex import join
from typing import Any

import click
from django.contrib.auth.models import User
from django.core.management import CommandError

from accounts.decisions.many import REFUSALS, each
from accounts.management.command import (
    DONE,
    FAILED,
    WAITS,
    BowlineCommand,
    acting_person,
    combined,
    is_migrated,
    migrate_if_new,
    write,
)
from accounts.management.onboard_options import (
    OnboardOptions,
    add_options,
    read_options,
)
from accounts.management.plain_text import (
    diff_lines,
    kept_deletions,
    printed,
    summary,
    without_test,
)
from accounts.management.report import (
    BundleFile,
    code,
    document,
    outdated_in,
)
from accounts.management.report import markdown as summary_of
from accounts.mapping.accounts_file import differs, register, spinnaker_differs
from accounts.mapping.accounts_file.comparison import SAME, compare
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.people import Scope
from accounts.models.states import UNSUCCESSFUL, Status
from accounts.people.roles import some_of
from accounts.refused import Refused
from accounts.runs.actions import accept, approve
from accounts.runs.capacity import NoRoom
from accounts.runs.deciding.same_changes import granted_in
from accounts.runs.managing.other_sites import adopt_list, found_another
from accounts.runs.results import reached_account
from accounts.runs.rollouts.batch import RolloutBatch
from accounts.slices import in_slices
from accounts.spinnaker.next_bundle import EVERY
from accounts.wording import counted
from accounts.work.queue import nothing_sent
from onboarding.accounts_file import AccountsFile, FileProblems, read_accounts_file
from onboarding.accounts_file.spreadsheet import is_csv
from onboarding.aws.session import PATIENCE, Sessions
from onboarding.bounded_yaml import MOST_BYTES

STANDARD_INPUT = Path("-")

CHANGED = "what was planned has changed. It is planned."
OTHER = "another plan waits than the one with --plan."
NEVER_PLANNED = "no plan waited. Review this one, then approve it with --approve."
ANOTHER = "Its plan isn't the one that was approved before."
IN_THE_FILE = "In this file: `assume: {organization: o-a1b2c3d4e5}` under `managing`."


class Command(BowlineCommand):
    help = "Plan every account of a file, and with --approve onboard it."
    requires_migrations_checks = False  # --check makes no tables

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.as_json = False
        self.messages: list[str] = []
        self.rollouts: dict[int, Rollout] = {}
        self.chosen: list[ManagedAccount] = []
        self.digest: str | None = None
        self.whole = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(
        self, *, file: Path, json: bool, markdown: Path | None, **options: Any
    ) -> None:
        self.as_json = json
        self.whole = options["verbosity"] > 1
        self.next = ["manage.py", "onboard", str(file), "--approve"]
        for path in filter(None, (options["bundle"], markdown)):
            if not path.parent.is_dir():  # better now than once all is applied
                raise CommandError(f"{path} can't be written: its folder is missing.")
        try:
            code = self.ended(file, **options)
        except (CommandError, *REFUSALS) as error:
            if not (json or markdown):
                raise
            self.warn(f"CommandError: {error}")
            code = FAILED
        if json or markdown:
            self.report(code, markdown)
        sys.exit(code)

    def report(self, code: int, path: Path | None) -> None:
        """Print the document, and write the summary."""
        found = document(
            code,
            rollouts=self.rollouts.values(),
            accounts=self.chosen,
            digest=self.digest,
            messages=self.messages,
        )
        if path is not None:
            write(path, summary_of(found))
        if self.as_json:
            self.stdout.write(dumps(found, indent=2, ensure_ascii=False))

    def ended(self, file: Path, *, check: bool, **options: Any) -> int:
        try:
            content, csv = content_of(file)
            if not check:
                migrate_if_new(self.warn)
            described = ManagingAccount.objects.first() if is_migrated() else None
            partition = described.partition if described else "aws"
            written = read_accounts_file(content, partition=partition, csv=csv)
            if check:
                self.check_only(file, written, described)
                return DONE
            return self.onboard(written, **options)
        except FileProblems as error:
            for problem in error.problems:
                self.warn(f"{file}:{problem.line}: {problem.message}")
            return FAILED

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
        only: list[str] | None,
        accept_evaluated: bool,
        bundle: Path | None,
        add_broken: list[str] | None,
        by: str | None,
        threads: int,
        **options: Any,
    ) -> int:
        decides = options["approve"] or accept_evaluated
        person = acting_person(by, Scope.APPROVE if decides else Scope.OPERATE)
        self.refuse_planning = partial(acting_person, by, Scope.OPERATE)
        if changes_settings(written):
            self.refuse_planning()
        named = {one.managed.name for one in written.accounts}
        refuse_strangers("--only", only, named)
        wanted = read_options(options, len(only or named))
        accounts = register(written, person)
        known = {managing_row().name, *named}
        refuse_strangers("--allow-delete", wanted.allowed, known)
        self.chosen = [one for one in accounts if not only or one.name in only]
        self.next += ["--only", *only] if only else []
        chosen = self.chosen
        partition = managing_row().partition
        sessions = Sessions(run="onboard", partition=partition, patience=PATIENCE)
        batch = RolloutBatch(sessions, person, threads)
        batch.test = wanted.test
        try:
            with nothing_sent():
                codes = self.plan_and_apply(batch, accounts, chosen, wanted)
        except Refused as error:
            if isinstance(error.__cause__ or error, NoRoom):
                raise CommandError(f"{error} {IN_THE_FILE}") from error
            raise
        if accept_evaluated:
            self.accept(chosen, person)
        file = BundleFile(self.say, self.warn)
        broken = [EVERY] if add_broken == [] else add_broken or []  # no name: all
        if bundle is not None and not (
            file.write(bundle, person, broken) and file.all_accepted(chosen)
        ):
            codes.append(FAILED)
        return combined(codes)

    def plan_and_apply(
        self,
        batch: RolloutBatch,
        accounts: list[ManagedAccount],
        chosen: list[ManagedAccount],
        wanted: OnboardOptions,
    ) -> list[int]:
        """Plan the managing account, then those that are chosen; carry out what is
        approved. What waits is planned again only where something changed, and then
        not approved.
        """
        if wanted.wait:
            batch.wait_for_others(chosen)
        if wanted.resume and batch.resume(chosen, wanted.settings):
            return self.carry(batch, chosen, batch.managing_carried(), wanted)
        found = wanted.approve and not wanted.resume and batch.take_waiting(chosen)
        if found and (batch.is_current(accounts) or batch.is_current(chosen)):
            if wanted.digest not in (None, batch.digest):
                wanted = wanted.refused(OTHER)
            batch.configure(wanted.settings)
            return self.carry(batch, chosen, batch.managing_carried(), wanted)
        if wanted.approve:
            changed = found or wanted.digest
            wanted = wanted.refused(CHANGED if changed else NEVER_PLANNED)
        self.refuse_planning()
        managing = batch.plan_managing(chosen, wanted.settings)
        if wanted.adopts_list and found_another(managing):
            self.tell(managing)
            row = adopt_list(batch.by)
            self.warn(f"Adopted: {counted(len(row.kept_roles), 'role')} stay.")
            batch.give_up()
            managing = batch.plan_managing(chosen, wanted.settings)
        return self.carry(batch, chosen, managing, wanted)

    def carry(
        self,
        batch: RolloutBatch,
        chosen: list[ManagedAccount],
        managing: Run,
        wanted: OnboardOptions,
    ) -> list[int]:
        """Carry the rollout as far as it goes with what is approved."""
        self.rollouts[batch.rollout.number] = batch.rollout
        may = partial(self.is_approved, batch, wanted)
        self.shown(managing)
        if may(managing):
            managing = batch.apply_managing(managing)
            self.tell(managing)
            if managing.status == Status.OUTDATED:
                return self.planned_again(batch, chosen, wanted)
        if managing.status == Status.HANDED_OFF:
            return [WAITS]
        if managing.status in UNSUCCESSFUL and not reached_account(managing):
            batch.give_up()  # a check that failed says nothing of other accounts
            return [FAILED]
        keys = batch.part(chosen, resumed=wanted.resume)
        plans = self.watched(batch.plan(keys), "Plan", len(keys))
        planned = [self.shown(run) for run in plans]
        ended = [run for run in planned if run.status != Status.PLANNED]
        waiting = [run for run in planned if run.status == Status.PLANNED]
        if not self.whole:
            self.say_changes(waiting)
        approved = [run for run in waiting if may(run)]
        if approved:
            applied = self.watched(batch.apply(approved), "Apply", len(approved))
            for run in applied:
                self.tell(run)
                ended.append(run)
        waiting = [run for run in waiting if run not in approved]
        if waiting or managing.status == Status.PLANNED:
            if wanted.why_not:
                self.warn(f"Not approved: {wanted.why_not}")
            self.digest = batch.digest
            self.say(f"Plan {self.digest} waits for approval.")
            first = managing if managing.status == Status.PLANNED else waiting[0]
            self.say(f"{approve.whom(first, batch.by)} To approve it, run:")
            self.say(f"  {join([*self.next, '--plan', self.digest])}")
        codes = [code(run) for run in (managing, *ended, *waiting)]
        if wanted.approve and (changed := outdated_in(ended)):
            done = [code(run) for run in ended if run.account_id not in changed]
            again = [one for one in chosen if one.pk in changed]
            return [*done, *self.planned_again(batch, again, wanted)]
        for reason in batch.left():
            self.warn(reason)
            codes.append(FAILED)
        return codes

    def planned_again(
        self, batch: RolloutBatch, chosen: list[ManagedAccount], wanted: OnboardOptions
    ) -> list[int]:
        """Plan what AWS changed after it was planned, and approve none of it."""
        self.warn("AWS changed since. What it changed is planned again, not approved.")
        again = replace(wanted, approve=False, resume=False)
        return self.plan_and_apply(batch, chosen, chosen, again)

    def watched(self, runs: Iterator[Run], doing: str, count: int) -> Iterable[Run]:
        """Show on a terminal how many ended, and give them in the order of their
        numbers, as what is printed would break the bar; elsewhere give each at once.
        """
        if not self.stderr.isatty() or count < 2:
            return runs
        bar = click.progressbar(
            runs, length=count, label=doing, file=sys.stderr, show_pos=True
        )
        with bar as ended:
            return sorted(ended, key=lambda run: run.number)

    def accept(self, accounts: list[ManagedAccount], person: User | None) -> None:
        """Accept those that wait, and print why another person must accept some."""
        waiting = ManagedAccount.objects.to_accept()
        for some in in_slices([one.pk for one in accounts]):
            rows = waiting.filter(pk__in=some).order_by("name")
            for one, why in each(accept, rows, person).left:
                self.warn(f"{one.name}: not accepted. {why}")

    def is_approved(
        self, batch: RolloutBatch, wanted: OnboardOptions, run: Run
    ) -> bool:
        """Return whether a plan is to be approved, and may be; if it is to be and may
        not, print why.
        """
        if not wanted.approve or run.status != Status.PLANNED:
            return False
        if wanted.resume and not batch.was_approved(run):
            self.warn(f"{run.account_name}: not approved. {ANOTHER}")
            return False
        return self.may_apply(run, wanted.allowed, batch.by, wanted.test)

    def may_apply(
        self,
        run: Run,
        allowed: list[str] | None,
        person: User | None,
        test: str = "",
    ) -> bool:
        """Return whether a waiting plan may be approved here; if not, print why."""
        reasons = [*filter(None, approve.verdict(run, person))] or [
            *kept_deletions(run, allowed),
            *without_test(run, test),
        ]
        if reasons:
            self.warn(f"{run.account_name}: not approved. {reasons[0]}")
            for reason in reasons[1:]:
                self.warn(f"  {reason}")
        return not reasons

    def shown(self, run: Run) -> Run:
        """Print a plan, or how its run ended where nothing had to change. Accounts have
        a line each: `say_changes` says the rest.
        """
        if run.status == Status.PLANNED:
            in_short = run.account and not self.whole
            self.say(summary(run) if in_short else printed(run, whole=self.whole))
        else:
            self.tell(run)
        return run

    def say_changes(self, waiting: list[Run]) -> None:
        """Print the changes of identical plans once."""
        groups: dict[str, list[Run]] = {}
        for run in sorted(waiting, key=lambda run: run.number):
            groups.setdefault(run.fingerprint or str(run.pk), []).append(run)
        for runs in groups.values():
            self.say(f"Changes in {some_of([run.account_name for run in runs])}:")
            self.say("\n".join(diff_lines(runs[0], whole=False)))
            granted = granted_in(Run.objects.filter(pk__in=[run.pk for run in runs]))
            for one in granted if len(granted) > 1 else ():
                self.say(f"  {one.groups}: {', '.join(one.accounts)}")

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
            if run.account and run.account.is_of_organization:
                whose = "--organization"
            self.say(f"  manage.py handoff {whose} --output DIR")
            return
        if run.status not in UNSUCCESSFUL:
            self.say(f"{run.account_name}: {run.status}")
            return
        error = run.error or {}
        self.warn(f"{run.account_name}: {run.status}: {error.get('message', '')}")
        if error.get("hint"):
            self.warn(f"  {error['hint']}")

    def say(self, text: str) -> None:
        """Print a line for people, unless a program reads the document."""
        if not self.as_json:
            self.stdout.write(text)

    def warn(self, text: str) -> None:
        self.messages.append(text.strip())
        self.stderr.write(text)


def changes_settings(written: AccountsFile) -> bool:
    """Return whether the file describes anything in another way than Bowline has it."""
    described = ManagingAccount.objects.first()
    return (
        described is None
        or differs(written, described)
        or spinnaker_differs(written)
        or any(one.what != SAME for one in compare(written.accounts).accounts)
    )


def content_of(file: Path) -> tuple[bytes, bool]:
    """Return what the file holds, and whether it is CSV."""
    if file == STANDARD_INPUT:
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
        return content, is_csv(content)
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1), file.suffix.lower() == ".csv"
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error}") from error


def refuse_strangers(option: str, names: list[str] | None, known: set[str]) -> None:
    if strangers := sorted({*(names or ())} - known):
        raise CommandError(f"{option}: not in this file: {', '.join(strangers)}.")
