"""The accounts of an existing Spinnaker, as its files list them, and the values
of their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.adopting.sources.documents import (
    OCTAL,
    is_misread,
    is_plain,
    text_of,
    value_of,
)
from onboarding.adopting.sources.kubeconfigs import (
    NOT_FOLLOWED,
    cluster_in,
    clusters_of,
)
from onboarding.adopting.sources.variables import filled
from onboarding.adopting.values import (
    AWS,
    ECS,
    Account,
    EksCluster,
    Finding,
    SourceKind,
    within,
)
from onboarding.carried.secrets import (
    REFERENCE,
    hidden,
    is_secret_key,
    looks_secret,
    masked,
)
from onboarding.carried.table import (
    AWS_ROWS,
    BY_KEY,
    OF_A_REGION,
    SWITCHED_BY,
    Row,
    Shape,
    canonical,
)
from onboarding.names import one_line, short
from onboarding.partitions import arn
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


EXPANDED = ("assumeRole", "sessionName", "defaultKeyPair")
"""Texts in which Clouddriver fills in `{{name}}` and such."""
KEY_PAIR = "{{name}}-keypair"
OF_THE_PROVIDER = {row.name: row.server for row in AWS_ROWS if row.server}
"""What an AWS account can leave to a setting of the provider."""
NAMELESS = (
    "An account has no name. Clouddriver doesn't start with it. It isn't in this "
    "report."
)
TWICE = (
    "The same name comes twice in the list. The last account of the name counts, and "
    "the others aren't in this report."
)


@dataclass(slots=True)
class AccountsReader:
    """Reads the accounts of one provider of one source."""

    type: str
    kind: SourceKind
    place: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def fields(self, name: str = "") -> FieldsReader:
        return FieldsReader(self.type, self.kind, self.notes, name)

    def accounts(self, tables: Iterable[Table]) -> Iterator[Account]:
        """Yield each account once, the last of a name, in the order of names."""
        by_name: dict[str, Account] = {}
        for table in tables:
            account = self.account(table)
            if account is None:
                self.notes.note("no-name", NAMELESS)
                continue
            if account.name in by_name:
                self.notes.note("duplicate", TWICE, account.name)
            by_name[account.name] = account
        yield from (by_name[name] for name in sorted(by_name))

    def account(self, table: Table) -> Account | None:
        nodes = by_key(table)
        reader = self.fields(name_in(nodes))
        values = {
            name: value
            for key, (written, node) in nodes.items()
            for name, value in reader.field(key, written, node)
        }
        if not reader.name or looks_secret(reader.name):
            return None
        values["name"] = reader.name
        return Account(
            self.type,
            reader.name,
            self.completed(reader, dict(values)),
            f"{self.place}, line {table.line}" if table.line else self.place,
            reader.notes,
            cluster_of(nodes),
            self.open(values),
        )

    def open(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Name the fields of which only Spinnaker itself knows the value."""
        if self.kind is SourceKind.LOADED:
            return ()
        unsaid = [
            name
            for name, default in OF_THE_PROVIDER.items()
            if self.type == AWS
            and values.get(name) in (None, [])
            and not self.settings.get(canonical(default))
        ]
        variables = [
            name
            for name, value in values.items()
            if isinstance(value, str) and filled(value).unknown
        ]
        return tuple(sorted({*unsaid, *variables}))

    def completed(self, reader: FieldsReader, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what Spinnaker takes from elsewhere, and leave out its defaults."""
        if self.kind is SourceKind.LOADED:
            switched_off(values)
        elif self.type == AWS:
            self.fill_in(reader, values)
        elif self.type == ECS:
            self.fill_in_naming(reader, values)
        rows = BY_KEY[self.type]
        usual = self.settings.get("defaultkeypairtemplate") or KEY_PAIR
        if values.get("defaultKeyPair") == expanded(KEY_PAIR, values) and (
            usual == KEY_PAIR
        ):
            del values["defaultKeyPair"]
        return {
            name: value
            for name, value in sorted(values.items())
            if not says_nothing(rows.get(canonical(name)), value, reader.name)
            or (name == "environment" and value and self.keeps_environment)
        }

    @property
    def keeps_environment(self) -> bool:
        """Return whether somebody wrote one that is the name: Gate says it of all."""
        return self.kind not in OF_GATE and self.type != ECS

    @property
    def is_halyards(self) -> bool:
        """Return whether Halyard writes the list for Clouddriver: not a profile."""
        of_config = ", deployment " in self.place or self.place.endswith(", config")
        return of_config and self.kind in (SourceKind.HALCONFIG, SourceKind.OPERATOR)

    def fill_in(self, reader: FieldsReader, values: dict[str, Any]) -> None:
        for name, default in OF_THE_PROVIDER.items():
            if name == "regions":
                continue
            if name not in values and (usual := self.settings.get(canonical(default))):
                if name == "lifecycleHooks" and self.is_halyards:
                    # Halyard always writes a list, so the default never counts.
                    values[name] = []
                    continue
                values[name] = usual
                if name != "defaultKeyPair":
                    reader.say(name, f"It is the provider's {default}.")
        if not values.get("regions"):
            self.fill_in_regions(reader, values)
        for name in EXPANDED:
            if isinstance(values.get(name), str) and "{{" in values[name]:
                values[name] = expanded(values[name], values)
                if name == "assumeRole":
                    self.notes.note("template", TEMPLATE, reader.name)
        role, account_id = values.get("assumeRole"), values.get("accountId")
        if isinstance(role, str) and role and not role.startswith("arn:"):
            values["assumeRole"] = arn("aws", "iam", str(account_id or ""), role)

    def fill_in_naming(self, reader: FieldsReader, values: dict[str, Any]) -> None:
        usual = self.settings.get("defaultnamingstrategy")
        if usual and not str(values.get("namingStrategy") or "").strip():
            values["namingStrategy"] = usual
            reader.say("namingStrategy", "It is the provider's defaultNamingStrategy.")

    def fill_in_regions(self, reader: FieldsReader, values: dict[str, Any]) -> None:
        regions = self.settings.get("defaultregions")
        known = regions if isinstance(regions, list) else []
        names = [str(within(one, "name") or one) for one in known]
        stock = "us-west-2" if self.kind is SourceKind.HALCONFIG else "us-east-1"
        says = "It names none, so the provider's default Regions count."
        if not names:
            says = f"It names none, so Spinnaker's own default {stock} counts."
        values["regions"] = sorted(set(names)) or [stock]
        reader.say("regions", says)


TEMPLATE = (
    "The role is a template. Spinnaker fills in the account, and this report has what "
    "comes out."
)


def switched_off(values: dict[str, Any]) -> None:
    """Leave out the switches of what has no address: a list of what is loaded says all
    of them.
    """
    for address, switch in SWITCHED_BY.items():
        if not values.get(address) and values.get(switch) is False:
            del values[switch]


def says_nothing(row: Row | None, value: Any, name: str) -> bool:
    """Return whether Clouddriver has the same of a missing key; it doesn't read keys
    that it doesn't know.
    """
    if value is None or (row is None and value in ([], {})):
        return True
    usual = row.usual(name) if row else None
    return bool(value == usual and type(value) is type(usual))


def expanded(template: str, values: Mapping[str, Any]) -> str:
    """Fill in what Clouddriver fills in of an account."""
    for key in ("name", "accountId", "environment", "accountType"):
        usual = values.get("name", "")
        template = template.replace(f"{{{{{key}}}}}", str(values.get(key) or usual))
    return template


def cluster_of(nodes: Mapping[str, tuple[Scalar, Node]]) -> EksCluster | str:
    """Return the cluster of a kubeconfig in the account, or why there is none."""
    _, contents = nodes.get("kubeconfigcontents", (None, None))
    if not isinstance(contents, Scalar) or not contents.text.strip():
        return ""
    if REFERENCE.fullmatch(contents.text.strip()):
        return NOT_FOLLOWED
    _, context = nodes.get("context", (None, None))
    wanted = filled(text_of(context)).text if isinstance(context, Scalar) else ""
    return cluster_in(clusters_of(contents.text.encode()), wanted)
