"""What Halyard's strict reader knows, what is wrong in a halconfig, and what
the merge does about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Any, TypeAlias

from onboarding.names import short
from onboarding.spinnaker.bundle.contents import BundleAccounts
from onboarding.spinnaker.halconfig.tree import (
    PLAIN,
    TRUE_TEXT,
    BadHalconfig,
    Listing,
    Node,
    Scalar,
    Table,
    is_on,
    meaning,
    node,
)


class Kind(Enum):
    TEXT = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    ANYTHING = auto()


TEXT, NUMBER, BOOLEAN, ANYTHING = Kind


@dataclass(frozen=True, slots=True)
class ListOf:
    kind: Schema


@dataclass(frozen=True, slots=True)
class OneOf:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mapping with any keys, all of one kind."""

    kind: Schema


Schema: TypeAlias = "Kind | ListOf | OneOf | Keyed | dict[str, Schema]"


def each(kind: Schema, names: str) -> dict[str, Schema]:
    return dict.fromkeys(names.split(), kind)


TEXTS = ListOf(TEXT)
NAMED = ListOf({"name": TEXT})
ACCOUNT: dict[str, Schema] = {
    **each(TEXT, "name environment"),
    "requiredGroupMembership": TEXTS,
    "permissions": Keyed(TEXTS),
}
HOOK: dict[str, Schema] = {
    **each(TEXT, "defaultResult lifecycleTransition notificationTargetARN roleARN"),
    "heartbeatTimeout": NUMBER,
}
AWS_ACCOUNT: dict[str, Schema] = {
    **ACCOUNT,
    **each(TEXT, "defaultKeyPair edda discovery accountId assumeRole externalId"),
    **each(TEXT, "sessionName"),
    "regions": NAMED,
    "lifecycleHooks": ListOf(HOOK),
    "lambdaEnabled": BOOLEAN,
    "providerVersion": ANYTHING,
}
BASE_IMAGE: dict[str, Schema] = {
    "baseImage": each(
        TEXT, "id shortDescription detailedDescription packageType templateFile"
    ),
    "virtualizationSettings": ListOf(
        each(
            TEXT,
            "region virtualizationType instanceType sourceAmi sshUserName "
            "winRmUserName spotPrice spotPriceAutoProduct",
        )
    ),
}
BAKERY: dict[str, Schema] = {
    **each(TEXT, "templateFile awsAccessKey awsSecretKey awsSubnetId awsVpcId"),
    "baseImages": ListOf(BASE_IMAGE),
    "awsAssociatePublicIpAddress": BOOLEAN,
    "defaultVirtualizationType": OneOf(("pv", "hvm")),
}
SWITCH: dict[str, Schema] = {"enabled": BOOLEAN}
AWS: dict[str, Schema] = {
    **each(TEXT, "primaryAccount accessKeyId secretAccessKey defaultAssumeRole"),
    **each(TEXT, "defaultKeyPairTemplate"),
    **each(SWITCH, "lambda"),
    "enabled": BOOLEAN,
    "accounts": ListOf(AWS_ACCOUNT),
    "defaultRegions": NAMED,
    "defaults": {"iamRole": TEXT},
    "features": each(SWITCH, "cloudFormation lambda"),
    "bakeryDefaults": BAKERY,
}
ECS_ACCOUNT: dict[str, Schema] = {
    **ACCOUNT,
    "awsAccount": TEXT,
    "providerVersion": ANYTHING,
}
ECS: dict[str, Schema] = {
    **each(TEXT, "awsAccount primaryAccount"),
    "enabled": BOOLEAN,
    "accounts": ListOf(ECS_ACCOUNT),
}
CLUSTER: dict[str, Schema] = {
    **ACCOUNT,
    **each(TEXT, "context cluster user kubeconfigFile kubeconfigContents kubectlPath"),
    **each(TEXT, "oAuthServiceAccount namingStrategy skin"),
    **each(NUMBER, "cacheThreads cacheIntervalSeconds kubectlRequestTimeoutSeconds"),
    **each(BOOLEAN, "configureImagePullSecrets serviceAccount onlySpinnakerManaged"),
    **each(BOOLEAN, "checkPermissionsOnStartup cacheAllApplicationRelationships"),
    **each(BOOLEAN, "liveManifestCalls debug"),
    **each(TEXTS, "namespaces omitNamespaces kinds omitKinds oAuthScopes"),
    "providerVersion": OneOf(("V1", "V2")),
    "dockerRegistries": ListOf({"accountName": TEXT, "namespaces": TEXTS}),
    "customResources": ListOf(
        {"kubernetesKind": TEXT, "spinnakerKind": TEXT, "versioned": BOOLEAN}
    ),
    "cachingPolicies": ListOf({"kubernetesKind": TEXT, "maxEntriesPerAgent": NUMBER}),
    "rawResourcesEndpointConfig": each(ANYTHING, "kindExpressions omitKindExpressions"),
}
KUBERNETES: dict[str, Schema] = {
    "enabled": BOOLEAN,
    "primaryAccount": TEXT,
    "accounts": ListOf(CLUSTER),
}
OTHER_PROVIDERS = (
    "appengine azure cloudfoundry cloudrun dcos dockerRegistry google huaweicloud "
    "openstack oracle tencentcloud"
)
"""Of Halyard's last release, which writes all but openstack, and ignores that."""
DEPLOYMENT: dict[str, Schema] = {
    **each(TEXT, "name version timezone"),
    "providers": {
        "aws": AWS,
        "ecs": ECS,
        "kubernetes": KUBERNETES,
        **each(ANYTHING, OTHER_PROVIDERS),
    },
    **each(ANYTHING, "deploymentEnvironment persistentStorage features metricStores"),
    **each(ANYTHING, "notifications ci repository security artifacts pubsub canary"),
    **each(ANYTHING, "webhook stats spinnaker plugins telemetry"),
}
HALCONFIG: dict[str, Schema] = {
    **each(TEXT, "halyardVersion currentDeployment"),
    "deploymentConfigurations": ListOf(DEPLOYMENT),
}


