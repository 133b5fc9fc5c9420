"""Write docs/reference from the code: the API, the commands, every variable, and the
settings of Spinnaker's services.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from accounts.api.api import api
from accounts.api.authentication import Token
from accounts.api.openapi import Node, changed, untitled
from accounts.api.problems import Code
from accounts.closed_sets import NAME
from accounts.management import commands
from accounts.management.command import EXIT_CODES
from accounts.models.question import SpinnakerReport
from bowline.environment.variables import Environment, Written
from onboarding.spinnaker.services.places import Place, Service
from onboarding.spinnaker.services.rows import ROWS, Row

API_HEAD = """\
# API reference

[The API](api.md) explains how to call it. `/api/v1/docs` in your Bowline shows every
parameter and answer; `/api/v1/openapi.json` has the same for programs.
`script/reference` writes this page from the code.

## Operations

Generated clients call an operation by its name. A name, a path and the required scope
stay as they are in `/api/v1`.
"""

CODES = """\
## Problem codes

The `code` of a problem says what kind it is. Programs compare the code; the sentence in
`detail` is for people and may change. Treat a code that you do not know as its status:
later releases have more.
"""


def api_reference() -> str:
    return "\n".join([API_HEAD, *operations(), CODES, *codes()])


def operations() -> Iterator[str]:
    scopes = scopes_by_name()
    rows: dict[str, list[str]] = {}
    for path, methods in api.get_openapi_schema()["paths"].items():
        short = path.removeprefix("/api/v1")
        for method, said in methods.items():
            name = said["operationId"]
            rows.setdefault(said["tags"][0], []).append(
                f"| `{name}` | `{method.upper()} {short}` | `{scopes[name]}` | "
                f"{said['summary']} |"
            )
    for tag, lines in rows.items():
        yield f"### {tag}\n\n| Name | Request | Scope | |\n|---|---|---|---|"
        yield "\n".join(lines) + "\n"


def scopes_by_name() -> dict[str, str]:
    return {
        operation.view_func.__name__: str(auth.scope)
        for router in api._get_bound_routers()
        for path in router.path_operations.values()
        for operation in path.operations
        for auth in operation.auth_callbacks
        if isinstance(auth, Token)
    }


def codes() -> Iterator[str]:
    for code in Code:
        phrase = HTTPStatus(code.status).phrase
        yield f"### {code}\n\n{code.status} {phrase}. {code.meaning}\n"


def adopt_schema() -> str:
    """Describe the report on a Spinnaker as a JSON Schema."""
    described = changed(SpinnakerReport.model_json_schema(), plain)
    parts = described.pop("$defs")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The report of `manage.py adopt --json`",
        **described,
        "$defs": parts,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def plain(node: Node) -> Node:
    return {key: one for key, one in untitled(node).items() if key != NAME}


APP = "accounts"
DJANGOS = {"changepassword", "createsuperuser", "migrate"}

COMMANDS_HEAD = """\
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
    return "\n".join((COMMANDS_HEAD + codes, *parts, TAIL))


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
        said = [" ".join((action.help or "").split()) % vars(action)]
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


ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
EXAMPLE = ROOT / ".env.example"
GROUP = re.compile(r"# === (\w+): (.+) ===")
ASSIGNED = re.compile(r"(?:# )?([A-Z][A-Z0-9_]*)=(.*)")
DEFAULT = re.compile(r"\s*Default: (.+)\Z", re.DOTALL)
FOR_EXAMPLE = re.compile(r"\s*Example:\Z")
NOT_CODE = re.compile(r"(`[^`]*`)")
PAGE = re.compile(r"docs/[\w/-]+\.md")
OF_SEVERAL_PARTS = re.compile(r"\b[A-Z0-9]+(?:_[A-Z0-9]+)+\b")

SETTINGS_HEAD = """\
# Settings

Configure Bowline with environment variables. Administrators of Bowline's host use this
page to look up a variable.

docker-compose reads the variables from the file `.env`: copy `.env.example` and edit
it, with `$` or `#` only in single quotes. After a change, run
`docker compose up --detach`; `docker compose restart` keeps the old values. On
Kubernetes, see [Change a setting](../install/kubernetes.md#change-a-setting). All
processes have the same values, and an invalid one stops them. Empty means the default.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable as .env.example shows it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one comment of .env.example is about."""

    section: str
    text: str
    settings: tuple[Setting, ...]
    group: str = ""
    """How many installations set it: a heading above sections, with its sentence."""


def entries(example: str) -> Iterator[Entry]:
    """Read .env.example: each comment with the variables below it."""
    section, comment, settings = "", list[str](), list[Setting]()
    group = ""
    for line in [*example.splitlines(), ""]:
        found = ASSIGNED.fullmatch(line)
        if settings and not found:
            yield Entry(section, " ".join(comment), tuple(settings), group)
            comment, settings = [], []
        if found:
            settings.append(Setting(found[1], found[2]))
        elif named := GROUP.fullmatch(line):
            group, comment = f"**{named[1]}.** {named[2]}", []
        elif line.startswith("## "):
            section, comment = line.removeprefix("## "), []
        elif line.startswith("# "):
            comment.append(line.removeprefix("# "))
        else:
            comment = []


def settings_reference() -> str:
    """Write the page."""
    described = list(entries(EXAMPLE.read_text()))
    known = {setting.name for entry in described for setting in entry.settings}
    parts = [SETTINGS_HEAD, index(described)]
    section = ""
    for entry in described:
        if entry.section != section:
            section = entry.section
            parts.append(f"## {section}\n")
        parts.append(written(entry, known))
    return "\n".join(parts)


