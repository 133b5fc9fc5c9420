"""`manage.py export`: what is described, as a file that `manage.py onboard` takes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts.management.command import BowlineCommand, write
from accounts.mapping.accounts_file.comparison import Export


class Command(BowlineCommand):
    help = "Export all accounts to a YAML or CSV accounts file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help="a .yaml or .csv file; without it, standard output",
        )
        parser.add_argument(
            "--csv",
            action="store_true",
            help="write CSV, which has no managing account",
        )

    def handle(self, *, file: Path | None, csv: bool, **_: Any) -> None:
        found = Export()
        csv = csv or (file is not None and file.suffix.lower() == ".csv")
        text = found.text(csv=csv)
        for reason in found.excluded:
            self.stderr.write(f"Not in the file: {reason}")
        if file is None:
            self.stdout.write(text, ending="")
            return
        write(file, text)
