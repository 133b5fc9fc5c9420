"""The settings of an installation, as one format places them, and their texts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.bake_account import bake_account, deploying
from onboarding.spinnaker.services.places import Place, Service
from onboarding.spinnaker.services.rows import ROWS, Wanted
from onboarding.spinnaker.yaml_text import Value, block, comment_lines, key_text
from onboarding.topology import Managing

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Setting:
    """What a service is configured with, and why."""

    service: Service
    key: str
    """Its path, with dots."""
    value: Value
    why: str = ""
    is_offered: bool = False
    """Written as a comment, for whoever needs it."""


def settings(
    managing: Managing,
    entries: Entries,
    place: Place,
    *,
    period: int = 30,
    token: bool = False,
) -> tuple[Setting, ...]:
    """Compute what this format is to place."""
    deployed = deploying(entries)
    wanted = Wanted(
        place=place,
        managing=managing,
        entries=entries,
        bake=bake_account(managing, entries),
        plain=tuple(one.name for one in deployed if not one.launch_templates),
        period=period,
        token=token,
    )
    found = ((row, row.value(wanted)) for row in ROWS if place in row.places)
    return tuple(
        Setting(row.service, row.key, value, row.why, row.is_offered)
        for row, value in found
        if value is not None
    )


def of(service: Service, known: Iterable[Setting], *keys: str) -> list[Setting]:
    """Return a service's settings; with keys, only those that begin with one."""
    return [
        one
        for one in known
        if one.service is service and (not keys or one.key.partition(".")[0] in keys)
    ]


Tree = dict[str, Any]
"""Each key's subtree, or the settings of that key."""


def tree(known: Iterable[Setting]) -> Tree:
    root: Tree = {}
    for one in known:
        *above, last = one.key.split(".")
        place = root
        for name in above:
            place = place.setdefault(name, {})
        place.setdefault(last, []).append(one)
    return root


def nested(known: Iterable[Setting]) -> dict[str, Any]:
    """Return the settings as the mapping that a service reads."""

    def plain(part: Tree) -> dict[str, Any]:
        return {
            name: plain(item) if isinstance(item, dict) else item[0].value
            for name, item in part.items()
        }

    return plain(tree(known))


def spring(known: Iterable[Setting]) -> list[str]:
    """Write the lines of a file of Spring's: each value below its reason, which is
    said once for values that follow each other.
    """
    found: list[str] = []
    put_settings(tree(known), 0, "", found)
    return found


def put_settings(part: Tree, indent: int, said: str, found: list[str]) -> str:
    """Add the lines of a subtree; return the reason that was said last."""
    pad = " " * indent
    for name, item in part.items():
        if isinstance(item, dict):
            found.append(f"{pad}{key_text(name)}:")
            said = put_settings(item, indent + 2, said, found)
            continue
        for one in item:
            if one.why not in ("", said):
                why = wrap(one.why, WIDTH - indent - 2)
                found += [f"{pad}# {line}" for line in why]
            said = one.why
            mark = "# " if one.is_offered else ""
            found += [f"{pad}{mark}{line}" for line in block({name: one.value})]
    return said


def profile(known: Iterable[Setting], *, comment: str = "") -> str:
    """Write a whole file of Spring's; empty where there is nothing to say."""
    text = spring(known)
    return "\n".join((*comment_lines(comment), *text)) + "\n" if text else ""


HEAD = """\
// Deck reads this after its own settings.js. Written by Bowline.
(function (settings) {
  // Sets one value and keeps those next to it.
  function set(path, value) {
    var names = path.split(".");
    var last = names.pop();
    var place = names.reduce(function (parent, name) {
      parent[name] = parent[name] || {};
      return parent[name];
    }, settings);
    place[last] = value;
  }
"""
TAIL = "})((window.spinnakerSettings = window.spinnakerSettings || {}));\n"


def settings_js(known: Iterable[Setting]) -> str:
    """Write Deck's file, which can follow a person's own settings."""
    text, said = "", ""
    for one in of(Service.DECK, known):
        if one.why != said:
            text += f"  // {one.why}\n"
        said = one.why
        text += f"  set({json.dumps(one.key)}, {json.dumps(one.value)});\n"
    return HEAD + text + TAIL if text else ""


def file_of(service: Service, known: Iterable[Setting]) -> str:
    """Write a service's file of its settings alone; empty without any."""
    if service is Service.DECK:
        return settings_js(known)
    return profile(of(service, known))
