"""The managed accounts of accounts.yaml, with their providers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from onboarding import names
from onboarding.accounts_file.makers import NOT_BOWLINES
from onboarding.accounts_file.reader import (
    MOST_ACCOUNTS,
    REFUSED,
    TOO_MANY,
    Problem,
    Reader,
    as_json,
)
from onboarding.description.field import Field, Kind
from onboarding.description.fields import FIELDS
from onboarding.description.other_names import NEEDS_AWS
from onboarding.description.values import Description, has
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider, providers_of, spinnaker_names
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import MadeBy, Managed

RENAMED_FROM, ADOPTED_FROM = "renamed_from", "adopted_from"
DESCRIBED_KEYS = list(
    dict.fromkeys([*(one.keys[0] for one in FIELDS), "providers"]),
)
ACCOUNT_KEYS = [*DESCRIBED_KEYS, RENAMED_FROM, ADOPTED_FROM]
WITHIN = {
    above: [one.key for one in FIELDS if one.keys[:-1] == (above,)]
    for above in dict.fromkeys(one.keys[0] for one in FIELDS if one.path[1:])
}
"""The keys inside a key of an account."""

INSTEAD = {one.key for one in FIELDS if one.kind is Kind.INSTEAD}
"""The keys that hold true, false or a text."""


@dataclass(frozen=True)
class WrittenAccount(Description):
    """A managed account as written, with its line."""

    line: int = 1
    renamed_from: str = ""
    """What Bowline calls it until the file is saved."""
    adopted_from: Mapping[str, Any] | None = None
    """What an existing Spinnaker had of it, in the keys of the file."""


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


def read_account(
    reader: Reader,
    node: yaml.Node,
    partition: str,
    known_keys: Iterable[str] = ACCOUNT_KEYS,
) -> WrittenAccount:
    parts = reader.mapping(node, "an account", known_keys)
    providers = read_providers(reader, node, parts.get("providers"))
    for key, known in WITHIN.items():
        if key in parts:
            parts |= reader.mapping(parts[key], key, known)
    columns = {
        one.name: read_field(reader, node, parts, one, partition) for one in FIELDS
    }
    if titles := without_external_id(provider.key for provider in providers):
        if "external_id" not in parts:
            columns["uses_external_id"] = False
        elif columns["uses_external_id"]:
            reader.wrong(parts["external_id"], no_external_id(titles))
    for one in FIELDS:
        if not has(columns["made_by"], one):
            columns[one.name] = one.nothing
            refuse_written(reader, parts, one)
    account = WrittenAccount(
        columns,
        providers,
        node.start_mark.line + 1,
        reader.checked(parts, RENAMED_FROM, names.account_name),
        read_adopted(reader, parts.get(ADOPTED_FROM), partition),
    )
    refuse_unsuited(reader, parts.get("providers", node), account.managed)
    if account.managed.other_names and not account.managed.in_aws_provider:
        reader.wrong(parts["also_as"], NEEDS_AWS)
    return account


def read_adopted(
    reader: Reader, node: yaml.Node | None, partition: str
) -> dict[str, Any] | None:
    """Read what Spinnaker had of an account: a description like any other."""
    if node is None:
        return None
    inner = Reader()
    read_account(inner, node, partition, DESCRIBED_KEYS)
    for line, message in inner.problems[:MOST_OF_ADOPTED]:
        reader.problems.append(Problem(line, f"{ADOPTED_FROM}: {message}"))
    found = as_json(node, numbers=True)
    return found if isinstance(found, dict) else None


MOST_OF_ADOPTED = 10


def read_field(
    reader: Reader,
    node: yaml.Node,
    parts: Mapping[str, yaml.Node],
    one: Field,
    partition: str,
) -> Any:
    """Read one field as its column holds it."""
    if one.is_needed and one.key not in parts:
        reader.wrong(node, f"“{one.key}” is missing here.")
    if one.kind in (Kind.CARRIED, Kind.NAMES):
        rule = one.rule_in(partition)
        return reader.value(parts, one.key, rule) or one.nothing
    says_text = one.key in parts and isinstance(as_json(parts[one.key]), str)
    if one.kind is Kind.INSTEAD:
        return reader.checked(parts, one.key, one.rule) if says_text else one.nothing
    if one.kind is Kind.TRUTH and one.key in INSTEAD and says_text:
        return one.on
    if one.kind is Kind.TRUTH:
        return one.column(reader.truth(parts, one.key, default=bool(one.usual)))
    if not one.is_list:
        return reader.checked(parts, one.key, one.rule) or one.usual
    if one.is_needed and one.key in parts and as_json(parts[one.key]) == []:
        reader.wrong(parts[one.key], "Name at least one Region.")
    return list(reader.texts(parts, one.key, one.rule_in(partition)))


NO_READER = (
    "Only an account with `made_by: owner` or `made_by: organization` has a reader "
    "role."
)


def refuse_written(reader: Reader, parts: Mapping[str, yaml.Node], one: Field) -> None:
    """Refuse a field that the account does not have, by who makes its roles."""
    if one.key not in parts:
        return
    if MadeBy.BOWLINE not in one.made_by:
        reader.wrong(parts[one.key], NO_READER)
    elif as_json(parts[one.key]):
        reader.wrong(parts[one.key], f"{one.key}: {NOT_BOWLINES}")


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
        provider.refuse_unsaid(details)
    except DetailsError as error:
        reader.wrong(detail_node(node, error.field), f"{provider.key}: {error}")
        return None
    if read.choices() != read:
        reader.wrong(
            node,
            f"{provider.key}: Bowline reads this value from AWS when it plans, so it "
            "can't be set here.",
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
        for taken in (*spinnaker_names(managed), managed.account_id):
            same = any_case(taken)
            if taken and same in seen:
                message = f"“{taken}” is taken by line {seen[same]} already."
                reader.problems.append(Problem(account.line, message))
            seen.setdefault(same, account.line)
