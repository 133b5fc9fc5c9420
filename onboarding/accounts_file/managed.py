"""The accounts of accounts.yaml, managing and managed, and the connection with
a running Spinnaker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml

from onboarding import names
from onboarding.accounts_file.reader import (
    MOST_ACCOUNTS,
    REFUSED,
    TOO_MANY,
    Problem,
    Reader,
    as_json,
)
from onboarding.delivery.connection import Connection, SignInBy
from onboarding.delivery.loading import PERIOD
from onboarding.description.fields import FIELDS, Field, Kind, maker
from onboarding.description.other_names import NEEDS_AWS
from onboarding.description.values import Description, has
from onboarding.desired.image_keys import misplaced_key
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.partitions import PARTITIONS, known_region
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider, providers_of, spinnaker_names
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    ExistingIdentity,
    Identity,
    InstanceRole,
    MadeBy,
    Managed,
    Managing,
    PodRole,
    identity_elsewhere,
)

OF_MANAGING = (MadeBy.BOWLINE.value, MadeBy.OWNER.value)
NOT_BOWLINES = (
    "Someone else creates the roles, and Bowline changes nothing. Leave this out."
)


def managing_maker(value: str) -> str:
    """Return who makes the managing account's: no organization does."""
    return maker(value, OF_MANAGING)


SPINNAKER_KEYS = tuple(field.name for field in fields(Connection))


def read_spinnaker(reader: Reader, node: yaml.Node) -> Connection:
    """Read the connection; a problem names the key, and never repeats its value."""
    parts = reader.mapping(node, "spinnaker", SPINNAKER_KEYS)
    texts = {
        key: reader.checked(parts, key, str)
        for key in SPINNAKER_KEYS
        if key in parts and key != "poll_seconds"
    }
    for key in ("url", "release"):
        reader.needed(node, parts, key)
    polls = reader.checked(parts, "poll_seconds", whole_number) or str(int(PERIOD))
    described = Connection(
        **{"url": "", "release": "", **texts}, poll_seconds=int(polls)
    )
    for key, sentence in described.problems():
        if key in parts or key not in ("url", "release"):
            reader.wrong(parts.get(key, node), f"{key}: {sentence}")
    return described


def whole_number(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError("It must be a whole number.")
    return text


def spinnaker_written(described: Connection) -> dict[str, Any]:
    """Return the connection in the keys of the file, without what is at its default."""
    usual = Connection("", "")
    written: dict[str, Any] = {
        key: getattr(described, key)
        for key in SPINNAKER_KEYS
        if getattr(described, key) != getattr(usual, key)
    }
    return {**written, "sign_in": str(SignInBy(described.sign_in))}


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
    "made_by",
]


def read_managing(reader: Reader, node: yaml.Node) -> tuple[Managing, bool]:
    parts = reader.mapping(node, "managing", MANAGING_KEYS)
    partition = reader.checked(parts, "partition", known_partition) or "aws"
    managing = Managing(
        name=reader.needed(node, parts, "name", names.ACCOUNT_NAME),
        account_id=reader.needed(node, parts, "account_id", names.account_id),
        identity=read_identity(reader, parts.get("identity"), partition),
        partition=partition,
        managed_role=reader.checked(parts, "managed_role", names.chain_role)
        or MANAGED_ROLE,
        base_role=reader.checked(parts, "base_role", names.ROLE_NAME) or BASE_ROLE,
        organization=read_assume(reader, parts.get("assume")),
        trust_organization=reader.checked(
            parts, "trust_organization", names.ORGANIZATION
        ),
        boundary=reader.checked(parts, "boundary", names.BOUNDARY_ARN),
        bakes=reader.truth(parts, "bakes", default=False),
        ami_owner=reader.checked(parts, "ami_owner", names.ACCOUNT_NAME),
        image_keys=reader.texts(parts, "image_keys", names.KMS_KEY_ARN),
        access_role=reader.checked(parts, "access_role", names.ROLE_NAME),
        made_by=reader.checked(parts, "made_by", managing_maker) or MadeBy.BOWLINE,
    )
    if managing.is_handed_off and "access_role" in parts:
        reader.wrong(parts["access_role"], f"access_role: {NOT_BOWLINES}")
    if wrong := misplaced(managing) or managing.clash or misplaced_key(managing):
        reader.wrong(node, wrong)
    if "image_keys" in parts and not managing.bakes:
        reader.wrong(parts["image_keys"], "image_keys counts only with `bakes: true`.")
    return managing, reader.truth(parts, "trusts_bowline", default=True)


def misplaced(managing: Managing) -> str:
    """Say where an existing identity is, if not in this account; else nothing."""
    return identity_elsewhere(
        managing.identity_arn, managing.partition, managing.account_id
    )


ISOLATED = "aws-iso"
"""How the names of the partitions begin that are not connected to the Internet."""


def known_partition(value: str) -> str:
    if value.startswith(ISOLATED):
        raise names.BadName(
            value,
            "Bowline doesn't work in AWS's isolated partitions: it hasn't been tested "
            f"there. The partitions are {', '.join(PARTITIONS)}.",
        )
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
    return reader.needed(node, parts, "organization", names.ORGANIZATION)


def read_identity(reader: Reader, node: yaml.Node | None, partition: str) -> Identity:
    if node is None:
        return InstanceRole()
    kinds = ("instance_role", "pod_role", "existing")
    parts = reader.mapping(node, "identity", kinds)
    if len(parts) != 1:
        reader.wrong(node, f"identity is exactly one of {', '.join(kinds)}.")
        return InstanceRole()
    if "existing" in parts:
        return ExistingIdentity(reader.checked(parts, "existing", names.IDENTITY_ARN))
    if "instance_role" in parts:
        return InstanceRole(reader.checked(parts, "instance_role", names.ROLE_NAME))
    if "pod_role" not in parts:
        return InstanceRole()
    node = parts["pod_role"]
    rules: dict[str, Callable[[str], str]] = {
        "name": names.ROLE_NAME,
        "cluster": names.CLUSTER,
        "region": lambda region: known_region(region, partition),
        "namespace": names.NAMESPACE,
        "service_account": names.SERVICE_ACCOUNT,
    }
    pod = reader.mapping(node, "pod_role", rules)
    return PodRole(
        **{key: reader.needed(node, pod, key, rule) for key, rule in rules.items()}
    )


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
        reader.checked(parts, RENAMED_FROM, names.ACCOUNT_NAME),
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
