"""Read accounts.yaml: every error with its line, or values and nothing half read.

Scalars are read as the text that stands there, so an account id keeps its zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from onboarding import names
from onboarding.desired.image_keys import misplaced_key
from onboarding.details import DetailsError
from onboarding.partitions import PARTITIONS, known_region
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider, providers_of
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    ExistingIdentity,
    Identity,
    InstanceRole,
    Managed,
    Managing,
    Permissions,
    PodRole,
)

LARGEST = 20_000_000
"""Bytes; 10,000 accounts take about four million."""


class Problem(NamedTuple):
    line: int
    message: str


class FileProblems(ValueError):
    """The file cannot be used; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{p.line}: {p.message}" for p in self.problems))


@dataclass(frozen=True, slots=True)
class WrittenAccount:
    """A managed account as written, with the line it stands on."""

    line: int
    managed: Managed
    uses_external_id: bool


@dataclass(frozen=True, slots=True)
class AccountsFile:
    managing: Managing | None
    trusts_bowline: bool
    accounts: tuple[WrittenAccount, ...]


@dataclass(slots=True)
class Reader:
    """Collects problems while the parts are read, so that all are shown at once."""

    problems: list[Problem] = field(default_factory=list)

    def wrong(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, message))

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
                    key, f"{what} has no key “{name}”; it knows {', '.join(known)}."
                )
            elif name in found:
                self.wrong(key, f"{what} has “{name}” twice.")
            found[name] = value
        return found

    def text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} must be a text.")
            return ""
        return str(node.value)

    def checked(
        self, parts: Mapping[str, yaml.Node], key: str, rule: Callable[[str], str]
    ) -> str:
        """Read a text through a rule that raises ValueError; absent gives empty."""
        if key not in parts:
            return ""
        try:
            return rule(self.text(parts[key], key))
        except ValueError as error:
            self.wrong(parts[key], f"{key}: {error}")
            return ""

    def needed(
        self,
        node: yaml.Node,
        parts: Mapping[str, yaml.Node],
        key: str,
        rule: Callable[[str], str] = str,
    ) -> str:
        if key not in parts:
            self.wrong(node, f"The key “{key}” is missing here.")
        return self.checked(parts, key, rule)

    def truth(self, parts: Mapping[str, yaml.Node], key: str, *, default: bool) -> bool:
        node = parts.get(key)
        if node is None:
            return default
        value = plain(node)
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


