"""The fields of an account of Spinnaker: a row each, with what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from onboarding.adopting.values import AWS, ECS, KUBERNETES
from onboarding.carried.fields import canonical
from onboarding.topology import SESSION_NAME


class Shape(Enum):
    """What Spinnaker reads in a field."""

    TEXT = auto()
    TRUTH = auto()
    TEXTS = auto()
    REGIONS = auto()
    PERMISSIONS = auto()
    ANYTHING = auto()


class Treatment(StrEnum):
    """What becomes of a field; the report has words for it."""

    TAKEN = "taken"
    CARRIED = "carried"
    LEFT = "left"


TEXT, TRUTH, TEXTS, REGIONS, PERMISSIONS, ANYTHING = Shape
TAKEN, CARRIED, LEFT = Treatment


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field that Spinnaker knows."""

    name: str
    shape: Shape
    treatment: Treatment
    says: str = ""
    """Why it is left, or what becomes of it."""
    usual: Any = None
    """Spinnaker's own default: a field that says it says nothing."""
    matters: bool = False
    """Whether an account that says it stays where it is."""


KEPT = "Bowline keeps it, and writes it back."
MEMBERS = (
    "Bowline keeps it, and writes it back. Without permissions, only these groups can "
    "use the account: give it permissions, since the field is deprecated."
)
NOTHING_READS = "Clouddriver has no such field and ignores it."
OF_THE_AWS_ACCOUNT = "Clouddriver ignores it and uses the AWS account's."

AWS_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField("accountId", TEXT, TAKEN),
    KnownField("regions", REGIONS, TAKEN),
    KnownField("environment", TEXT, TAKEN),
    KnownField("permissions", PERMISSIONS, TAKEN),
    KnownField("assumeRole", TEXT, TAKEN),
    KnownField("lambdaEnabled", TRUTH, TAKEN, usual=False),
    KnownField("defaultKeyPair", TEXT, TAKEN),
    KnownField("externalId", TEXT, TAKEN),
    KnownField("sessionName", TEXT, TAKEN, usual=SESSION_NAME),
    KnownField("accountType", TEXT, CARRIED, KEPT),
    KnownField("enabled", TRUTH, TAKEN, usual=True),
    KnownField("requiredGroupMembership", TEXTS, CARRIED, MEMBERS),
    *(
        KnownField(name, ANYTHING, CARRIED, KEPT)
        for name in (
            "lifecycleHooks",
            "availabilityZones",
            "preferredZones",
            "deprecatedRegions",
            "sessionDurationSeconds",
        )
    ),
    KnownField("defaultSecurityGroups", TEXTS, CARRIED, KEPT),
    KnownField("allowPrivateThirdPartyImages", TRUTH, CARRIED, KEPT, usual=False),
    KnownField(
        "managingAccountProfile",
        TEXT,
        LEFT,
        "It has no effect, because aws.loadAccounts.useManagingAccountProfile is off.",
    ),
    *(
        KnownField(name, TEXT, CARRIED, KEPT)
        for name in ("edda", "discovery", "front50", "bastionHost")
    ),
    *(
        KnownField(name, TRUTH, CARRIED, KEPT, usual=False)
        for name in (
            "eddaEnabled",
            "discoveryEnabled",
            "front50Enabled",
            "bastionEnabled",
        )
    ),
    KnownField("providerVersion", TEXT, LEFT, NOTHING_READS),
)
ECS_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField("awsAccount", TEXT, TAKEN),
    KnownField("namingStrategy", TEXT, CARRIED, KEPT, usual="default"),
    *(
        KnownField(name, shape, LEFT, OF_THE_AWS_ACCOUNT)
        for name, shape in (
            ("environment", TEXT),
            ("accountType", TEXT),
            ("permissions", PERMISSIONS),
            ("requiredGroupMembership", TEXTS),
            ("accountId", TEXT),
            ("assumeRole", TEXT),
            ("sessionName", TEXT),
            ("regions", REGIONS),
            ("availabilityZones", ANYTHING),
            ("defaultKeyPair", TEXT),
        )
    ),
    KnownField("providerVersion", TEXT, LEFT, NOTHING_READS),
)
KUBERNETES_ROWS = (
    KnownField("name", TEXT, TAKEN),
    KnownField(
        "context", TEXT, TAKEN, "Bowline's kubeconfig names its context itself."
    ),
    KnownField(
        "kubeconfigFile", TEXT, TAKEN, "Bowline writes a kubeconfig of its own."
    ),
    KnownField(
        "kubeconfigContents", TEXT, TAKEN, "Bowline writes a kubeconfig of its own."
    ),
    KnownField("namespaces", TEXTS, TAKEN),
    KnownField("permissions", PERMISSIONS, TAKEN),
    KnownField("environment", TEXT, TAKEN),
    KnownField("serviceAccount", TRUTH, TAKEN, usual=False),
    KnownField("accountType", TEXT, CARRIED, KEPT),
    KnownField("requiredGroupMembership", TEXTS, CARRIED, MEMBERS),
    *(
        KnownField(name, shape, CARRIED, KEPT, usual)
        for name, shape, usual in (
            ("omitNamespaces", TEXTS, None),
            ("kinds", TEXTS, None),
            ("omitKinds", TEXTS, None),
            ("customResources", ANYTHING, None),
            ("cachingPolicies", ANYTHING, None),
            ("onlySpinnakerManaged", TRUTH, False),
            ("namingStrategy", TEXT, "kubernetesAnnotations"),
            ("kubectlExecutable", TEXT, None),
            ("kubectlRequestTimeoutSeconds", ANYTHING, None),
            ("rawResourcesEndpointConfig", ANYTHING, None),
            ("cacheAllApplicationRelationships", TRUTH, False),
            ("oAuthServiceAccount", TEXT, None),
            ("oAuthScopes", TEXTS, None),
            ("cacheThreads", ANYTHING, 1),
            ("cacheIntervalSeconds", ANYTHING, None),
            ("checkPermissionsOnStartup", TRUTH, True),
            ("debug", TRUTH, False),
            ("metrics", TRUTH, True),
        )
    ),
    *(
        KnownField(name, shape, LEFT, NOTHING_READS)
        for name, shape in (
            ("dockerRegistries", ANYTHING),
            ("providerVersion", TEXT),
            ("cluster", TEXT),
            ("user", TEXT),
            ("configureImagePullSecrets", TRUTH),
            ("skin", TEXT),
            ("kubectlPath", TEXT),
            ("liveManifestCalls", TRUTH),
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
