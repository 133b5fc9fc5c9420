"""`manage.py merge_halconfig CONFIG --bundle N --out CONFIG.new`: no hal call at all.

Where names collide, it fails and writes nothing.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from accounts.management.command import FAILED, BowlineCommand
from accounts.models import Bundle
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.spinnaker.bundle.contents import BadArchive, accounts_in
from onboarding.spinnaker.halconfig.merged import STEPS, UNDO, diff, fields
from onboarding.spinnaker.halconfig.merging import ADDED, Merged, merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig


class Command(BowlineCommand):
    help = "Merge a bundle's accounts into a Halyard config without calling hal"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "config", type=Path, help=("the Halyard config, ~/.hal/config")
        )
        parser.add_argument(
            "--bundle", type=int, required=True, metavar="N", help="the bundle's number"
        )
        parser.add_argument(
            "--out", type=Path, required=True, help="a new file for the merged config"
        )
        parser.add_argument(
            "--folder",
            type=Path,
            help="the folder of the bundle on hal's host; required for clusters",
        )
        parser.add_argument(
            "--deployment",
            default="",
            help="the deployment; by default the current one",
        )
        parser.add_argument(
            "--take-over",
            nargs="+",
            default=[],
            metavar="NAME",
            help="replace the config's accounts of these names",
        )
        parser.add_argument(
            "--leave",
            nargs="+",
            default=[],
            metavar="NAME",
            help="keep the config's accounts of these names",
        )

    def handle(self, *, config: Path, out: Path, **options: Any) -> None:
        try:
            with config.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            merged = self.merged(content, **options)
        except (BadArchive, BadHalconfig) as error:
            raise CommandError(f"{config} can't be merged. {error}") from None
        except OSError as error:
            raise CommandError(f"{config} can't be read: {error}") from error
        excluded = [one for one in merged.collisions if not one.is_taken_over]
        open_ = [one for one in excluded if one.name not in options["leave"]]
        for collision in excluded:
            self.stderr.write(f"{collision.name} isn't included. {collision.reason}")
        for note in (*merged.mistakes, *merged.notes):
            self.stderr.write(note)
        if open_:
            names = " ".join(one.name for one in open_)
            self.stderr.write(
                f"Nothing is written. Choose for each name: --leave {names} keeps "
                "the config's account, --take-over NAME… replaces it with the "
                "bundle's if both have the same provider."
            )
            sys.exit(FAILED)
        self.write(merged, out)

    def merged(
        self,
        content: bytes,
        *,
        bundle: int,
        folder: Path | None,
        deployment: str,
        take_over: list[str],
        **_: Any,
    ) -> Merged:
        try:
            found = Bundle.objects.built().get(number=bundle)
        except Bundle.DoesNotExist:
            raise CommandError(f"There is no bundle {bundle} that is ready.") from None
        accounts = accounts_in(found.archive)
        if accounts.kubernetes and not (folder and folder.is_absolute()):
            raise CommandError(
                "The bundle contains clusters, so hal needs the path of their "
                "kubeconfigs: set --folder to the absolute path of the bundle on hal's "
                "host."
            )
        accounts = accounts.placed(str(folder))
        return merge(
            read_halconfig(content),
            accounts,
            take_over=take_over,
            deployment=deployment,
        )

    def write(self, merged: Merged, out: Path) -> None:
        """Write a new file that only its owner can read, and print what is in it."""
        try:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(merged.text)
        except FileExistsError:
            raise CommandError(f"{out} already exists. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"{out} can't be written: {error}") from error
        for change in merged.changes:
            if change.done != ADDED:
                name = change.name or "settings"
                what = ", ".join(fields(change))
                self.stdout.write(f"{change.provider} {name}: {change.done} ({what})")
                for line in diff(change):
                    self.stdout.write(f"   {line}")
        counts = Counter(c.provider for c in merged.changes if c.done == ADDED)
        for provider, count in counts.items():
            self.stdout.write(f"{provider}: {count:,} added")
        if not merged.changes:
            self.stdout.write(
                "Nothing to change: the config already has these accounts."
            )
        self.stdout.write(f"\n{out} is written. Then:\n")
        for number, step in enumerate(STEPS, 1):
            line = step.line.replace("config.new", str(out))
            self.stdout.write(f"{number}. {step.says}\n   {line}")
        self.stdout.write(f"{UNDO.says}\n   {UNDO.line}")
