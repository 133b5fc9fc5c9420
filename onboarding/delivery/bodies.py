"""Accounts as Spinnaker's API takes them: complete, from the entries of the bundles.

A field that is left to a default makes Clouddriver reload the account at every poll:
loading fills the default in, and the next poll compares it with what is stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

from onboarding.carried.fields import carrying
from onboarding.names import CHAIN_ROLE_RULE, replaced
from onboarding.partitions import PARTITIONS, arn
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.providers.external_id import denied
from onboarding.spinnaker.bundle.formats.kubeconfig import kubeconfig
from onboarding.spinnaker.bundle.formats.spring import (
    OTHER_STS,
    permissions,
    regions,
    without_empty,
)
from onboarding.spinnaker.entries import Entries
from onboarding.topology import SESSION_NAME

Fields: TypeAlias = Mapping[str, str]
"""What is compared of an account: each field's value as JSON, in one spelling."""

SECRET = "kubeconfigContents"
"""Compared by its digest: Spinnaker returns what is stored there decrypted."""
DEFAULTABLE = (
    "bastionHost",
    "defaultSecurityGroups",
    "discovery",
    "edda",
    "front50",
    "lifecycleHooks",
    "sessionDurationSeconds",
)
"""Fields that a server may have an `aws.default…` for; stock Clouddriver has none."""
COMPARED = {
    "aws": (
        "accountId",
        "accountType",
        "assumeRole",
        "defaultKeyPair",
        "enabled",
        "environment",
        "externalId",
        "lambdaEnabled",
        "permissions",
        "regions",
        "sessionName",
        *DEFAULTABLE,
    ),
    "ecs": ("awsAccount", "namingStrategy"),
    "kubernetes": (
        "accountType",
        "cacheThreads",
        "checkPermissionsOnStartup",
        "context",
        "environment",
        SECRET,
        "kinds",
        "namespaces",
        "omitKinds",
        "omitNamespaces",
        "onlySpinnakerManaged",
        "permissions",
    ),
}
"""The fields of a body, by its type; the types that Bowline delivers, in order: an ECS
account needs its AWS account.
"""
CARRIED: Mapping[str, Mapping[str, Any]] = {
    "aws": {
        "allowPrivateThirdPartyImages": False,
        "bastionEnabled": None,
        "discoveryEnabled": None,
        "eddaEnabled": None,
        "front50Enabled": None,
        "requiredGroupMembership": [],
    },
    "ecs": {},
    "kubernetes": {
        "cacheAllApplicationRelationships": False,
        "cacheIntervalSeconds": None,
        "cachingPolicies": [],
        "customResources": [],
        "debug": False,
        "kubectlExecutable": "",
        "kubectlRequestTimeoutSeconds": None,
        "metrics": True,
        "namingStrategy": "kubernetesAnnotations",
        "oauthScopes": [],
        "oauthServiceAccount": "",
        "rawResourcesEndpointConfig": {},
        "requiredGroupMembership": [],
    },
}
"""What only carried fields say, with Spinnaker's own defaults: an answer has them, and
they say nothing.
"""
EMPTY_SAYS: Mapping[str, tuple[str, ...]] = {
    "aws": ("accountType", *DEFAULTABLE),
    "ecs": (),
    "kubernetes": ("accountType", "namingStrategy"),
}
"""Fields of which an empty text or list is another value than none: it keeps a default
of the server away.
"""
USUAL: Mapping[str, Mapping[str, Any]] = {
    "aws": {"enabled": True, "lambdaEnabled": False, "sessionName": SESSION_NAME},
    "ecs": {"namingStrategy": "default"},
    "kubernetes": {
        "cacheThreads": 1,
        "checkPermissionsOnStartup": True,
        "onlySpinnakerManaged": False,
    },
}
"""What Clouddriver makes of a missing field that Bowline's bodies always have."""
NAMED: Mapping[str, Mapping[str, str]] = {
    "aws": {
        "accountType": "{}",
        "defaultKeyPair": "{}-keypair",
        "environment": "{}",
    },
    "ecs": {},
    "kubernetes": {"accountType": "{}", "environment": "{}"},
}
"""The same, made of the account's name."""
FILLED_IN = (
    "accountType",
    "assumeRole",
    "bastionHost",
    "defaultKeyPair",
    "defaultSecurityGroups",
    "discovery",
    "edda",
    "enabled",
    "environment",
    "front50",
    "lifecycleHooks",
    "regions",
)
"""What Clouddriver fills in where an `aws` account is stored without it, and shows."""
UNNOTICED: Mapping[str, tuple[str, ...]] = {
    "aws": ("requiredGroupMembership",),
    "ecs": ("namingStrategy",),
    "kubernetes": (),
}
"""What a running Clouddriver does not read again where nothing else changes."""
OF_A_RESOURCE = {
    "deployPriority": "100",
    "namespaced": True,
    "spinnakerKind": "unclassified",
}
"""Spinnaker's own defaults in an item of customResources."""
SPELLED = {"oAuthScopes": "oauthScopes", "oAuthServiceAccount": "oauthServiceAccount"}
"""What JSON names differently from YAML."""
TYPES = tuple(COMPARED)
SENDABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""A name that is empty or holds a slash could never be deleted. Names that differ only
in case are one row of the database, so `verdicts.py` leaves the second one alone.
"""
ACCOUNT_ID = re.compile(r"[0-9]{12}")
ROLE = re.compile(
    r"role/[\w+=,.@/-]+|arn:[\w-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.A
)
TEMPLATE = "{{"
"""In a text of an account, Clouddriver fills it in."""
KNOWN_REGIONS = frozenset(
    name for partition in PARTITIONS.values() for name in partition.regions
)


@dataclass(frozen=True, slots=True)
class Body:
    """One account, as it is sent."""

    type: str
    name: str
    document: Mapping[str, Any] = field(repr=False)

    @property
    def json(self) -> bytes:
        return json.dumps(self.document, ensure_ascii=False).encode()

    @property
    def fields(self) -> Fields:
        return comparable(self.type, self.document)

    @property
    def digest(self) -> str:
        return digest(self.fields)

    @property
    def aws_account(self) -> str:
        """Name the AWS account that an ECS account uses; empty for others."""
        return str(self.document.get("awsAccount", ""))


def bodies(
    entries: Entries, *, defaults: Mapping[str, Any] | None = None
) -> tuple[Body, ...]:
    """Write every account, AWS before ECS.

    `defaults` are the `aws.default…` fields that the server has: they are spelled out.
    """
    spelled = dict(defaults or {})
    if unknown := spelled.keys() - set(DEFAULTABLE):
        raise ValueError(f"Not a field with a default: {', '.join(sorted(unknown))}.")
    documents = [
        *(aws_body(entry, spelled) for entry in entries.aws),
        *(ecs_body(entry) for entry in entries.ecs),
        *(kubernetes_body(entry) for entry in entries.kubernetes),
    ]
    return tuple(Body(one["type"], one["name"], one) for one in documents)


def aws_body(entry: AwsEntry, defaults: Mapping[str, Any]) -> dict[str, Any]:
    optional = {"externalId": entry.external_id, **defaults}
    body = {
        "type": "aws",
        "name": entry.name,
        "accountId": entry.account_id,
        "environment": entry.environment or entry.name,
        "accountType": entry.name,
        "enabled": True,
        "regions": regions(entry.regions),
        "assumeRole": entry.assume_role,
        "sessionName": entry.session_name,
        "lambdaEnabled": entry.lambda_enabled,
        # What stock Clouddriver's template would say.
        "defaultKeyPair": entry.key_pair or f"{entry.name}-keypair",
        # Said even where there are none: without them Clouddriver answers an account
        # manager with an error 500.
        "permissions": permissions(entry.permissions),
        **without_empty(optional),
    }
    return lower(carrying(body, entry.carried))


def ecs_body(entry: EcsEntry) -> dict[str, Any]:
    body = {
        "type": "ecs",
        "name": entry.name,
        "awsAccount": entry.aws_account,
        "namingStrategy": "default",
    }
    return carrying(body, entry.carried)


def kubernetes_body(entry: KubernetesEntry) -> dict[str, Any]:
    """Sign in by `exec`: there is no secret in the kubeconfig."""
    environment = entry.environment or entry.name
    body = {
        "type": "kubernetes",
        "name": entry.name,
        "environment": environment,
        "accountType": entry.name,
        "context": entry.name,
        SECRET: kubeconfig(entry),
        "namespaces": list(entry.namespaces),
        "omitNamespaces": [],
        "kinds": [],
        "omitKinds": [],
        # Clouddriver's own defaults, as the bundle leaves them.
        "onlySpinnakerManaged": False,
        "checkPermissionsOnStartup": True,
        "cacheThreads": 1,
        "permissions": permissions(entry.permissions),
    }
    whole = lower(carrying(body, entry.carried))
    return {SPELLED.get(name, name): value for name, value in whole.items()}


def lower(body: dict[str, Any]) -> dict[str, Any]:
    """Write roles in lower case: Clouddriver compares them as sent when it saves."""
    spelled = {
        verb: [role.strip().lower() for role in roles]
        for verb, roles in body["permissions"].items()
    }
    return {**body, "permissions": spelled}


def problems(wanted: Iterable[Body]) -> Iterator[tuple[str, str]]:
    """Yield the name of each account that must not be sent, and why.

    Spinnaker itself accepts anything.
    """
    wanted = tuple(wanted)
    yield from denied(
        {body.name: body.aws_account for body in wanted if body.type == "ecs"},
        {body.name: body.document.get("externalId", "") for body in wanted},
    )
    seen: dict[str, str] = {}
    for body in wanted:
        if body.name in seen:
            yield body.name, f"“{body.name}” names two accounts."
        seen[body.name] = body.type
        yield from ((body.name, sentence) for sentence in body_problems(body))


def body_problems(body: Body) -> Iterator[str]:
    document = body.document
    if not SENDABLE_NAME.fullmatch(body.name):
        yield (
            "A name has 1 to 63 letters, digits or “._-”, and begins with a letter or "
            "a digit."
        )
    if body.type == "aws":
        if not ACCOUNT_ID.fullmatch(document["accountId"]):
            yield "An AWS account ID has 12 digits."
        names = [one["name"] for one in document["regions"]]
        if not names or len({*names}) < len(names) or {*names} - KNOWN_REGIONS:
            yield "Give at least one Region, each known to AWS and only once."
        if not ROLE.fullmatch(document["assumeRole"]):
            yield "Give the role to assume, as role/NAME or as an ARN."
        if any(text in document["assumeRole"].rpartition(":")[2] for text in OTHER_STS):
            yield CHAIN_ROLE_RULE
    if body.type == "ecs" and not body.aws_account:
        yield "An ECS account needs its AWS account."
    for name, value in document.items():
        is_template = name != SECRET and isinstance(value, str) and TEMPLATE in value
        if is_template or any(replaced(value)):
            yield f"Clouddriver would put something else in place of its {name}."
    for roles in document.get("permissions", {}).values():
        if any(role != role.strip().lower() or not role for role in roles):
            yield "Write roles of Fiat in lower case."


def comparable(type_: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Bring the fields of a document into one spelling; what says nothing is left
    out.
    """
    found = {name: spelling(name, document.get(name)) for name in COMPARED[type_]}
    for name, usual in CARRIED[type_].items():
        value = spelling(name, document.get(name))
        if value != usual:
            found[name] = value
    return {
        name: json.dumps(value, sort_keys=True, separators=(",", ":"))
        for name, value in found.items()
        if value is not None
        and (value not in ("", [], {}) or name in EMPTY_SAYS[type_])
    }