def index(described: list[Entry]) -> str:
    """List all variables by group and section, each with a link."""
    groups: dict[str, dict[str, list[str]]] = {}
    for entry in described:
        anchor = "-".join(setting.name.lower() for setting in entry.settings)
        links = [f"[`{setting.name}`](#{anchor})" for setting in entry.settings]
        sections = groups.setdefault(entry.group, {})
        sections.setdefault(entry.section, []).extend(links)
    lines = []
    for group, sections in groups.items():
        lines += [group, "", "| Section | Variables |", "|---|---|"]
        lines += [f"| {name} | {', '.join(of)} |" for name, of in sections.items()]
        lines.append("")
    return "\n".join(lines)


def written(entry: Entry, known: set[str]) -> str:
    """Write what a comment says, and of each of its variables what it may be."""
    text = FOR_EXAMPLE.sub("", entry.text)
    of_text = ""
    if found := DEFAULT.search(text):
        # What follows the sentence is no part of the default.
        text = text[: found.start()]
        of_text = found[1].removesuffix(".")
    heading = ", ".join(f"`{setting.name}`" for setting in entry.settings)
    lines = [f"- {facts(setting, entry, of_text, known)}" for setting in entry.settings]
    return f"### {heading}\n\n{marked(text, known)}\n\n" + "\n".join(lines) + "\n"


def facts(setting: Setting, entry: Entry, of_text: str, known: set[str]) -> str:
    """Say the default of a variable, and what it may be."""
    if FOR_EXAMPLE.search(entry.text):
        default = f"none. Example: `{setting.value}`"
    elif of_text:
        default = marked(of_text, known)
    else:
        default = f"`{setting.value}`" if setting.value else "none"
    said = f"Default: {default}."
    if len(entry.settings) > 1:
        said = f"`{setting.name}`: {said[0].lower()}{said[1:]}"
    values = values_of(setting.name)
    return f"{said} Value: {values}." if values else said


def values_of(name: str) -> str:
    """Say how a value is written, where that isn't any text."""
    metadata = getattr(Environment.model_fields.get(name), "metadata", ())
    return "".join(one.says for one in metadata if isinstance(one, Written))


def marked(text: str, known: set[str]) -> str:
    """Write names of variables as code, and pages of docs/ as links.

    A name of one part, such as SAML, is also a word: it is code where it is marked.
    """

    def name(found: re.Match[str]) -> str:
        return f"`{found[0]}`" if found[0] in known else found[0]

    parts = NOT_CODE.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = PAGE.sub(linked, OF_SEVERAL_PARTS.sub(name, parts[index]))
    return "".join(parts)


def linked(page: re.Match[str]) -> str:
    """Name a page by its title."""
    path = ROOT / page[0]
    title = path.read_text().partition("\n")[0].removeprefix("# ")
    return f"[{title}]({os.path.relpath(path, FOLDER)})"


SERVICES_HEAD = """\
# Service settings

Accounts that Spinnaker can assume aren't enough: deployments also need settings of its
services. Bowline computes them from your accounts, and bundles and deliveries place
them. `script/reference` writes this page from the code.

| Column | Meaning |
|---|---|
| Halyard, Operator | “profile”: the bundle has it in a profile. \
“config”: in Halyard's config, of which Halyard makes the service's file |
| kustomize | “mounted”: the component mounts a file with it. \
“by hand”: Deck reads one file only, so add the component's file to yours once |
| Own files | “file”: the bundle has the service's file, which you copy to the service |
| Deliveries | “once”: the page **Connection** has the service's file, which you add \
once. “offered”: as a comment in it, if you need it |

A cell with “–” needs nothing: Halyard writes it itself, or the setting isn't for that
way. The bake account is the account that you choose as the owner of images on the
managing account's page. Otherwise, it is the account of Spinnaker's identity, or, if
that isn't onboarded, an account that Bowline proposes. In the last case, Halyard and
the operator keep the primary account of their config, which may not be Bowline's.
"""


def services_reference() -> str:
    return "\n".join([SERVICES_HEAD, *map(service_table, Service)])


def service_table(service: Service) -> str:
    lines = [
        f"## {service.title()}",
        "",
        "| Setting | Value | Why | Without it | Since | Halyard | Operator | kustomize "
        "| Own files | Deliveries |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        if row.service is service:
            places = " | ".join(placed_in(row))
            lines.append(
                f"| `{row.key}` | {row.is_what} | {row.why} | {row.without} | "
                f"{row.since or 'all'} | {places} |"
            )
    return "\n".join(lines) + "\n"


def placed_in(row: Row) -> Iterator[str]:
    """Say how each format places a setting."""
    config = "config" if Place.HALCONFIG in row.places else "–"
    for place in (Place.HALYARD, Place.OPERATOR):
        yield "profile" if place in row.places else config
    mounted = "by hand" if row.service is Service.DECK else "mounted"
    yield mounted if Place.KUSTOMIZE in row.places else "–"
    yield "file" if Place.FILES in row.places else "–"
    once = "offered" if row.is_offered else "once"
    yield once if Place.DELIVERIES in row.places else "–"


DOCS = Path(__file__).parents[1] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "adopt.schema.json": adopt_schema,
    "reference/api-reference.md": api_reference,
    "reference/command-line.md": commands_reference,
    "reference/service-settings.md": services_reference,
    "reference/settings.md": settings_reference,
}


def main() -> None:
    for name, written in PAGES.items():
        (DOCS / name).write_text(written())
        print(f"docs/{name}")
