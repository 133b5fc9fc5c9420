"""What all commands of Bowline have in common: tables, hints, where lines go, files."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from accounts.decisions.many import REFUSALS
from accounts.management.exit_codes import FAILED
from accounts.management.migrated import migrate_if_new
from accounts.people.activity import standard_output_kept
from accounts.people.tries import tries_recorded
from accounts.spinnaker.bundles import Twins
from onboarding.delivery.errors import GateError

STATES = logging.getLogger("accounts.models.states")
"""It has a line for each change of a state, for whoever reads the log of a site."""


class BowlineCommand(BaseCommand):
    """Works on a fresh clone: with no key, and with an empty database."""

    requires_migrations_checks = True

    def check_migrations(self) -> None:
        """Make the tables, where Django's own only warns that there are none."""
        migrate_if_new(self.stderr.write)

    def create_parser(
        self, prog_name: str, subcommand: str, **options: Any
    ) -> CommandParser:
        """Let a mistake be raised: argparse would end with 2, which is a plan's."""
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        parser = self.create_parser(argv[0], argv[1])
        try:
            parser.parse_args(argv[2:])
        except CommandError as error:
            listed = f"See {parser.prog} --help."
            self.stderr.write(" ".join((f"{error}.", *meant(parser, argv[2:]), listed)))
            sys.exit(FAILED)
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Let a refusal end it as an error does, in the same words; and leave it to the
        command to say what a person reads of states.
        """
        level = STATES.level
        if options["verbosity"] < 2:
            STATES.setLevel(logging.WARNING)
        with standard_output_kept(), tries_recorded():
            try:
                return super().execute(*args, **options)
            except (*REFUSALS, GateError, Twins) as error:
                raise CommandError(str(error)) from error
            finally:
                STATES.setLevel(level)


def meant(parser: CommandParser, words: list[str]) -> Iterator[str]:
    """Ask for each unknown option whether the nearest one was meant."""
    known = list(parser._option_string_actions)
    for word in (word.partition("=")[0] for word in words):
        if word.startswith("--") and not any(one.startswith(word) for one in known):
            for near in get_close_matches(word, known, 1):
                yield f"Did you mean {near}?"


def write(path: Path, text: str, *, mode: Literal["w", "x"] = "w") -> None:
    """Write a file as it is; `x`: a new one only."""
    try:
        with path.open(mode, newline="") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(f"{path} exists, and isn't overwritten.") from None
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error}") from error