def spelling(name: str, value: Any) -> Any:
    match name, value:
        case "regions", list():
            regions = [plain_region(one) for one in value if isinstance(one, dict)]
            return sorted(regions, key=lambda one: json.dumps(one, sort_keys=True))
        case "permissions", dict():
            return {
                str(verb).upper(): sorted({str(role).strip().lower() for role in roles})
                for verb, roles in value.items()
                if isinstance(roles, list) and roles
            }
        case "kubeconfigContents", str():
            # JSON may hold half of a surrogate pair.
            text = value.encode(errors="surrogatepass")
            return sha256(text).hexdigest() if text else ""
        case "customResources", list():
            return [without_defaults(one, OF_A_RESOURCE) for one in value]
        case _, list() if all(isinstance(one, str) for one in value):
            return sorted(value)
        case _, list():
            return [without_defaults(one) for one in value]
        case "rawResourcesEndpointConfig", dict():
            return without_defaults(value)
    return value


def plain_region(region: Mapping[str, Any]) -> Any:
    """Return its name alone, where there is nothing else to say of it."""
    said = {**without_defaults(region), "name": str(region.get("name"))}
    return said if said.keys() - {"name"} else said["name"]


def without_defaults(item: Any, usual: Mapping[str, Any] | None = None) -> Any:
    """Leave out what an answer fills in, because nobody says it."""
    if not isinstance(item, dict):
        return item
    return {
        name: value
        for name, value in item.items()
        if value not in (None, "", [], {}, False) and value != (usual or {}).get(name)
    }