def plain(node: yaml.Node) -> Any:
    """Turn a node into JSON's types, every scalar but true, false and null a text."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    if node.tag == "tag:yaml.org,2002:bool":
        return str(node.value).lower() in ("true", "yes", "on")
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return str(node.value)


def read(text: str, *, partition: str = "aws") -> AccountsFile:
    """Read the file; raise FileProblems with every problem in it.

    The partition counts where the file leaves the managing account out.
    """
    if len(text) > LARGEST:
        raise FileProblems([Problem(1, "The file is over 20 MB.")])
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileProblems([Problem(line, f"Not YAML: {error.problem}.")]) from error
    except yaml.YAMLError as error:
        raise FileProblems([Problem(1, f"Not YAML: {error}")]) from error
    if root is None:
        raise FileProblems([Problem(1, "The file is empty.")])
    reader = Reader()
    parts = reader.mapping(root, "The file", ("managing", "accounts"))
    managing, trusts = None, True
    if "managing" in parts:
        managing, trusts = read_managing(reader, parts["managing"])
        partition = managing.partition
    accounts = read_accounts(reader, parts.get("accounts"), partition)
    refuse_twins(reader, accounts)
    if reader.problems:
        raise FileProblems(reader.problems)
    return AccountsFile(managing, trusts, accounts)


MANAGING_KEYS = [
    "name",
    "account_id",
    "partition",
    "access_role",
    "identity",
    "managed_role",
    "base_role",
    "assume",
    "trust_organization",
    "boundary",
    "bakes",
    "ami_owner",
    "image_keys",
    "trusts_bowline",
]


def read_managing(reader: Reader, node: yaml.Node) -> tuple[Managing, bool]:
    parts = reader.mapping(node, "managing", MANAGING_KEYS)
    partition = reader.checked(parts, "partition", known_partition) or "aws"
    managing = Managing(
        name=reader.needed(node, parts, "name", names.account_name),
        account_id=reader.needed(node, parts, "account_id", names.account_id),
        identity=read_identity(reader, parts.get("identity")),
        partition=partition,
        managed_role=reader.checked(parts, "managed_role", names.chain_role)
        or MANAGED_ROLE,
        base_role=reader.checked(parts, "base_role", names.role_name) or BASE_ROLE,
        organization=read_assume(reader, parts.get("assume")),
        trust_organization=reader.checked(
            parts, "trust_organization", names.organization
        ),
        boundary=reader.checked(parts, "boundary", names.boundary_arn),
        bakes=reader.truth(parts, "bakes", default=False),
        ami_owner=reader.checked(parts, "ami_owner", names.account_name),
        image_keys=reader.texts(parts, "image_keys", names.kms_key_arn),
        access_role=reader.checked(parts, "access_role", names.role_name),
    )
    if wrong := managing.clash or misplaced_key(managing):
        reader.wrong(node, wrong)
    return managing, reader.truth(parts, "trusts_bowline", default=True)


def known_partition(value: str) -> str:
    if value not in PARTITIONS:
        raise names.BadName(value, f"The partitions are {', '.join(PARTITIONS)}.")
    return value


def read_assume(reader: Reader, node: yaml.Node | None) -> str:
    """Read `listed` as empty, or the organization whose accounts may be assumed."""
    if node is None or (isinstance(node, yaml.ScalarNode) and node.value == "listed"):
        return ""
    if isinstance(node, yaml.ScalarNode):
        reader.wrong(node, "assume is `listed` or {organization: o-a1b2c3d4e5}.")
        return ""
    parts = reader.mapping(node, "assume", ("organization",))
    return reader.needed(node, parts, "organization", names.organization)


POD_KEYS = ("name", "cluster", "region", "namespace", "service_account")


def read_identity(reader: Reader, node: yaml.Node | None) -> Identity:
    if node is None:
        return InstanceRole()
    kinds = ("instance_role", "pod_role", "existing")
    parts = reader.mapping(node, "identity", kinds)
    if len(parts) != 1:
        reader.wrong(node, f"identity is exactly one of {', '.join(kinds)}.")
        return InstanceRole()
    if "existing" in parts:
        return ExistingIdentity(reader.checked(parts, "existing", names.identity_arn))
    if "instance_role" in parts:
        return InstanceRole(reader.checked(parts, "instance_role", names.role_name))
    if "pod_role" not in parts:
        return InstanceRole()
    node = parts["pod_role"]
    pod = reader.mapping(node, "pod_role", POD_KEYS)
    return PodRole(
        name=reader.needed(node, pod, "name", names.role_name),
        **{key: reader.needed(node, pod, key) for key in POD_KEYS[1:]},
    )


ACCOUNT_KEYS = [
    "name",
    "account_id",
    "environment",
    "regions",
    "access_role",
    "external_id",
    "adopts",
    "permissions",
    "providers",
]


def read_accounts(
    reader: Reader, node: yaml.Node | None, partition: str
) -> tuple[WrittenAccount, ...]:
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        reader.wrong(node, "accounts must be a list.")
        return ()
    return tuple(read_account(reader, item, partition) for item in node.value)


def read_account(reader: Reader, node: yaml.Node, partition: str) -> WrittenAccount:
    parts = reader.mapping(node, "an account", ACCOUNT_KEYS)
    providers = read_providers(reader, node, parts.get("providers"))
    titles = without_external_id(provider.key for provider in providers)
    external_id = reader.truth(parts, "external_id", default=not titles)
    if external_id and titles:
        reader.wrong(parts["external_id"], no_external_id(titles))
    permissions = Permissions()
    if "permissions" in parts:
        roles = reader.mapping(parts["permissions"], "permissions", ("READ", "WRITE"))
        permissions = Permissions(
            read=reader.texts(roles, "READ", names.fiat_role),
            write=reader.texts(roles, "WRITE", names.fiat_role),
        )

    def region(value: str) -> str:
        return known_region(value, partition)

    regions = reader.texts(parts, "regions", region)
    if "regions" not in parts:
        reader.wrong(node, "The key “regions” is missing here.")
    elif plain(parts["regions"]) == []:
        reader.wrong(parts["regions"], "Name at least one region.")
    managed = Managed(
        name=reader.needed(node, parts, "name", names.account_name),
        account_id=reader.needed(node, parts, "account_id", names.account_id),
        regions=regions,
        providers=providers,
        environment=reader.checked(parts, "environment", names.account_name),
        permissions=permissions,
        access_role=reader.checked(parts, "access_role", names.role_name),
        adopts=reader.truth(parts, "adopts", default=False),
    )
    refuse_unsuited(reader, parts.get("providers", node), managed)
    return WrittenAccount(node.start_mark.line + 1, managed, external_id)


def refuse_unsuited(reader: Reader, node: yaml.Node, managed: Managed) -> None:
    """Name each provider whose details are fine alone, but not for this account."""
    for provider in providers_of(managed):
        try:
            provider.suit(managed)
        except DetailsError as error:
            reader.wrong(node, f"{provider.key}: {error}")


def read_providers(
    reader: Reader, account: yaml.Node, node: yaml.Node | None
) -> tuple[Provider, ...]:
    if node is None:
        reader.wrong(account, "The key “providers” is missing here.")
        return ()
    parts = reader.mapping(node, "providers", PROVIDERS)
    if not parts:
        reader.wrong(node, f"Choose at least one of {', '.join(PROVIDERS)}.")
    read = (
        read_details(reader, provider, parts[key])
        for key, provider in PROVIDERS.items()
        if key in parts
    )
    return tuple(provider for provider in read if provider is not None)


def read_details(
    reader: Reader, provider: type[Provider], node: yaml.Node
) -> Provider | None:
    written = plain(node)
    details = {} if written is None else written
    if not isinstance(details, dict):
        reader.wrong(node, f"{provider.key} must be a mapping of its details.")
        return None
    try:
        return provider.from_details(details)
    except DetailsError as error:
        reader.wrong(detail_node(node, error.field), f"{provider.key}: {error}")
        return None


def detail_node(node: yaml.Node, name: str) -> yaml.Node:
    """Find the value that an error is about, or the mapping where it is missing."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return value if isinstance(value, yaml.ScalarNode) else key
    return node


def refuse_twins(reader: Reader, accounts: Iterable[WrittenAccount]) -> None:
    """Name every account id and Spinnaker account name that stands twice."""
    seen: dict[str, int] = {}
    for account in accounts:
        managed = account.managed
        others = (name for p in providers_of(managed) for name in p.names(managed))
        for taken in (managed.name, managed.account_id, *others):
            if taken and taken in seen:
                message = f"“{taken}” is taken by line {seen[taken]} already."
                reader.problems.append(Problem(account.line, message))
            seen.setdefault(taken, account.line)
