"""What all commands of Bowline have in common: tables, hints, exit codes, who
is recorded.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.api.authentication import why_not
from accounts.decisions.many import REFUSALS
from accounts.models.people import Scope
from accounts.people.activity import standard_output_kept, tries_recorded
from accounts.people.roles import has_role, refusal
from accounts.spinnaker.bundles import Twins
from accounts.tokens.api_tokens import ROLES, find, note_use
from onboarding import VERSION
from onboarding.delivery.transport import GateError

DONE, FAILED, PLANNED, WAITS = range(4)

EXIT_CODES = {
    DONE: "nothing to do, or all done",
    FAILED: "something failed or was rejected; see standard error",
    PLANNED: "something is planned and waits for approval",
    WAITS: "something waits for an owner, who creates the roles",
}


def combined(codes: Iterable[int]) -> int:
    """Return how a command ends whose parts ended so: what failed comes first."""
    codes = list(codes)
    return FAILED if FAILED in codes else max(codes, default=DONE)


TOKEN = "BOWLINE_TOKEN"


def named_person(name: str | None) -> User | None:
    if not name:
        return None
    person = User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"--by: Bowline has no user {name}.")
    if not person.is_active:
        raise CommandError(f"--by: {name} is deactivated.")
    return person


def acting_person(name: str | None, scope: Scope) -> User | None:
    """Find who acts: the person of the API token in the environment, which must have
    the scope; else whoever is named, which anybody can claim who writes the database.
    """
    text = os.environ.get(TOKEN)
    if not text:
        return named_person(name)
    token = find(text)
    if token is None:
        raise CommandError(f"{TOKEN}: the token isn't valid.")
    if reason := why_not(token):
        raise CommandError(f"{TOKEN}: {reason}")
    if scope not in token.scopes:
        raise CommandError(f"{TOKEN}: the token {token} needs the scope {scope}.")
    if not has_role(token.person, ROLES[scope]):
        raise CommandError(f"{TOKEN}: {refusal(ROLES[scope])}")
    if name and name != token.person.get_username():
        raise CommandError(f"--by: the token in {TOKEN} isn't {name}'s.")
    note_use(token)
    return token.person


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def migrate_if_new(say: Callable[[str], None]) -> None:
    """Create the tables in an empty SQLite file.

    Raise CommandError if another database does not have them: it may be in use.
    """
    if is_migrated():
        return
    if connection.vendor != "sqlite" or connection.introspection.table_names():
        raise CommandError(
            "The database doesn't have the tables of this version of Bowline: run "
            "`python manage.py migrate` first."
        )
    say(f"Creating the tables of a new database, {connection.settings_dict['NAME']}.")
    call_command("migrate", verbosity=0, interactive=False)


STATES = logging.getLogger("accounts.models.states")
"""It has a line for each change of a state, for whoever reads the log of a site."""


class BowlineCommand(BaseCommand):
    """Works on a fresh clone: with no key, and with an empty database."""

    requires_migrations_checks = True

    def get_version(self) -> str:
        return f"Bowline {VERSION}"

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


def write(path: Path, text: str | bytes, *, mode: Literal["w", "x"] = "w") -> None:
    """Write a file as it is; `x`: a new one only."""
    content = text.encode() if isinstance(text, str) else text
    try:
        with path.open(f"{mode}b") as file:
            file.write(content)
    except FileExistsError:
        raise CommandError(f"{path} exists, and isn't overwritten.") from None
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error}") from error
