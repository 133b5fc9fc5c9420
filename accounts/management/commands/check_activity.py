"""`manage.py check_activity [HASH]`: check that nobody changed the activity log.

Each process that writes an entry logs its hash: give the newest logged hash to detect a
log whose end was removed, too.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from accounts.management.command import FAILED, BowlineCommand
from accounts.models import Activity
from accounts.people.activity import first_broken


class Command(BowlineCommand):
    help = "Check the hash chain of the activity log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "hash",
            nargs="?",
            help="the hash of an entry that must exist: the newest that was logged, "
            "to detect a log whose end was removed",
        )

    def handle(self, *, hash: str | None, **_: Any) -> None:
        if trouble := first_broken() or missing(hash):
            self.stderr.write(trouble)
            sys.exit(FAILED)
        last = Activity.objects.first()
        if last is None:
            self.stdout.write("The activity log is empty.")
            return
        self.stdout.write(
            f"All {last.number:,} entries are unchanged. The last one is from "
            f"{last.at:%-d %B %Y at %H:%M:%S} UTC, with the hash {last.hash}."
        )


def missing(hash: str | None) -> str:
    if hash is None or Activity.objects.filter(hash=hash).exists():
        return ""
    return (
        f"No entry has the hash {hash}: it was removed from the end of the log, or "
        "was never in this database."
    )
