"""`manage.py handoff NAME… --output DIR`: write what the owners of accounts receive.

Nothing in AWS changes. Exit codes: 0 everything was written, 1 an account cannot be
handed off; nothing is written then.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.migrated import migrate_if_new
from accounts.models import ManagedAccount
from accounts.runs.owners.readiness import NOT_READY, hand_off_now
from onboarding.handoff.hand_off import HandOff
from onboarding.handoff.words import package


class Command(BaseCommand):
    help = "Write the files for the owners of accounts, a folder for each account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="+", metavar="NAME", help="the name of an account"
        )
        parser.add_argument(
            "--output", required=True, type=Path, metavar="DIR", help="where to write"
        )

    def handle(self, *, names: list[str], output: Path, **_: Any) -> None:
        migrate_if_new(self.stderr.write)
        described = [described_for(name) for name in dict.fromkeys(names)]
        for one in described:
            folder = output / one.managed.name
            for file in package(one):
                path = folder / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content)
                path.chmod(0o755 if file.executable else 0o644)
            self.stdout.write(f"{one.managed.name}: {folder}, stack {one.stack_name}")


def described_for(name: str) -> HandOff:
    """Describe an account's hand-off; raise CommandError where there is none."""
    accounts = ManagedAccount.objects.prefetch_related("providers")
    account = accounts.filter(name=name).first()
    if account is None:
        raise CommandError(f"There is no account {name}.")
    if not account.is_handed_off:
        raise CommandError(
            f"Bowline creates the roles of {name} itself. Choose on its access page "
            "who creates them."
        )
    try:
        return hand_off_now(account)
    except NOT_READY as error:
        raise CommandError(str(error)) from error
