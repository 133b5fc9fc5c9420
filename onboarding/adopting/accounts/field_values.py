"""What a field of an account says, in one spelling: as Spinnaker reads it, defaults of
variables taken, secrets never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from onboarding.adopting.sources.documents import (
    OCTAL,
    is_misread,
    is_plain,
    text_of,
    value_of,
)
from onboarding.adopting.sources.spring_files.placeholders import filled
from onboarding.adopting.values import Finding, SourceKind
from onboarding.carried.secrets import hidden, is_secret_key, looks_secret, masked
from onboarding.carried.table import BY_KEY, OF_A_REGION, Row, Shape, canonical
from onboarding.names import one_line, short
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

VERBS = ("READ", "WRITE", "EXECUTE", "CREATE")
OF_GATE = (SourceKind.STORED, SourceKind.LOADED)
OCTAL_ID = (
    "The account ID begins with 0 and has no quotes, so Spinnaker reads another number "
    "and no role can be assumed. This report has the digits that are written. Put "
    "quotes around them."
)
MISREAD = (
    "A text without quotes is something else to YAML. This report has what Spinnaker "
    "reads. Put quotes around it if it is meant as it is written."
)
STRINGS = (
    "Regions are written as texts. Clouddriver doesn't start with them: each must be a "
    "mapping with a name."
)
REGION_TWICE = "A Region comes twice, so Spinnaker doesn't load the account."
BAD_PERMISSIONS = (
    "Permissions are no mapping of READ, WRITE, EXECUTE and CREATE to lists of roles. "
    "Clouddriver doesn't start with them."
)
BAD_TRUTH = (
    "A switch is neither true nor false. Clouddriver doesn't start with it. This "
    "report takes it for false."
)
DEFAULT_TAKEN = (
    "A value is a variable with a default. This report has the default; Spinnaker has "
    "what the environment of Clouddriver says."
)
UNKNOWN_VARIABLE = (
    "A value is a variable without a default. Only the environment of Clouddriver says "
    "what it is."
)
EMPTY_ID = (
    "The external ID is empty. Spinnaker sends it as it is, and AWS denies the "
    "request. Remove the key."
)


class Notes:
    """Findings while a source is read: each sentence once, with its accounts."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], set[str]] = {}

    def note(self, kind: str, says: str, name: str = "") -> None:
        names = self.found.setdefault((kind, says), set())
        if name:
            names.add(name)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(kind, says, tuple(sorted(names)))
            for (kind, says), names in self.found.items()
        )


def by_key(table: Table) -> dict[str, tuple[Scalar, Node]]:
    """Return the fields by canonical key: of two spellings, the second counts."""
    return {canonical(key.text): (key, node) for key, node in table.pairs.values()}


def name_in(nodes: Mapping[str, tuple[Scalar, Node]]) -> str:
    _, node = nodes.get("name", (None, None))
    return filled(text_of(node)).text.strip() if isinstance(node, Scalar) else ""


