"""A list of accounts as Spinnaker reads it: each field in one spelling, defaults left
out, secrets never kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.adopting.accounts.field_values import (
    FieldsReader,
    Notes,
    by_key,
    name_in,
)
from onboarding.adopting.sources.documents import text_of
from onboarding.adopting.sources.kubeconfigs import (
    NOT_FOLLOWED,
    cluster_in,
    clusters_of,
)
from onboarding.adopting.sources.spring_files.placeholders import filled
from onboarding.adopting.values import (
    AWS,
    ECS,
    Account,
    EksCluster,
    SourceKind,
    within,
)
from onboarding.carried.secrets import (
    REFERENCE,
    looks_secret,
)
from onboarding.carried.table import AWS_ROWS, BY_KEY, SWITCHED_BY, Row, canonical
from onboarding.partitions import arn
from onboarding.spinnaker.halconfig.tree import Node, Scalar, Table

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
        }

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
