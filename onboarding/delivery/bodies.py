"""Accounts as Spinnaker's API takes them, from the entries of the bundles.

A new account is complete: a field that is left to a default makes Clouddriver reload it
at every poll, because loading fills the default in, and the next poll compares it with
what is stored. Of an account that is there, what nobody set stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypeAlias

from onboarding.carried.fields import carrying
from onboarding.carried.table import (
    AWS,
    ECS,
    EMPTY,
    FILLED,
    KUBERNETES,
    ROWS,
    SECRET,
    SENDABLE,
    SENT,
    UNNOTICED,
    Row,
    named,
)
from onboarding.names import CHAIN_ROLE_RULE, replaced
from onboarding.partitions import PARTITIONS, arn
from onboarding.providers.entry_kinds import KubernetesEntry
from onboarding.providers.external_id import denied
from onboarding.spinnaker.bundle.formats.kubeconfig import kubeconfig
from onboarding.spinnaker.bundle.formats.spring import (
    OTHER_STS,
    aws_fields,
    ecs_fields,
    kubernetes_fields,
)
from onboarding.spinnaker.entries import Entries

Fields: TypeAlias = Mapping[str, str]
"""What is compared of an account: each field's value as JSON, in one spelling."""

KEY_PAIR, WRITE = "defaultKeyPair", "WRITE"
FILLED_IN = tuple(sorted(named(AWS, FILLED)))
OF_A_RESOURCE = {
    "deployPriority": "100",
    "namespaced": True,
    "spinnakerKind": "unclassified",
}
"""Spinnaker's own defaults in an item of customResources."""
SPELLED = {row.name: row.json for rows in ROWS.values() for row in rows if row.json}
"""What JSON names differently from YAML."""
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
    unset: frozenset[str] = frozenset()
    """Fields that nobody set: they say what Clouddriver makes of a missing one."""
    described: str = ""
    """The digest of the whole account, where less of it is sent."""

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

    def only(self, names: Collection[str]) -> Body:
        """Return it with less to send."""
        document = {key: self.document[key] for key in self.document if key in names}
        return replace(self, document=document, described=self.described or self.digest)

    def changing(self, stored: Fields, loaded: Fields | None) -> Body:
        """Return it for an account that Spinnaker stores: what is missing there stays
        missing where nobody set it, or where Clouddriver makes the same of it.
        """
        missing = self.fields.keys() - stored.keys()
        body = self.only(self.document.keys() - (missing & self.unset))
        other = differing_by_effect(body.type, body.name, stored, body.fields, loaded)
        return body.only(body.document.keys() - missing.difference(other))


def bodies(entries: Entries) -> tuple[Body, ...]:
    """Write every account, AWS before ECS."""
    return (
        *(body_of(AWS, aws_fields(e), e.carried) for e in entries.aws),
        *(body_of(ECS, ecs_fields(e), e.carried) for e in entries.ecs),
        *(body_of(KUBERNETES, cluster(e), e.carried) for e in entries.kubernetes),
    )


def cluster(entry: KubernetesEntry) -> dict[str, Any]:
    """Sign in by `exec`: there is no secret in the kubeconfig."""
    return {**kubernetes_fields(entry), SECRET: kubeconfig(entry)}


def body_of(kind: str, written: Mapping[str, Any], carried: Mapping[str, Any]) -> Body:
    """Write a new account: of what nobody set, it says what Clouddriver makes of that.

    Permissions are said even where there are none: without them Clouddriver answers an
    account manager with an error 500.
    """
    name = str(written.get("name", ""))
    usual = {
        key: value
        for key, row in SENDABLE[kind].items()
        if row.traits & SENT and (value := row.usual(name, is_stored=True)) is not None
    }
    said = carrying(written, carried)
    document = {"type": kind, "name": name, **usual, **said}
    if "permissions" in document:
        document["permissions"] = groups(document["permissions"])
    spelled = {SPELLED.get(key, key): value for key, value in document.items()}
    return Body(kind, name, spelled, frozenset(usual.keys() - said.keys()))


def groups(permissions: Mapping[str, Any]) -> dict[str, list[str]]:
    """Write those who can write in lower case: when it saves, Clouddriver compares them
    as they are sent with the roles of the service account.
    """
    return {
        verb: [one.strip().lower() if verb == WRITE else one.strip() for one in some]
        for verb, some in permissions.items()
    }


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
        role = document.get("assumeRole", "")
        if not ROLE.fullmatch(role):
            yield "Give the role to assume, as role/NAME or as an ARN."
        if any(text in role.rpartition(":")[2] for text in OTHER_STS):
            yield CHAIN_ROLE_RULE
    if body.type == "ecs" and not body.aws_account:
        yield "An ECS account needs its AWS account."
    for name, value in document.items():
        is_template = name != SECRET and isinstance(value, str) and TEMPLATE in value
        if is_template or any(replaced(value)):
            yield f"Clouddriver would put something else in place of its {name}."
    permissions = document.get("permissions", {})
    if permissions != groups(permissions) or not all(map(all, permissions.values())):
        yield "Write the groups of WRITE in lower case."


def comparable(type_: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Bring the fields of a document into one spelling; what says nothing is left
    out.
    """
    known = SENDABLE[type_]
    found = {name: spelling(name, document.get(name)) for name in known}
    return {
        name: json.dumps(value, sort_keys=True, separators=(",", ":"))
        for name, value in found.items()
        if says_something(known[name], value)
    }


def says_something(row: Row, value: Any) -> bool:
    """Return whether it is compared: an answer has the default of what is only carried,
    too, and an empty value of what nobody said.
    """
    if value is None or (value in ("", [], {}) and not row.traits & EMPTY):
        return False
    return bool(row.traits & SENT) or value != row.default


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
    usual = {
        field: row.usual(name, is_stored=True) for field, row in SENDABLE[type_].items()
    }
    return {
        field: json.dumps(value)
        for field, value in usual.items()
        if value not in (None, "", [], {})
    }


def differing_by_effect(
    type_: str, name: str, one: Fields, other: Fields, loaded: Fields | None = None
) -> tuple[str, ...]:
    """Name the fields in which two bodies of an account make another account.

    `loaded` is what Clouddriver made of the first one: it knows the server's defaults.
    """
    usual = usual_fields(type_, name)
    made = dict(usual)
    if loaded and type_ == AWS:
        shown = by_name(loaded)
        made |= {field: shown[field] for field in FILLED_IN if field in shown}
        if KEY_PAIR not in shown:  # The server has no template for it.
            del made[KEY_PAIR]
    first, second = (
        whole_role(
            {
                field: value
                for field in one.keys() | other.keys()
                if (value := said.get(field, instead.get(field))) is not None
            }
        )
        for said, instead in ((one, made), (other, usual))
    )
    return differing(first, second)


def noticed(type_: str, name: str, stored: Fields, wanted: Fields) -> tuple[str, ...]:
    """Name the fields because of which a running Clouddriver loads what is stored
    again, once it is as wanted.
    """
    found = differing_by_effect(type_, name, by_name(stored), by_name(wanted))
    ignored = named(type_, UNNOTICED)
    return tuple(field for field in found if field not in ignored)


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
