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

from django.contrib.auth.models import User
from django.core.management import CommandError
from django.db import transaction

from accounts.management.command import BowlineCommand, acting_person
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount
from accounts.models.people import Scope
from accounts.runs.owners.hand_offs import NotHandedOff, Subject, hand_out
from accounts.runs.owners.organization import hand_out_sets
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
        parser.add_argument("--by", metavar="USER", help="the person to record")

    def handle(
        self,
        *,
        names: list[str],
        output: Path,
        managing: bool = False,
        organization: bool = False,
        by: str | None = None,
        **_: Any,
    ) -> None:
        person = acting_person(by, Scope.OPERATE)
        if bool(names or managing) == organization:
            raise CommandError(
                "Give the names of accounts or --managing, or else --organization."
            )
        if organization:
            sets = described_sets(person)
            write(output, administrators(sets))
            for many in sets:
                count = counted(len(many.account_ids))
                self.stdout.write(f"{many.name}: {count}, {output / many.name}")
            return
        rows: list[Subject] = [account_named(name) for name in dict.fromkeys(names)]
        rows += [managing_row()] if managing else []
        with transaction.atomic():  # what isn't written isn't recorded
            taken = [described_for(row, person) for row in rows]
        for one in taken:
            folder = output / (one.stack_name if one.of_managing else one.managed.name)
            write(folder, package(one))
            self.stdout.write(f"{one.managed.name}: {folder}, stack {one.stack_name}")


def account_named(name: str) -> ManagedAccount:
    accounts = ManagedAccount.objects.prefetch_related("providers")
    account = accounts.filter(name=name).first()
    if account is None:
        raise CommandError(f"There is no account {name}.")
    return account


def described_for(row: Subject, by: User | None) -> HandOffPackage:
    """Describe what its owner receives; raise CommandError where there is none."""
    if not row.is_handed_off:
        is_managed = isinstance(row, ManagedAccount)
        page = "its access page" if is_managed else "the managing account's page"
        raise CommandError(
            f"Bowline creates the roles of {row.name} itself. Choose on {page} who "
            "creates them."
        )
    return hand_out(row, by)


def described_sets(by: User | None) -> list[ForMany]:
    """Describe the StackSets; raise CommandError where there are none."""
    try:
        return hand_out_sets(by)
    except NotHandedOff:
        raise CommandError(
            "No account of the organization is handed off yet. Plan the accounts and "
            "approve the plans first."
        ) from None


def write(folder: Path, files: Iterable[File]) -> None:
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)
