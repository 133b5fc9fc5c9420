"""Spring's profiles: which are active, and whether a document is for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from onboarding.adopting.sources.documents import text_of
from onboarding.adopting.sources.properties import (
    Properties,
    properties_of,
)
from onboarding.adopting.sources.variables import (
    Lookup,
    filled,
    nothing,
)
from onboarding.bounded_yaml import BadYaml
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

USUAL = ("test", "local")
"""Active where no file says otherwise: Clouddriver's own default."""
INCLUDED = ("composite",)
"""What Clouddriver includes in any case."""
MOST_ACTIVE = 1_000
DEEPEST = 50
TOKEN = re.compile(r"[()&|!]|[^()&|!]+")


class Malformed(ValueError):
    """An expression that Boot refuses."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What a document says of when it counts, and what it imports."""

    profiles: tuple[str, ...] = ()
    """Expressions, of which one must be true; without any, it always counts."""
    platform: str = ""
    imports: tuple[str, ...] = ()
    refused: str = ""
    """Why Boot refuses to read the document."""

    @property
    def is_always(self) -> bool:
        return not self.profiles and not self.platform

    def counts(self, active: Collection[str]) -> bool:
        """Return whether the document counts; raise Malformed."""
        # Every expression is read first, as Boot does.
        found = [matches(one, active) for one in self.profiles]
        return not self.platform and (not found or any(found))


BOTH = "it has spring.profiles and spring.config.activate.on-profile"
WITH_IMPORT = "it has spring.profiles and spring.config.import"


def activation_of(read: Properties, lookup: Lookup) -> Activation:
    """Read the document's conditions, in today's keys or in the old one."""
    activate = read.at("spring", "config", "activate")
    on_profile = texts(read.at("spring", "config", "activate", "onprofile"), lookup)
    imports = texts(read.at("spring", "config", "import"), lookup)
    old = texts(read.at("spring", "profiles"), lookup)
    platform = texts(read.at("spring", "config", "activate", "oncloudplatform"), lookup)
    refused = ""
    if old and on_profile:
        refused = BOTH
    elif old and imports and activate is None:
        refused = WITH_IMPORT
    return Activation(
        tuple(on_profile or old), ",".join(platform), tuple(imports), refused
    )


def texts(node: Node | None, lookup: Lookup) -> list[str]:
    """Read a list of texts; a text has commas."""
    if isinstance(node, Listing):
        found = [
            filled(text_of(one), lookup).text
            for one in node.items
            if isinstance(one, Scalar)
        ]
    elif isinstance(node, Scalar):
        found = filled(text_of(node), lookup).text.split(",")
    else:
        return []
    return [one.strip() for one in found if one.strip()]


def matches(expression: str, active: Collection[str]) -> bool:
    """Evaluate an expression of profiles; raise Malformed."""
    tokens = [one.strip() for one in TOKEN.findall(expression)]
    left = [one for one in reversed(tokens) if one]
    if expression.count("(") + expression.count("!") > DEEPEST:
        raise Malformed(expression)
    return evaluated(left, active, "")


def evaluated(tokens: list[str], active: Collection[str], within: str) -> bool:
    """Evaluate up to the end, or to what closes an opened part."""
    found: list[bool] = []
    operator = ""
    while tokens:
        match tokens.pop():
            case "(":
                inner = evaluated(tokens, active, "(")
                if within == "!":
                    return inner
                found.append(inner)
            case "&" | "|" as sign:
                if operator not in ("", sign):
                    raise Malformed
                operator = sign
            case "!":
                found.append(not evaluated(tokens, active, "!"))
            case ")":
                merged = together(found, operator)
                if within == "(":
                    return merged
                found, operator = [merged], ""
            case name:
                if within == "!":
                    return name in active
                found.append(name in active)
    return together(found, operator)


def together(found: list[bool], operator: str) -> bool:
    if not found:
        raise Malformed
    return all(found) if operator == "&" else any(found)


def active_profiles(
    documents: Iterable[Properties], lookup: Lookup
) -> tuple[tuple[str, ...], bool]:
    """Return the profiles that documents activate, the one that wins last, and whether
    a document says which; the document that wins comes first.
    """
    included: list[str] = []
    active: list[str] | None = None
    groups: dict[str, list[str]] = {}
    for read in documents:
        included += texts(read.at("spring", "profiles", "include"), lookup)
        says = read.at("spring", "profiles", "active")
        if says is not None and active is None:
            active = texts(says, lookup)
        for name, members in groups_of(read, lookup).items():
            groups.setdefault(name, members)
    usual = USUAL if active is None else active
    ordered = dict.fromkeys((*included, *INCLUDED, *usual))
    return expanded(tuple(ordered), groups), active is not None


def groups_of(read: Properties, lookup: Lookup) -> Mapping[str, list[str]]:
    groups = read.at("spring", "profiles", "group")
    if not isinstance(groups, Table):
        return {}
    return {key.text: texts(node, lookup) for key, node in groups.pairs.values()}


def expanded(
    profiles: tuple[str, ...], groups: Mapping[str, list[str]]
) -> tuple[str, ...]:
    """Put the members of a group after its name, each profile once."""
    left = [*reversed(profiles)]
    found: dict[str, None] = {}
    while left and len(found) < MOST_ACTIVE:
        one = left.pop()
        if one not in found:
            found[one] = None
            left += reversed(groups.get(one, []))
    return tuple(found)


def imports_of(root: Node) -> tuple[str, ...]:
    return activation_of(spring_of(root), nothing).imports


def names_config_server(root: Node) -> bool:
    return isinstance(spring_of(root).at("spring", "cloud", "config"), Table)


def spring_of(root: Node) -> Properties:
    """Read what a document says to Spring itself."""
    pairs = root.pairs if isinstance(root, Table) else {}
    own = {key: pair for key, pair in pairs.items() if key.lower().startswith("spring")}
    try:
        return properties_of(Table(own))
    except BadYaml:
        return Properties(Table({}))