def problems(found: Node, schema: Schema = HALCONFIG, path: str = "") -> Iterator[str]:
    """Yield a sentence, with its line, for each thing that Halyard refuses."""
    if schema is ANYTHING or (isinstance(found, Scalar) and found.is_null):
        return
    match schema, found:
        case dict(), Table(pairs=pairs):
            for name, (key, value) in pairs.items():
                inner = f"{path}.{short(name)}".lstrip(".")
                if name in schema:
                    yield from problems(value, schema[name], inner)
                else:
                    yield f"Line {key.line}: hal knows no “{inner}”."
        case Keyed(kind=kind), Table(pairs=pairs):
            for name, (_, value) in pairs.items():
                yield from problems(value, kind, f"{path}.{short(name)}")
        case ListOf(kind=kind), Listing(items=items):
            for item in items:
                yield from problems(item, kind, path)
        case Kind() | OneOf(), Scalar() if is_of(schema, found):
            pass
        case _:
            yield f"Line {found.line}: “{path}” must be {wanted(schema)}."


def is_of(schema: Kind | OneOf, scalar: Scalar) -> bool:
    match schema:
        case OneOf(words=words):
            return scalar.text in words
        case Kind.NUMBER:
            return scalar.text.lstrip("+-").isdigit()
        case Kind.BOOLEAN:
            known = {"true", "false"}
            known |= {"yes", "no", "on", "off"} if scalar.style == PLAIN else set()
            return scalar.text.lower() in known
        case _:
            return True


def holds(value: Any, schema: Schema | None) -> bool:
    """Return whether hal's config can have this value there."""
    return schema is not None and not any(problems(node(value), schema))


