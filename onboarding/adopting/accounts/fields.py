"""The fields of an account of Spinnaker: a row each, with what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, TypeAlias

from onboarding.adopting.values import AWS, ECS, KUBERNETES
from onboarding.carried.fields import canonical
from onboarding.topology import SESSION_NAME


class Shape(Enum):
    """What Spinnaker reads in a field."""

    TEXT = auto()
    TRUTH = auto()
    TEXTS = auto()
    MAPPINGS = auto()
    """A list of mappings."""
    REGIONS = auto()
    PERMISSIONS = auto()
    ANYTHING = auto()


class Treatment(StrEnum):
    """What becomes of a field; the report has words for it."""

    TAKEN = "taken"
    CARRIED = "carried"
    LEFT = "left"


TEXT, TRUTH, TEXTS, MAPPINGS, REGIONS, PERMISSIONS, ANYTHING = Shape
TAKEN, CARRIED, LEFT = Treatment
Values: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field that Spinnaker knows."""

    name: str
    shape: Shape
    treatment: Treatment
    says: str = ""
    """Why it is left, or what becomes of it."""
    usual: Values = ()
    """What Clouddriver makes of a missing key: a field that says it says nothing. Where
    a setting of the provider can be the default, nothing is.
    """
    matters: bool = False
    """Whether an account that says it stays where it is."""


KEPT = "Bowline keeps it, and writes it back."
MEMBERS = (
    "Bowline keeps it, and writes it back. Without permissions, only these groups can "
    "use the account: give it permissions, since the field is deprecated."
)
NOTHING_READS = "Clouddriver has no such field and ignores it."
OF_THE_AWS_ACCOUNT = "Clouddriver ignores it and uses the AWS account's."

