"""Read YAML with its lines: texts as they are written, and every problem collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from onboarding.bounded_yaml import MOST_BYTES
from onboarding.names import short

MOST_PROBLEMS = 1_000
"""More than anybody reads; reading stops at this number."""
LONGEST = 2_048
"""Characters of a text; the longest ARN has about 600."""
MOST_ACCOUNTS = 10_000
TOO_MANY = (
    f"The file has more than {MOST_ACCOUNTS:,} accounts. Split it into several files."
)
TOO_LARGE = f"The file has more than {MOST_BYTES:,} bytes. Split it into several files."
REFUSED = "refused"
"""The tag of a node whose problem is noted already."""
NULL, INTEGER = "tag:yaml.org,2002:null", "tag:yaml.org,2002:int"
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,15})", re.ASCII)


class Problem(NamedTuple):
    line: int
    message: str


class FileProblems(ValueError):
    """The file cannot be used; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{p.line}: {p.message}" for p in self.problems))


@dataclass(slots=True)
class Reader:
    """Collects problems while the parts are read, so that all are shown at once."""

    problems: list[Problem] = field(default_factory=list)

    def wrong(self, node: yaml.Node, message: str) -> None:
        """Note a problem; raise FileProblems once there are as many as are shown."""
        self.problems.append(Problem(node.start_mark.line + 1, message))
        if len(self.problems) >= MOST_PROBLEMS:
            raise FileProblems(self.problems)

    def mapping(
        self, node: yaml.Node, what: str, known: Iterable[str]
    ) -> dict[str, yaml.Node]:
        """Read a mapping's values by key; unknown and repeated keys are problems."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} must be a mapping of keys to values.")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                self.wrong(
                    key,
                    f"{what} has no key “{short(name)}”; it knows {', '.join(known)}.",
                )
            elif name in found:
                self.wrong(key, f"{what} has “{name}” twice.")
            found[name] = value
        return found

    def checked(
        self, parts: Mapping[str, yaml.Node], key: str, rule: Callable[[str], str]
    ) -> str:
        """Read a text through a rule that raises ValueError; absent gives empty."""
        if key not in parts:
            return ""
        try:
            return rule(text_of(parts[key]))
        except ValueError as error:
            self.wrong(parts[key], f"{key}: {error}")
            return ""

    def value(
        self, parts: Mapping[str, yaml.Node], key: str, rule: Callable[[Any], Any]
    ) -> Any:
        """Read JSON, whole numbers as such, through a rule that raises ValueError."""
        if key not in parts:
            return None
        try:
            return rule(as_json(parts[key], numbers=True))
        except ValueError as error:
            self.wrong(parts[key], f"{key}: {error}")
            return None

    def needed(
        self,
        node: yaml.Node,
        parts: Mapping[str, yaml.Node],
        key: str,
        rule: Callable[[str], str] = str,
    ) -> str:
        if key not in parts:
            self.wrong(node, f"“{key}” is missing here.")
        return self.checked(parts, key, rule)

    def truth(self, parts: Mapping[str, yaml.Node], key: str, *, default: bool) -> bool:
        node = parts.get(key)
        if node is None:
            return default
        value = as_json(node)
        if not isinstance(value, bool):
            self.wrong(node, f"{key} must be true or false.")
            return default
        return value

    def texts(
        self, parts: Mapping[str, yaml.Node], key: str, rule: Callable[[str], str]
    ) -> tuple[str, ...]:
        node = parts.get(key)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"{key} must be a list.")
            return ()
        read = [self.checked({key: item}, key, rule) for item in node.value]
        return tuple(dict.fromkeys(value for value in read if value))


def text_of(node: yaml.Node) -> str:
    """Read a text; raise ValueError where it is none, or longer than any can be."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == NULL:
        raise ValueError("It must be a text.")
    if len(node.value) > LONGEST:
        raise ValueError(f"It is longer than {LONGEST:,} characters.")
    return str(node.value)


def as_json(node: yaml.Node, *, numbers: bool = False) -> Any:
    """Turn a node into JSON's types, every scalar but true, false and null a text;
    `numbers`: whole ones, too, that no reader takes for others.
    """
    if isinstance(node, yaml.MappingNode):
        return {
            str(key.value): as_json(value, numbers=numbers) for key, value in node.value
        }
    if isinstance(node, yaml.SequenceNode):
        return [as_json(item, numbers=numbers) for item in node.value]
    if numbers and node.tag == INTEGER and WHOLE.fullmatch(node.value):
        return int(node.value)
    if node.tag == "tag:yaml.org,2002:bool":
        return str(node.value).lower() in ("true", "yes", "on")
    if node.tag == NULL:
        return None
    return str(node.value)
