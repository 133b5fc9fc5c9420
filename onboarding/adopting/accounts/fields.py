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
class Row:
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
    Row("name", TEXT, TAKEN),
    Row("accountId", TEXT, TAKEN),
    Row("regions", REGIONS, TAKEN),
    Row("environment", TEXT, TAKEN),
    Row("permissions", PERMISSIONS, TAKEN),
    Row("assumeRole", TEXT, TAKEN),
    Row("lambdaEnabled", TRUTH, TAKEN, usual=False),
    Row("defaultKeyPair", TEXT, TAKEN),
    Row("externalId", TEXT, TAKEN),
    Row("sessionName", TEXT, TAKEN, usual=SESSION_NAME),
    Row("accountType", TEXT, CARRIED, KEPT),
    Row("enabled", TRUTH, TAKEN, usual=True),
    Row("requiredGroupMembership", TEXTS, CARRIED, MEMBERS),
    *(
        Row(name, ANYTHING, CARRIED, KEPT)
        for name in (
            "lifecycleHooks",
            "availabilityZones",
            "preferredZones",
            "deprecatedRegions",
            "sessionDurationSeconds",
        )
    ),
    Row("defaultSecurityGroups", TEXTS, CARRIED, KEPT),
    Row("allowPrivateThirdPartyImages", TRUTH, CARRIED, KEPT, usual=False),
    Row(
        "managingAccountProfile",
        TEXT,
        LEFT,
        "It has no effect, because aws.loadAccounts.useManagingAccountProfile is off.",
    ),
    *(
        Row(name, TEXT, CARRIED, KEPT)
        for name in ("edda", "discovery", "front50", "bastionHost")
    ),
    *(
        Row(name, TRUTH, CARRIED, KEPT, usual=False)
        for name in (
            "eddaEnabled",
            "discoveryEnabled",
            "front50Enabled",
            "bastionEnabled",
        )
    ),
    Row("providerVersion", TEXT, LEFT, NOTHING_READS),
)
ECS_ROWS = (
    Row("name", TEXT, TAKEN),
    Row("awsAccount", TEXT, TAKEN),
    Row("namingStrategy", TEXT, CARRIED, KEPT, usual="default"),
    *(
        Row(name, shape, LEFT, OF_THE_AWS_ACCOUNT)
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
    Row("providerVersion", TEXT, LEFT, NOTHING_READS),
)
KUBERNETES_ROWS = (
    Row("name", TEXT, TAKEN),
    Row("context", TEXT, TAKEN, "Bowline's kubeconfig names its context itself."),
    Row("kubeconfigFile", TEXT, TAKEN, "Bowline writes a kubeconfig of its own."),
    Row("kubeconfigContents", TEXT, TAKEN, "Bowline writes a kubeconfig of its own."),
    Row("namespaces", TEXTS, TAKEN),
    Row("permissions", PERMISSIONS, TAKEN),
    Row("environment", TEXT, TAKEN),
    Row("serviceAccount", TRUTH, TAKEN, usual=False),
    Row("accountType", TEXT, CARRIED, KEPT),
    Row("requiredGroupMembership", TEXTS, CARRIED, MEMBERS),
    *(
        Row(name, shape, CARRIED, KEPT, usual)
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
        Row(name, shape, LEFT, NOTHING_READS)
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
ROWS: Mapping[str, tuple[Row, ...]] = {
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
