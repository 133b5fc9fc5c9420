"""JCommander 1.81 as hal uses it: separator “=”, greedy lists, nested commands.

The commands and flags are in tests/data/hal_commands.json, taken from Halyard's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

COMMANDS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "hal_commands.json").read_text()
)
OF_HAL_ALONE = {"--docs", "--print-bash-completion", "--ready", "--version", "-v"}
GLOBAL = {
    name: flag
    for name, flag in COMMANDS["hal"]["flags"].items()
    if name not in OF_HAL_ALONE
}


class Misread(Exception):
    """What JCommander refuses, in its words; hal then ends with 1."""


class Parsed(NamedTuple):
    path: str
    account: str | None
    flags: dict[str, Any]


def parse(words: list[str]) -> Parsed:
    expanded: list[str] = []
    for word in words:
        if word.startswith("@"):
            try:
                lines = Path(word[1:]).read_text().splitlines()
            except OSError:
                raise Misread(f"Could not read file {word[1:]}") from None
            expanded += [x for x in lines if x.strip() and not x.startswith("#")]
        else:
            expanded.append(word)
    return parse_at("hal", expanded, {})


def parse_at(path: str, words: list[str], seen: dict[str, Any]) -> Parsed:
    command = COMMANDS[path]
    known = {**GLOBAL, **command["flags"]}

    def is_flag(word: str) -> bool:
        return word.startswith(tuple(known))

    tokens: list[str] = []
    for word in words:
        tokens += word.split("=", 1) if is_flag(word) else [word]
    flags = dict(seen)
    account: str | None = None
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if is_flag(token):
            if token not in known:
                raise Misread(f"Unknown option: {token}")
            at = take(known, token, tokens, at, flags, is_flag)
        elif "commands" in command:
            if token not in command["commands"]:
                raise Misread(f"Expected a command, got {token}")
            require(known, flags)
            return parse_at(f"{path} {token}", tokens[at:], flags)
        elif not command.get("account"):
            raise Misread(f"Was passed main parameter '{token}' but none was defined")
        elif account is not None:
            raise Misread(
                f"Only one main parameter allowed but found several: "
                f'"{account}" and "{token}"'
            )
        else:
            account = token.strip('"')
    require(known, flags)
    return Parsed(path, account, flags)


def take(
    known: dict[str, Any],
    token: str,
    tokens: list[str],
    at: int,
    flags: dict[str, Any],
    is_flag: Any,
) -> int:
    """Read the flag's values; return where the next word stands."""
    kind = known[token]["kind"]
    name = known[token].get("of", token)
    if kind.startswith("greedy"):
        values = []
        while at < len(tokens) and not is_flag(tokens[at]):
            # A list is split at commas, as Java does it; a set is not.
            parts = tokens[at].rstrip(",").split(",")
            values += parts if kind == "greedy list" else [tokens[at]]
            at += 1
        if not values:
            raise Misread(f"Expected a value after parameter {token}")
        flags.setdefault(name, []).extend(values)
        return at
    if name in flags:
        raise Misread(f"Can only specify option {token} once.")
    if kind == "toggle":
        flags[name] = True
        return at
    if at >= len(tokens):
        raise Misread(f"Expected a value after parameter {token}")
    value: Any = tokens[at]
    if kind == "boolean":
        if value.lower() not in {"true", "false"}:
            raise Misread(f'"{token}": couldn\'t convert "{value}" to a boolean')
        value = value.lower() == "true"
    if kind == "integer":
        value = int(value)
    flags[name] = value
    return at + 1


def require(known: dict[str, Any], flags: dict[str, Any]) -> None:
    if {"--help", "--output", "--options"} & set(flags):
        return
    missing = [
        n for n, flag in known.items() if flag.get("required") and n not in flags
    ]
    if missing:
        raise Misread(f"The following option is required: {', '.join(missing)}")
