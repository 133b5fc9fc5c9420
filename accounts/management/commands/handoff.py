"""`manage.py handoff NAME… --output DIR`: write what the owners of accounts receive.
With `--managing`, also what the owner of the managing account does.

With `--organization`, write what the organization's administrator receives: a folder
for each StackSet, with all accounts that are handed off.

Nothing in AWS changes. Where an account cannot be handed off, nothing is written.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from accounts.management.command import BowlineCommand
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount
from accounts.runs.owners.hand_offs import Subject, hand_off_for
from accounts.runs.owners.organization import sets_of_accounts
from accounts.wording import counted
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.organization import ForMany
from onboarding.handoff.organization import package as administrators
from onboarding.handoff.words import package
from onboarding.spinnaker.bundle.archive import File


class Command(BowlineCommand):
    help = "Write the files for the owners of accounts, a folder for each account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="the name of an account"
        )
        parser.add_argument(
            "--managing", action="store_true", help="also the managing account's"
        )
        parser.add_argument(
            "--organization",
            action="store_true",
            help="the StackSets of all accounts whose roles the organization creates",
        )
        parser.add_argument(
            "--output", required=True, type=Path, metavar="DIR", help="where to write"
        )

    def handle(
        self,
        *,
        names: list[str],
        output: Path,
        managing: bool = False,
        organization: bool = False,
        **_: Any,
    ) -> None:
        if bool(names or managing) == organization:
            raise CommandError(
                "Give the names of accounts or --managing, or else --organization."
            )
        if organization:
            sets = described_sets()
            write(output, administrators(sets))
            for many in sets:
                count = counted(len(many.account_ids))
                self.stdout.write(f"{many.name}: {count}, {output / many.name}")
            return
        rows: list[Subject] = [account_named(name) for name in dict.fromkeys(names)]
        rows += [managing_row()] if managing else []
        for one in [described_for(row) for row in rows]:
            folder = output / (one.stack_name if one.of_managing else one.managed.name)
            write(folder, package(one))
            self.stdout.write(f"{one.managed.name}: {folder}, stack {one.stack_name}")


def account_named(name: str) -> ManagedAccount:
    accounts = ManagedAccount.objects.prefetch_related("providers")
    account = accounts.filter(name=name).first()
    if account is None:
        raise CommandError(f"There is no account {name}.")
    return account


def described_for(row: Subject) -> HandOffPackage:
    """Describe what its owner receives; raise CommandError where there is none."""
    if not row.is_handed_off:
        is_managed = isinstance(row, ManagedAccount)
        page = "its access page" if is_managed else "the managing account's page"
        raise CommandError(
            f"Bowline creates the roles of {row.name} itself. Choose on {page} who "
            "creates them."
        )
    return hand_off_for(row)


def described_sets() -> list[ForMany]:
    """Describe the StackSets; raise CommandError where there are none."""
    sets = sets_of_accounts()
    if not sets:
        raise CommandError(
            "No account of the organization is handed off yet. Plan the accounts and "
            "approve the plans first."
        )
    return sets


def write(folder: Path, files: Iterable[File]) -> None:
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)
