"""docs/reference/command-line.md: every command of manage.py, of its own help."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from accounts.management import commands
from accounts.management.command import EXIT_CODES

APP = "accounts"
DJANGOS = {"changepassword", "createsuperuser", "migrate"}

HEAD = """\
# The command line

Use `manage.py` to do without a browser what the pages do. This page lists every
command; `manage.py COMMAND --help` prints the same.

Run a command in Bowline's folder with `.venv/bin/python manage.py`, or in a container
with `docker compose exec web python manage.py`. The commands use the same database and
the same [settings](settings.md) as the site, and the credentials that
[the AWS variables](settings.md#aws) define. No command needs `SECRET_KEY`. The first
command creates a new SQLite database; for another database, run `manage.py migrate`
first.

## Exit codes

All commands use these codes. If several apply, a failure comes first.

| Code | Meaning |
|---|---|
"""

TAIL = """\
## Other commands

| Command | What it does |
|---|---|
| `version` | prints the version of Bowline |
| `migrate` | creates or updates the tables of the database |
| `createsuperuser` | creates a person with every role |
| `changepassword NAME` | sets a password |
| `axes_reset_ip ADDRESS` | unblocks an address after wrong passwords |
| `axes_reset_username NAME` | unblocks a user name |
"""


def names() -> list[str]:
    """Name Bowline's own commands, and not Django's that do or refuse more here."""
    files = Path(commands.__path__[0]).glob("[!_]*.py")
    return sorted({path.stem for path in files} - DJANGOS)


def commands_reference() -> str:
    """Write the page."""
    parts = (command_reference(name, load_command_class(APP, name)) for name in names())
    codes = "".join(f"| {code} | {what} |\n" for code, what in EXIT_CODES.items())
    return "\n".join((HEAD + codes, *parts, TAIL))


def command_reference(name: str, command: BaseCommand) -> str:
    """Write what a command does, how it is called."""
    theirs = {action.dest for action in of_django()}
    parser = command.create_parser("manage.py", name)
    own = [action for action in parser._actions if action.dest not in theirs]
    given = [called(action) for action in own if not action.option_strings]
    options = ["[OPTION…]"] if any(action.option_strings for action in own) else []
    usage = " ".join(("python manage.py", name, *given, *options))
    says = f"{command.help.removesuffix('.')}."
    text = [f"## {name}", "", says, "", "```text", usage, "```", ""]
    if own:
        text += ["| Argument | What it does |", "|---|---|", *rows(own), ""]
    return "\n".join(text)


def of_django() -> list[argparse.Action]:
    """List the options that every command has."""
    return list(BaseCommand().create_parser("manage.py", "any")._actions)


def rows(actions: Iterable[argparse.Action]) -> Iterator[str]:
    for action in actions:
        spelled = [*action.option_strings]
        if not spelled:
            shown = called(action)
        else:
            values = called(action) if action.nargs != 0 else ""
            shown = ", ".join(f"{one} {values}".strip() for one in spelled)
        said = [" ".join((action.help or "").split())]
        if spelled and action.required:
            said.append("required")
        elif isinstance(action.default, int) and action.nargs != 0:
            said.append(f"{action.default} by default")
        yield f"| `{shown}` | {'; '.join(said)} |"


def called(action: argparse.Action) -> str:
    """Write the values of an argument as a person does: NAME, [NAME], [NAME…]."""
    metavar = action.metavar or action.dest.upper()
    shown = str(metavar[0] if isinstance(metavar, tuple) else metavar)
    by_count = {"*": f"[{shown}…]", "+": f"{shown}…", "?": f"[{shown}]"}
    return by_count.get(str(action.nargs), shown)