def pruned(account: Mapping[str, Any], schema: Mapping[str, Schema]) -> dict[str, Any]:
    """Leave out the fields that Halyard would refuse; of regions, all but the names."""
    named = {
        key: [{"name": one["name"]} for one in value] if key == "regions" else value
        for key, value in account.items()
    }
    return {k: value for k, value in named.items() if holds(value, schema.get(k))}


def wanted(schema: Schema) -> str:
    match schema:
        case OneOf(words=words):
            return " or ".join(words)
        case ListOf(kind=dict()):
            return "a list of mappings"
        case ListOf():
            return "a list"
        case dict() | Keyed():
            return "a mapping"
        case Kind.NUMBER:
            return "a number"
        case Kind.BOOLEAN:
            return "true or false"
        case _:
            return "one text"


MOST_PROBLEMS = 10


def check(found: Table) -> None:
    """Raise BadHalconfig with what Halyard would refuse, the first of it."""
    first = list(islice(problems(found), MOST_PROBLEMS))
    if first:
        raise BadHalconfig("\n".join(first))


MOST_NAMED = 3


def mistakes(
    held: Mapping[str, Table], bundled: BundleAccounts, others: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each fault of the providers before the merge.

    `others` are the bundle's names that the config has for something else.
    """
    aws = held.get("aws", Table({}))
    wanted = {a["name"] for a in bundled.aws if a.get("lambdaEnabled")} - {*others}
    accounts = {account.text("name"): account for account in aws.tables("accounts")}
    if wanted and accounts:
        yield from switch_off(aws)
    yield from flags_off([accounts[name] for name in accounts if name in wanted])
    added = {account["name"] for account in bundled.aws} - {*others}
    for account in held.get("ecs", Table({})).tables("accounts"):
        if account.text("awsAccount") not in accounts:
            yield without_aws_account(account, added, others)


def switch_off(aws: Table) -> Iterator[str]:
    """Say that Lambda is off for all of Spinnaker, which `lambda` alone still heals."""
    if is_on(aws.table("features") or Table({}), "lambda"):
        return
    shows = (
        "only the older providers.aws.lambda.enabled lets Spinnaker show functions"
        if is_on(aws, "lambda")
        else "Spinnaker shows no functions of any account"
    )
    yield (
        f"providers.aws.features.lambda.enabled isn't true, so {shows}. Merging "
        "switches it on, for every account that says lambdaEnabled: true."
    )


def flags_off(accounts: Collection[Table]) -> Iterator[str]:
    """Say whose entries keep Lambda off, though the bundle has it on."""
    off = [one for one in accounts if meaning(one.get("lambdaEnabled")) != TRUE_TEXT]
    if not off:
        return
    named = [f"{one.text('name')} in line {one.line}" for one in off[:MOST_NAMED]]
    more = [f"{len(off) - MOST_NAMED:,} more"] if len(off) > MOST_NAMED else []
    whose, entry = ("its", "entry does") if len(off) == 1 else ("their", "entries do")
    chosen = joined_words([*named, *more])
    yield (
        f"Lambda is chosen for {chosen}, and {whose} {entry} not say "
        f"lambdaEnabled: true, so Spinnaker shows none of {whose} functions. Merging "
        "switches it on."
    )


def joined_words(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def without_aws_account(
    ecs: Table, added: Collection[str], others: Collection[str]
) -> str:
    """Say why Clouddriver does not load an ECS account, and what becomes of it."""
    name, target = ecs.text("name"), ecs.text("awsAccount")
    where = f"Line {ecs.line}: the ECS account {short(name)}"
    if not target:
        return (
            f"{where} names no AWS account, so Clouddriver doesn't load it. Give it an "
            "awsAccount, or delete it."
        )
    if target in added:
        what = f"Merging adds {target}."
    elif name in others:
        what = "Merging leaves it so, unless the bundle's account takes over."
    else:
        what = "Merging leaves it so: add that account, or delete this one."
    return (
        f"{where} belongs to {short(target)}, and the config has no AWS account of "
        f"that name, so Clouddriver doesn't load it. {what}"
    )
