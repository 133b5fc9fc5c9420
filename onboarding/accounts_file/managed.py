"""The managed accounts of accounts.yaml, with their providers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import yaml

from onboarding import names
from onboarding.accounts_file.makers import NOT_BOWLINES, maker
from onboarding.accounts_file.reader import (
    MOST_ACCOUNTS,
    REFUSED,
    TOO_MANY,
    Problem,
    Reader,
    as_json,
)
from onboarding.details import DetailsError
from onboarding.partitions import known_region
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider, providers_of
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import READER_ROLE, MadeBy, Managed, Permissions

ACCOUNT_KEYS = [
    "name",
    "account_id",
    "environment",
    "regions",
    "access_role",
    "made_by",
    "reader_role",
    "external_id",
    "adopts",
    "permissions",
    "providers",
]


@dataclass(frozen=True, slots=True)
class WrittenAccount:
    """A managed account as written, with its line."""

    line: int
    managed: Managed
    uses_external_id: bool


def read_accounts(
    reader: Reader, node: yaml.Node | None, partition: str
) -> tuple[WrittenAccount, ...]:
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        reader.wrong(node, "accounts must be a list.")
        return ()
    if len(node.value) > MOST_ACCOUNTS:
        reader.wrong(node.value[MOST_ACCOUNTS], TOO_MANY)
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
        reader.wrong(node, "“regions” is missing here.")
    elif as_json(parts["regions"]) == []:
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
        made_by=reader.checked(parts, "made_by", maker) or MadeBy.BOWLINE,
    )
    if managed.is_handed_off:
        refuse_own_ways(reader, parts)
        reads = reader.truth(parts, "reader_role", default=True)
        managed = replace(managed, reader_role=READER_ROLE if reads else "")
    elif "reader_role" in parts:
        reader.wrong(parts["reader_role"], NO_READER)
    refuse_unsuited(reader, parts.get("providers", node), managed)
    return WrittenAccount(node.start_mark.line + 1, managed, external_id)


NO_READER = (
    "Only an account with `made_by: owner` or `made_by: organization` has a reader "
    "role."
)


def refuse_own_ways(reader: Reader, parts: Mapping[str, yaml.Node]) -> None:
    """Refuse what only concerns accounts whose roles Bowline creates."""
    for key in ("access_role", "adopts"):
        if key in parts and as_json(parts[key]):
            reader.wrong(parts[key], f"{key}: {NOT_BOWLINES}")


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
        reader.wrong(account, "“providers” is missing here.")
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
    if node.tag == REFUSED:
        return None
    written = as_json(node)
    details = {} if written is None else written
    if not isinstance(details, dict):
        reader.wrong(node, f"{provider.key} must be a mapping of its details.")
        return None
    try:
        read = provider.from_details(details)
    except DetailsError as error:
        reader.wrong(detail_node(node, error.field), f"{provider.key}: {error}")
        return None
    if read.choices() != read:
        reader.wrong(
            node,
            f"{provider.key}: What AWS says of it cannot be written here. Bowline "
            "looks it up when it plans.",
        )
    return read


def detail_node(node: yaml.Node, name: str) -> yaml.Node:
    """Find the value that an error is about, or the mapping where it is missing."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return value if isinstance(value, yaml.ScalarNode) else key
    return node


def refuse_twins(reader: Reader, accounts: Iterable[WrittenAccount]) -> None:
    """Name every account id and Spinnaker account name that is written twice."""
    seen: dict[str, int] = {}
    for account in accounts:
        managed = account.managed
        others = (name for p in providers_of(managed) for name in p.names(managed))
        for taken in (managed.name, managed.account_id, *others):
            if taken and taken in seen:
                message = f"“{taken}” is taken by line {seen[taken]} already."
                reader.problems.append(Problem(account.line, message))
            seen.setdefault(taken, account.line)