SWITCHED_BY = {
    "edda": "eddaEnabled",
    "discovery": "discoveryEnabled",
    "front50": "front50Enabled",
    "bastionHost": "bastionEnabled",
}
"""Addresses of other services, each with its switch."""
NONE: Values = ([],)
NOTHING: Values = ({},)
EMPTY: Values = ("",)
OFF: Values = (False,)
AWS_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField("accountId", TEXT, TAKEN),
    KnownField("regions", REGIONS, TAKEN, usual=NONE),
    KnownField("environment", TEXT, TAKEN),
    KnownField("permissions", PERMISSIONS, TAKEN, usual=NOTHING),
    KnownField("assumeRole", TEXT, TAKEN),
    KnownField("lambdaEnabled", TRUTH, TAKEN, usual=OFF),
    KnownField("defaultKeyPair", TEXT, TAKEN),
    KnownField("externalId", TEXT, TAKEN),
    # Bowline's own outputs always say it.
    KnownField("sessionName", TEXT, TAKEN, usual=(SESSION_NAME,)),
    KnownField("accountType", TEXT, CARRIED, KEPT),
    KnownField("enabled", TRUTH, TAKEN, usual=(True,)),
    KnownField("requiredGroupMembership", TEXTS, CARRIED, MEMBERS, usual=NONE),
    # A missing list is aws.defaultLifecycleHooks, an empty one is none.
    KnownField("lifecycleHooks", MAPPINGS, CARRIED, KEPT),
    *(
        KnownField(name, ANYTHING, CARRIED, KEPT)
        for name in (
            "availabilityZones",
            "preferredZones",
            "deprecatedRegions",
            "sessionDurationSeconds",
        )
    ),
    # A missing list is aws.defaultSecurityGroups, an empty one is none.
    KnownField("defaultSecurityGroups", TEXTS, CARRIED, KEPT),
    KnownField("allowPrivateThirdPartyImages", TRUTH, CARRIED, KEPT, usual=OFF),
    KnownField(
        "managingAccountProfile",
        TEXT,
        LEFT,
        "It has no effect, because aws.loadAccounts.useManagingAccountProfile is off.",
        usual=EMPTY,
    ),
    # A missing text is the provider's aws.default…Template, an empty one is none.
    *(KnownField(name, TEXT, CARRIED, KEPT) for name in SWITCHED_BY),
    # A missing switch is on where there is an address.
    *(KnownField(name, TRUTH, CARRIED, KEPT) for name in SWITCHED_BY.values()),
    KnownField("providerVersion", TEXT, LEFT, NOTHING_READS, usual=EMPTY),
)
ECS_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField("awsAccount", TEXT, TAKEN),
    # A missing or empty text is ecs.defaultNamingStrategy.
    KnownField("namingStrategy", TEXT, CARRIED, KEPT, usual=EMPTY),
    *(
        KnownField(name, shape, LEFT, OF_THE_AWS_ACCOUNT, usual)
        for name, shape, usual in (
            ("environment", TEXT, EMPTY),
            ("accountType", TEXT, EMPTY),
            ("permissions", PERMISSIONS, NOTHING),
            ("requiredGroupMembership", TEXTS, NONE),
            ("accountId", TEXT, EMPTY),
            ("assumeRole", TEXT, EMPTY),
            ("sessionName", TEXT, EMPTY),
            ("regions", REGIONS, NONE),
            ("availabilityZones", ANYTHING, ()),
            ("defaultKeyPair", TEXT, EMPTY),
        )
    ),
    KnownField("providerVersion", TEXT, LEFT, NOTHING_READS, usual=EMPTY),
)
KUBERNETES_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField(
        "context", TEXT, TAKEN, "Bowline's kubeconfig names its context itself.", EMPTY
    ),
    KnownField(
        "kubeconfigFile", TEXT, TAKEN, "Bowline writes a kubeconfig of its own.", EMPTY
    ),
    KnownField(
        "kubeconfigContents",
        TEXT,
        TAKEN,
        "Bowline writes a kubeconfig of its own.",
        EMPTY,
    ),
    KnownField("namespaces", TEXTS, TAKEN, usual=NONE),
    KnownField("permissions", PERMISSIONS, TAKEN, usual=NOTHING),
    KnownField("environment", TEXT, TAKEN),
    KnownField("serviceAccount", TRUTH, TAKEN, usual=OFF),
    KnownField("accountType", TEXT, CARRIED, KEPT),
    KnownField("requiredGroupMembership", TEXTS, CARRIED, MEMBERS, usual=NONE),
    *(
        KnownField(name, shape, CARRIED, KEPT, usual)
        for name, shape, usual in (
            ("omitNamespaces", TEXTS, NONE),
            ("kinds", TEXTS, NONE),
            ("omitKinds", TEXTS, NONE),
            ("customResources", MAPPINGS, NONE),
            ("cachingPolicies", MAPPINGS, NONE),
            ("onlySpinnakerManaged", TRUTH, OFF),
            ("namingStrategy", TEXT, ("kubernetesAnnotations",)),
            ("kubectlExecutable", TEXT, EMPTY),
            ("kubectlRequestTimeoutSeconds", ANYTHING, ()),
            ("rawResourcesEndpointConfig", ANYTHING, NOTHING),
            ("cacheAllApplicationRelationships", TRUTH, OFF),
            ("oAuthServiceAccount", TEXT, EMPTY),
            ("oAuthScopes", TEXTS, NONE),
            ("cacheThreads", ANYTHING, (1,)),
            ("cacheIntervalSeconds", ANYTHING, ()),
            ("checkPermissionsOnStartup", TRUTH, (True,)),
            ("debug", TRUTH, OFF),
            ("metrics", TRUTH, (True,)),
        )
    ),
    *(
        KnownField(name, shape, LEFT, NOTHING_READS, usual)
        for name, shape, usual in (
            ("dockerRegistries", ANYTHING, NONE),
            ("providerVersion", TEXT, EMPTY),
            ("cluster", TEXT, EMPTY),
            ("user", TEXT, EMPTY),
            ("configureImagePullSecrets", TRUTH, ()),
            ("skin", TEXT, EMPTY),
            ("kubectlPath", TEXT, EMPTY),
            ("liveManifestCalls", TRUTH, ()),
        )
    ),
)
ROWS: Mapping[str, tuple[KnownField, ...]] = {
    AWS: AWS_ROWS,
    ECS: ECS_ROWS,
    KUBERNETES: KUBERNETES_ROWS,
}
BY_NAME = {type_: {row.name: row for row in rows} for type_, rows in ROWS.items()}
BY_KEY = {
    type_: {canonical(row.name): row for row in rows} for type_, rows in ROWS.items()
}
OF_A_REGION = {
    "availabilityzones": "availabilityZones",
    "preferredzones": "preferredZones",
    "deprecated": "deprecatedRegions",
}
"""What else a region has, and the field of the account that keeps it."""
WITHIN = {
    canonical(name): name
    for name in (
        *("defaultResult", "heartbeatTimeout", "lifecycleTransition", "name"),
        *("notificationTargetARN", "roleARN"),
        *("deployPriority", "kubernetesKind", "namespaced", "spinnakerKind"),
        *("maxEntriesPerAgent", "versioned"),
        *("kindExpressions", "omitKindExpressions"),
    )
}
"""The keys inside of fields: Spring takes every spelling, and Gate only this one."""
