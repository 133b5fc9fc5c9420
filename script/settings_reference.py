"""docs/reference/settings.md: every setting, of .env.example and of how it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bowline.environment.values import Written
from bowline.environment.variables import Environment

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

HEAD = """\
# Settings

Configure Bowline with environment variables. Administrators of Bowline's host use this
page to look up a variable.

docker-compose reads the variables from the file `.env`: copy `.env.example` and edit
it. On Kubernetes, they are in a ConfigMap and a Secret
([Install on Kubernetes](../install/kubernetes.md)). Every process must have the same
values. Restart the site and its workers after a change. An invalid value stops the
process, and the message shows why. An empty value means the default.
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
    parts = [HEAD, index(described)]
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
