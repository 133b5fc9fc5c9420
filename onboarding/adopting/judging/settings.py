"""What a provider says next to its accounts, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from onboarding.adopting.comparing import Spinnaker
from onboarding.adopting.judging.verdicts import READ_AND_WRITE
from onboarding.adopting.sources.kubeconfigs import NOT_FOLLOWED, cluster_in
from onboarding.adopting.values import (
    AWS,
    PROVIDERS,
    Account,
    EksCluster,
    SourceKind,
    within,
)
from onboarding.carried.secrets import Secret
from onboarding.carried.table import CARRIED, LEFT, TAKEN, Treatment, canonical
from onboarding.names import short

FILES = {SourceKind.HALCONFIG, SourceKind.OPERATOR, SourceKind.SPRING}


class Launching(Enum):
    TEMPLATES = auto()
    CONFIGURATIONS = auto()
    BOTH = auto()
    """Templates for some applications or Regions only."""
    UNKNOWN = auto()


WRITTEN = {
    Launching.TEMPLATES: {},
    Launching.CONFIGURATIONS: {"launch_templates": False},
    Launching.BOTH: {"launch_configurations": True},
    Launching.UNKNOWN: {"launch_configurations": True},
}
"""What an account has of it in the keys of EC2's details."""


def has_files(spinnaker: Spinnaker) -> bool:
    """Return whether the sources are complete enough to know what is switched off."""
    return any(one.kind in FILES for one in spinnaker.readings)


def launching(spinnaker: Spinnaker, name: str) -> Launching:
    """Return what the account of this name launches from."""
    found = within(spinnaker.settings, AWS, "features", "launchtemplates")
    if not has_files(spinnaker):
        return Launching.UNKNOWN
    if within(found, "enabled") is not True or name in names_in(
        found, "excludedaccounts"
    ):
        return Launching.CONFIGURATIONS
    whole = within(found, "allapplications", "enabled") is True
    if whole or name in names_in(found, "allowedaccounts"):
        return (
            Launching.BOTH
            if names_in(found, "excludedapplications")
            else Launching.TEMPLATES
        )
    return Launching.BOTH


def names_in(found: Any, key: str) -> set[str]:
    """Read names as Clouddriver does: a text with commas."""
    return {name.strip() for name in str(within(found, key) or "").split(",")} - {""}


class KnownSetting(NamedTuple):
    """A setting that Spinnaker knows, by its usual spelling."""

    name: str
    treatment: Treatment
    says: str


IN_ACCOUNTS = "It is filled in at each account that leaves it open."
NOT_READ = "Bowline neither reads nor changes it."
SWITCHED = "Bowline's bundles switch on what their accounts use."
SECRET = "It is a secret, which Bowline doesn't take."
BASE = (
    "Bowline proposes it as the base role of a new managing account. Bundles write the "
    "base role here."
)
PRIMARY = (
    "Bowline doesn't take it from here: the first account becomes primary, or the one "
    "that is chosen."
)
ROWS = (
    KnownSetting("enabled", TAKEN, SWITCHED),
    KnownSetting("defaultAssumeRole", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSessionName", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultKeyPairTemplate", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultRegions", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSessionDurationSeconds", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSecurityGroups", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultLifecycleHooks", TAKEN, IN_ACCOUNTS),
    KnownSetting("lambda", TAKEN, SWITCHED),
    KnownSetting("primaryAccount", LEFT, PRIMARY),
    KnownSetting("accessKeyId", LEFT, SECRET),
    KnownSetting("secretAccessKey", LEFT, SECRET),
    KnownSetting("features", CARRIED, NOT_READ),
    KnownSetting("defaults.iamRole", TAKEN, BASE),
    KnownSetting("defaults", CARRIED, NOT_READ),
    KnownSetting("bakeryDefaults", CARRIED, NOT_READ),
    KnownSetting("loadAccounts", CARRIED, NOT_READ),
    KnownSetting("client", CARRIED, NOT_READ),
)
BY_KEY = {canonical(row.name): row for row in ROWS}


@dataclass(frozen=True, slots=True)
class SettingVerdict:
    """What becomes of a setting."""

    provider: str
    setting: str
    treatment: Treatment
    value: Any
    says: str


def judged_settings(spinnaker: Spinnaker) -> Iterator[SettingVerdict]:
    for provider in PROVIDERS:
        for key, value in apart(spinnaker.settings.get(provider, {})):
            if value in (None, "", [], {}):
                continue
            row = BY_KEY.get(key, KnownSetting(key, CARRIED, NOT_READ))
            if isinstance(value, Secret):
                row = KnownSetting(row.name, LEFT, SECRET)
            yield SettingVerdict(provider, row.name, row.treatment, value, row.says)


def apart(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each setting, and the base role apart from the other defaults."""
    for key, value in settings.items():
        if key == "defaults" and isinstance(value, dict) and "iamrole" in value:
            yield canonical("defaults.iamRole"), value["iamrole"]
            value = {name: other for name, other in value.items() if name != "iamrole"}
        yield key, value


IN_CLUSTER = (
    "It has no kubeconfig, so this is the cluster that Spinnaker itself runs in. "
    "Bowline describes EKS clusters by their name and Region."
)
ONLY_GATE = (
    "Gate doesn't say which cluster this is, because it shows no kubeconfig. Ask the "
    "people who operate Spinnaker for two files: the one that lists the account, such "
    "as clouddriver-local.yml or Halyard's config, and the kubeconfig that its "
    "kubeconfigFile names. Then create the report again with both."
)
NO_KUBECONFIG = "Its kubeconfig isn't among the sources: give the file, too."
NO_OWNER = (
    "The cluster belongs to the AWS account {}, which isn't in this report. Bowline "
    "describes a cluster as a part of its AWS account."
)
OTHER_REGION = "The cluster is in {}, which is no Region of the AWS account {}."
OF_ITS_ACCOUNT = (
    "A cluster has the {0} of its AWS account in Bowline, and the {0} of {1} differs."
)


def unlike(
    account: Account, aws: Account, cluster: EksCluster, regions: Collection[str]
) -> Iterator[str]:
    """Say what a cluster cannot have of its own."""
    if cluster.region not in regions:
        yield OTHER_REGION.format(short(cluster.region), short(aws.name))
    if owned(account) != owned(aws):
        yield OF_ITS_ACCOUNT.format("permissions", short(aws.name))


def owned(account: Account) -> dict[str, Any]:
    """Return what of the permissions is Bowline's."""
    value = account.values.get("permissions", {})
    return {verb: value[verb] for verb in READ_AND_WRITE if verb in value}


def cluster_of(account: Account, spinnaker: Spinnaker) -> EksCluster | str:
    """Return the cluster that a kubeconfig leads to, or why there is none."""
    file = account.text("kubeconfigFile")
    found = spinnaker.kubeconfigs.get(PurePosixPath(file).name) if file else None
    if found is not None:
        return cluster_in(found, account.text("context"))
    if account.cluster:
        return account.cluster
    if account.values.get("kubeconfigContents") or ":" in file:
        return NOT_FOLLOWED
    if file:
        return NO_KUBECONFIG
    if account.key not in spinnaker.described:
        return ONLY_GATE
    return IN_CLUSTER
