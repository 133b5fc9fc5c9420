"""The fields of an account of Spinnaker: a row each, by Clouddriver's names. What is
adopted, carried, bundled, configured with hal, delivered, and compared is made from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, Flag, StrEnum, auto
from typing import Any

from onboarding.topology import SESSION_NAME

AWS, ECS, KUBERNETES = KINDS = ("aws", "ecs", "kubernetes")
"""In the order of adding: an ECS account needs its AWS account."""


def canonical(key: str) -> str:
    """Return a key as Spring compares it: `account-id` is `accountId`."""
    return re.sub(r"[-_]", "", key).lower()


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
    """What becomes of a field when it is adopted; the report has words for it."""

    TAKEN = "taken"
    """Bowline's own description has it."""
    CARRIED = "carried"
    """Bowline keeps it, and writes it back."""
    LEFT = "left"


class Trait(Flag):
    """How a field is written and compared, in addition to its value."""

    NONE = 0
    SENT = auto()
    """A new account says it in a delivery, if only Clouddriver's default."""
    FILLED = auto()
    """Where a stored account leaves it out, Clouddriver fills it in, and shows it."""
    EMPTY = auto()
    """An empty one is another value than none: it keeps a default away."""
    UNNOTICED = auto()
    """A running Clouddriver reads no account again because of it alone."""
    REPORTED = auto()
    """Gate's list of loaded accounts says it as it was configured."""
    AWAITED = auto()
    """What is loaded is compared in it: a delivery waits until it is as sent."""
    AWAITED_IF_SAID = auto()
    """The same where the delivery says it: otherwise the server may have a default."""
    OPTION = auto()
    """hal's commands have an option for it."""
    HALS = auto()
    """hal's account has no other value than the bundle's, if that is none."""
    REFUSED = auto()
    """It is never carried, although Bowline doesn't write it."""


TEXT, TRUTH, TEXTS, MAPPINGS, REGIONS, PERMISSIONS, ANYTHING = Shape
TAKEN, CARRIED, LEFT = Treatment
NONE = Trait.NONE
(SENT, FILLED, EMPTY, UNNOTICED, REPORTED, *_) = Trait
(AWAITED, AWAITED_IF_SAID, OPTION, HALS, REFUSED) = _