class FieldsReader:
    """Reads the fields of one account."""

    def __init__(self, type_: str, kind: SourceKind, of: Notes, name: str = "") -> None:
        self.type = type_
        self.kind = kind
        self.of = of
        self.name = name
        self.notes: dict[str, str] = {}

    def say(self, field: str, sentence: str) -> None:
        self.notes[field] = " ".join(filter(None, (self.notes.get(field), sentence)))

    def field(self, key: str, written: Scalar, node: Node) -> Iterator[tuple[str, Any]]:
        """Yield what a field says, under its own name: regions say several things."""
        row = BY_KEY[self.type].get(key)
        if row is None:
            if self.kind not in OF_GATE:
                name = short(one_line(written.text), 100)
                yield name, self.anything(name, node)
            return
        match row.shape:
            case Shape.REGIONS:
                yield from self.regions(node)
            case Shape.PERMISSIONS:
                yield row.name, self.permissions(node)
            case Shape.TRUTH:
                yield row.name, self.truth(row, node)
            case Shape.TEXTS | Shape.MAPPINGS if isinstance(node, Scalar):
                yield row.name, self.listed(row, node)
            case Shape.TEXTS:
                yield row.name, self.texts(row.name, node)
            case Shape.TEXT if isinstance(node, Scalar):
                yield from self.text_field(row, node)
            case _:
                yield row.name, self.anything(row.name, node)

    def text_field(self, row: Row, node: Scalar) -> Iterator[tuple[str, Any]]:
        if row.name == "externalId" and not text_of(node):
            if not (node.is_null and self.kind is not SourceKind.SPRING):
                self.of.note("empty-external-id", EMPTY_ID, self.name)
            return
        if not self.is_missing(node):
            yield row.name, self.text(row.name, node)

    def is_missing(self, node: Node) -> bool:
        """Return whether a value counts as if its key was missing: what is null is an
        empty text to Spring.
        """
        is_null = isinstance(node, Scalar) and node.is_null
        return is_null and self.kind is not SourceKind.SPRING

    def listed(self, row: Row, node: Scalar) -> Any:
        """Read a list that is written as a text: an empty one is an empty list."""
        if self.is_missing(node):
            return None
        if row.shape is Shape.MAPPINGS and text_of(node):
            return self.anything(row.name, node)
        return self.texts(row.name, node)

    def text(self, name: str, scalar: Scalar) -> Any:
        """Return a text as Spinnaker reads it, or that it is a secret."""
        text = text_of(scalar)
        if name == "accountId" and is_plain(scalar) and OCTAL.fullmatch(scalar.text):
            self.of.note("octal-id", OCTAL_ID, self.name)
            self.say(name, f"Without quotes, Spinnaker reads {text}.")
            text = scalar.text
        elif is_misread(scalar) and not is_secret_key(name):
            self.of.note("misread", MISREAD, self.name)
            self.say(name, "It has no quotes, and Spinnaker reads another text.")
        if is_secret_key(name):
            return hidden(text)
        text = self.fill(name, text)
        return hidden(text) if looks_secret(text) else text.strip()

    def fill(self, name: str, text: str) -> str:
        """Take the defaults of variables, and say so."""
        found = filled(text)
        if found.defaults:
            self.of.note("variable-default", DEFAULT_TAKEN, self.name)
            self.say(name, f"The default of {placeholders(found.defaults)} is taken.")
        if found.unknown:
            self.of.note("variable-unknown", UNKNOWN_VARIABLE, self.name)
            self.say(name, f"Nothing here says what {placeholders(found.unknown)} is.")
        return found.text

    def truth(self, row: Row, node: Node) -> bool | None:
        """Read a switch; None where nothing is said, as if its key was missing."""
        if isinstance(node, Scalar):
            text = self.fill(row.name, text_of(node)).strip().lower()
            if text in ("true", "yes", "on", "1"):
                return True
            if text in ("false", "no", "off", "0"):
                return False
            if not text:
                return None
        self.of.note("bad-truth", BAD_TRUTH, self.name)
        return False

    def texts(self, name: str, node: Node) -> list[Any]:
        """Read a list; Spring reads a text as one, too, with commas."""
        return sorted({text for text in self.each_text(name, node) if text}, key=str)

    def each_text(self, name: str, node: Node) -> Iterator[Any]:
        if isinstance(node, Listing):
            for item in node.items:
                if isinstance(item, Scalar) and not item.is_null:
                    yield self.text(name, item)
        elif isinstance(node, Scalar) and not node.is_null:
            text = self.text(name, node)
            yield from text.split(",") if isinstance(text, str) else (text,)

    def regions(self, node: Node) -> Iterator[tuple[str, Any]]:
        kept: dict[str, dict[str, Any]] = {}
        items = node.items if isinstance(node, Listing) else []
        names: list[str] = []
        is_null = isinstance(node, Scalar) and node.is_null
        if not is_null and not (
            isinstance(node, Listing) and all(isinstance(one, Table) for one in items)
        ):
            self.of.note("string-regions", STRINGS, self.name)
            names += map(str, self.texts("regions", node))
        for item in items:
            if isinstance(item, Table):
                fields = by_key(item)
                name = name_in(fields)
                names.append(name)
                for key, field in OF_A_REGION.items():
                    if key in fields and self.kind is not SourceKind.LOADED:
                        value = self.anything(field, fields[key][1])
                        if value not in (None, [], ""):
                            kept.setdefault(field, {})[name] = value
        if len(set(names)) < len(names):
            self.of.note("region-twice", REGION_TWICE, self.name)
        yield "regions", sorted({name for name in names if name})
        yield from kept.items()

    def permissions(self, node: Node) -> dict[str, list[Any]]:
        if isinstance(node, Scalar) and not text_of(node):
            return {}
        if not isinstance(node, Table):
            self.of.note("bad-permissions", BAD_PERMISSIONS, self.name)
            return {}
        found: dict[str, list[Any]] = {}
        for key, roles in node.pairs.values():
            verb = key.text.strip().upper()
            if verb not in VERBS:
                self.of.note("bad-permissions", BAD_PERMISSIONS, self.name)
            read = self.texts("permissions", roles)
            if read:
                found[short(one_line(verb))] = read
        return found

    def anything(self, name: str, node: Node) -> Any:
        """Return any value without its secrets."""
        return masked(name, json_values(node, lambda text: self.fill(name, text)))


def placeholders(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(f"${{{name}}}" for name in names))


def json_values(node: Node, fill: Callable[[str], str]) -> Any:
    """Return JSON's values of a tree."""
    match node:
        case Table(pairs=pairs):
            return {
                short(key, 200): json_values(inner, fill)
                for key, (_, inner) in pairs.items()
            }
        case Listing(items=items):
            return [json_values(item, fill) for item in items]
    value = value_of(node)
    return fill(value) if isinstance(value, str) else value


def settings_of(section: Table, reader: FieldsReader) -> dict[str, Any]:
    """Return what a provider says next to its accounts, by canonical keys."""
    return {
        key: reader.anything(key, node)
        for key, (_, node) in sorted(section.pairs.items())
        if key != "accounts"
    }