def whole_role(fields: Fields) -> dict[str, str]:
    """Write the role as Clouddriver expands it: a whole ARN of partition aws."""
    role = json.loads(fields.get("assumeRole", '""'))
    if not str(role).startswith("role/"):
        return dict(fields)
    account = str(json.loads(fields.get("accountId", '""')))
    return {**fields, "assumeRole": json.dumps(arn("aws", "iam", account, role))}


def by_name(fields: Fields) -> dict[str, str]:
    """Name the Regions alone: the zones of those that it knows, Clouddriver ignores."""
    regions = json.loads(fields.get("regions", "null"))
    if not isinstance(regions, list):
        return dict(fields)
    names = {one["name"] if isinstance(one, dict) else one for one in regions}
    return {**fields, "regions": json.dumps(sorted(names), separators=(",", ":"))}


def usual_fields(type_: str, name: str) -> dict[str, str]:
    """Return what Clouddriver makes of fields that are missing, as JSON."""
    made = {field: text.format(name) for field, text in NAMED[type_].items()}
    return {field: json.dumps(one) for field, one in {**USUAL[type_], **made}.items()}


def differing_by_effect(
    type_: str, name: str, one: Fields, other: Fields, loaded: Fields | None = None
) -> tuple[str, ...]:
    """Name the fields in which two bodies of an account make another account.

    `loaded` is what Clouddriver made of the first one: it knows the server's defaults.
    """
    filled = {
        field: by_name(loaded)[field]
        for field in FILLED_IN
        if loaded and type_ == "aws" and field in loaded
    }
    usual = usual_fields(type_, name)
    first, second = (
        whole_role(
            {
                field: value
                for field in one.keys() | other.keys()
                if (value := said.get(field, instead.get(field))) is not None
            }
        )
        for said, instead in ((one, usual | filled), (other, usual))
    )
    return differing(first, second)


def noticed(type_: str, name: str, stored: Fields, wanted: Fields) -> tuple[str, ...]:
    """Name the fields because of which a running Clouddriver loads what is stored
    again, once it is as wanted.
    """
    found = differing_by_effect(type_, name, by_name(stored), by_name(wanted))
    return tuple(field for field in found if field not in UNNOTICED[type_])


def digest(fields: Fields) -> str:
    """Name the whole of the compared fields; empty where there is no account."""
    return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def differing(one: Fields, other: Fields) -> tuple[str, ...]:
    """Name the fields that differ; never their values."""
    return tuple(
        sorted(
            name
            for name in one.keys() | other.keys()
            if one.get(name) != other.get(name)
        )
    )