KEPT = "Bowline keeps it, and writes it back."
MEMBERS = (
    "Bowline keeps it, and writes it back. Without permissions, only these groups can "
    "use the account: give it permissions, since the field is deprecated."
)
NOTHING_READS = "Clouddriver has no such field and ignores it."
OF_THE_AWS_ACCOUNT = "Clouddriver ignores it and uses the AWS account's."
OWN_KUBECONFIG = "Bowline writes a kubeconfig of its own."
OWN_CONTEXT = "Bowline's kubeconfig names its context itself."
NO_PROFILES = (
    "It has no effect, because aws.loadAccounts.useManagingAccountProfile is off."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A field that Spinnaker knows."""

    name: str
    shape: Shape
    treatment: Treatment
    traits: Trait = NONE
    default: Any = None
    """What Clouddriver makes of a missing key, in a text with {} for the name of the
    account; None: nothing, or what a setting of the provider says.
    """
    says: str = ""
    """Why it is left, or what becomes of it."""
    stored: Any = None
    """The default of an account in Clouddriver's database, where that is another."""
    server: str = ""
    """The provider's setting that counts instead of a missing key."""
    label: str = ""
    """What people call it, where two bundles are compared."""
    json: str = ""
    """Its name in a delivery, where that is another one."""

    @property
    def is_carried(self) -> bool:
        """Return whether the remainder of an account may have it."""
        return self.treatment is not TAKEN and not self.traits & REFUSED

    @property
    def sentence(self) -> str:
        return self.says or (KEPT if self.treatment is CARRIED else "")

    @property
    def sent_as(self) -> str:
        return self.json or self.name

    @property
    def option(self) -> str:
        """Return hal's option for it; empty: hal has none."""
        words = re.sub("([A-Z])", r"-\1", self.sent_as).lower()
        return f"--{words}" if self.traits & OPTION else ""

    def usual(self, name: str, *, is_stored: bool = False) -> Any:
        """Return what Clouddriver makes of a missing key of this account."""
        override = self.stored if is_stored else None
        value = self.default if override is None else override
        return value.format(name) if isinstance(value, str) else value


SWITCHED_BY = {
    "edda": "eddaEnabled",
    "discovery": "discoveryEnabled",
    "front50": "front50Enabled",
    "bastionHost": "bastionEnabled",
}
"""Addresses of other services, each with its switch."""
SECRET = "kubeconfigContents"
"""Compared by its digest: Spinnaker returns what is stored there decrypted."""

OWN = HALS | OPTION
SHOWN = SENT | REPORTED | AWAITED
NAMED = SENT | FILLED | REPORTED | AWAITED_IF_SAID
SERVERS = FILLED | EMPTY
AWS_ROWS = (
    Row("name", TEXT, TAKEN, HALS),
    Row("accountId", TEXT, TAKEN, SHOWN | OWN, label="AWS account"),
    Row(
        *("assumeRole", TEXT, TAKEN, SHOWN | FILLED | OWN),
        server="defaultAssumeRole",
        label="managed role",
    ),
    Row(
        *("defaultKeyPair", TEXT, TAKEN, NAMED | OWN),
        stored="{}-keypair",
        server="defaultKeyPairTemplate",
        label="key pair",
    ),
    Row("environment", TEXT, TAKEN, NAMED | OWN, "{}"),
    Row("externalId", TEXT, TAKEN, SHOWN | OWN, label="external ID"),
    Row("lambdaEnabled", TRUTH, TAKEN, SHOWN | OWN, False, label="Lambda"),
    Row("permissions", PERMISSIONS, TAKEN, SHOWN | HALS, {}),
    Row("regions", REGIONS, TAKEN, SHOWN | FILLED | OWN, [], server="defaultRegions"),
    # Bowline's bundles always say it.
    Row("sessionName", TEXT, TAKEN, SHOWN, SESSION_NAME, server="defaultSessionName"),
    Row("enabled", TRUTH, TAKEN, SENT | FILLED, True),
    Row("accountType", TEXT, CARRIED, NAMED | EMPTY, "{}"),
    Row(
        *("requiredGroupMembership", TEXTS, CARRIED),
        *(REPORTED | UNNOTICED | OPTION, [], MEMBERS),
    ),
    # A missing list is the provider's, an empty one is none.
    Row("lifecycleHooks", MAPPINGS, CARRIED, SERVERS, server="defaultLifecycleHooks"),
    Row(
        "defaultSecurityGroups", TEXTS, CARRIED, SERVERS, server="defaultSecurityGroups"
    ),
    Row(
        *("sessionDurationSeconds", ANYTHING, CARRIED, EMPTY),
        server="defaultSessionDurationSeconds",
    ),
    Row("availabilityZones", ANYTHING, CARRIED),
    Row("preferredZones", ANYTHING, CARRIED),
    Row("deprecatedRegions", ANYTHING, CARRIED),
    Row("allowPrivateThirdPartyImages", TRUTH, CARRIED, NONE, False),
    # A missing text is the provider's aws.default…Template, an empty one is none.
    Row("edda", TEXT, CARRIED, SERVERS | OPTION),
    Row("discovery", TEXT, CARRIED, SERVERS | OPTION),
    Row("front50", TEXT, CARRIED, SERVERS),
    Row("bastionHost", TEXT, CARRIED, SERVERS),
    # A missing switch is on where there is an address.
    *(Row(name, TRUTH, CARRIED) for name in SWITCHED_BY.values()),
    Row("managingAccountProfile", TEXT, LEFT, REFUSED, "", NO_PROFILES),
    Row("providerVersion", TEXT, LEFT, NONE, "", NOTHING_READS),
)
ECS_ROWS = (
    Row("name", TEXT, TAKEN, HALS),
    Row("awsAccount", TEXT, TAKEN, SENT | OWN, label="AWS account"),
    # A missing or empty text is ecs.defaultNamingStrategy.
    Row("namingStrategy", TEXT, CARRIED, SENT | UNNOTICED, "", stored="default"),
    Row("accountId", TEXT, LEFT, REPORTED | AWAITED, "", OF_THE_AWS_ACCOUNT),
    Row("assumeRole", TEXT, LEFT, AWAITED, "", OF_THE_AWS_ACCOUNT),
    Row("environment", TEXT, LEFT, HALS, "{}", OF_THE_AWS_ACCOUNT),
    Row("accountType", TEXT, LEFT, NONE, "{}", OF_THE_AWS_ACCOUNT),
    Row("permissions", PERMISSIONS, LEFT, AWAITED | HALS, {}, OF_THE_AWS_ACCOUNT),
    Row("regions", REGIONS, LEFT, AWAITED, [], OF_THE_AWS_ACCOUNT),
    Row("requiredGroupMembership", TEXTS, LEFT, NONE, [], OF_THE_AWS_ACCOUNT),
    Row("sessionName", TEXT, LEFT, NONE, "", OF_THE_AWS_ACCOUNT),
    Row("availabilityZones", ANYTHING, LEFT, says=OF_THE_AWS_ACCOUNT),
    Row("defaultKeyPair", TEXT, LEFT, NONE, "", OF_THE_AWS_ACCOUNT),
    Row("providerVersion", TEXT, LEFT, NONE, "", NOTHING_READS),
)
KUBERNETES_ROWS = (
    Row("name", TEXT, TAKEN, HALS),
    Row("context", TEXT, TAKEN, SENT | OWN, "", OWN_CONTEXT),
    Row("environment", TEXT, TAKEN, SENT | REPORTED | OWN, "{}"),
    Row("kubeconfigFile", TEXT, TAKEN, OWN, "", OWN_KUBECONFIG, label="kubeconfig"),
    Row(SECRET, TEXT, TAKEN, SENT, "", OWN_KUBECONFIG),
    Row("namespaces", TEXTS, TAKEN, SENT | REPORTED | OWN, []),
    Row("omitNamespaces", TEXTS, CARRIED, SENT | OWN, []),
    Row("permissions", PERMISSIONS, TAKEN, SHOWN | HALS, {}),
    Row("serviceAccount", TRUTH, TAKEN, OWN, False),
    Row("accountType", TEXT, CARRIED, SENT | REPORTED | EMPTY, "{}"),
    Row("requiredGroupMembership", TEXTS, CARRIED, REPORTED | OPTION, [], MEMBERS),
    Row("cacheAllApplicationRelationships", TRUTH, CARRIED, OPTION, False),
    Row("cacheIntervalSeconds", ANYTHING, CARRIED, OPTION),
    Row("cacheThreads", ANYTHING, CARRIED, SENT | OPTION, 1),
    Row("cachingPolicies", MAPPINGS, CARRIED, NONE, []),
    Row("checkPermissionsOnStartup", TRUTH, CARRIED, SENT | OPTION, True),
    Row("customResources", MAPPINGS, CARRIED, NONE, []),
    Row("debug", TRUTH, CARRIED, NONE, False),
    Row("kinds", TEXTS, CARRIED, SENT | OPTION, []),
    Row("kubectlExecutable", TEXT, CARRIED, NONE, ""),
    Row("kubectlRequestTimeoutSeconds", ANYTHING, CARRIED),
    Row("metrics", TRUTH, CARRIED, NONE, True),
    Row("namingStrategy", TEXT, CARRIED, EMPTY | OPTION, "kubernetesAnnotations"),
    Row("oAuthScopes", TEXTS, CARRIED, OPTION, [], json="oauthScopes"),
    Row("oAuthServiceAccount", TEXT, CARRIED, OPTION, "", json="oauthServiceAccount"),
    Row("omitKinds", TEXTS, CARRIED, SENT | OPTION, []),
    Row("onlySpinnakerManaged", TRUTH, CARRIED, SENT | OPTION, False),
    Row("rawResourcesEndpointConfig", ANYTHING, CARRIED, NONE, {}),
    Row("dockerRegistries", ANYTHING, LEFT, NONE, [], NOTHING_READS),
    Row("providerVersion", TEXT, LEFT, NONE, "", NOTHING_READS),
    Row("cluster", TEXT, LEFT, NONE, "", NOTHING_READS),
    Row("user", TEXT, LEFT, NONE, "", NOTHING_READS),
    Row("configureImagePullSecrets", TRUTH, LEFT, says=NOTHING_READS),
    Row("skin", TEXT, LEFT, NONE, "", NOTHING_READS),
    Row("kubectlPath", TEXT, LEFT, NONE, "", NOTHING_READS),
    Row("liveManifestCalls", TRUTH, LEFT, says=NOTHING_READS),
)
ROWS = {AWS: AWS_ROWS, ECS: ECS_ROWS, KUBERNETES: KUBERNETES_ROWS}
BY_NAME = {kind: {row.name: row for row in rows} for kind, rows in ROWS.items()}
BY_KEY = {
    kind: {canonical(row.name): row for row in rows} for kind, rows in ROWS.items()
}
OF_A_REGION = {
    "availabilityzones": "availabilityZones",
    "preferredzones": "preferredZones",
    "deprecated": "deprecatedRegions",
}
"""What else a region has, and the row that keeps it: Clouddriver has it in regions."""


def named(kind: str, traits: Trait) -> tuple[str, ...]:
    """Name the fields that have one of these traits, as the configuration does."""
    return tuple(row.name for row in ROWS[kind] if row.traits & traits)


SENDABLE = {
    kind: {
        row.sent_as: row
        for row in rows
        if row.traits & SENT
        or (row.treatment is CARRIED and row.name not in OF_A_REGION.values())
    }
    for kind, rows in ROWS.items()
}
"""What Clouddriver keeps of a delivery, and Bowline compares."""
