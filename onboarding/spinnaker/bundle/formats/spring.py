"""clouddriver-local.yml: the accounts, and the settings of Clouddriver.

Clouddriver ignores a misspelt key in silence, reads unquoted ids as octal numbers and
replaces a list as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding.carried.fields import carrying
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.entries import Entries, WouldBeMisread
from onboarding.spinnaker.services.places import BESIDE_CLOUDDRIVER, Place, Service
from onboarding.spinnaker.services.rows import regions
from onboarding.spinnaker.services.settings import (
    Setting,
    file_of,
    of,
    profile,
    settings,
    spring,
)
from onboarding.spinnaker.yaml_text import Value, comment_lines
from onboarding.topology import SESSION_NAME, Permissions, Topology

OTHER_STS = ("aws-cn", "aws-us-gov")
"""Texts that make Clouddriver call another partition's STS, wherever they are."""

LISTS = """
Spring replaces a list as a whole. This file owns aws.accounts, ecs.accounts and
kubernetes.accounts: accounts of the same provider in another file are hidden by it.
"""
PROFILE = """
Only what hal cannot hold. Never add aws.accounts here: hal's would vanish.
"""


def clouddriver_yml(
    topology: Topology,
    entries: Entries,
    place: Place,
    *,
    kubeconfigs: str,
    comment: str,
) -> str:
    """Write the whole of what Clouddriver must know, kubeconfigs in that folder.

    The comment is above the clusters.
    """
    refuse_other_sts(topology)
    known = of(Service.CLOUDDRIVER, settings(topology.managing, entries, place))
    accounts: dict[str, list[Value]] = {
        "aws": [aws_account(entry) for entry in entries.aws],
        "ecs": [ecs_account(entry) for entry in entries.ecs],
        "kubernetes": [kubernetes_account(e, kubeconfigs) for e in entries.kubernetes],
    }
    known += [
        Setting(Service.CLOUDDRIVER, f"{provider}.accounts", listed)
        for provider, listed in accounts.items()
        if listed
    ]
    clusters = [one for one in known if one.key.startswith("kubernetes.")]
    others = [one for one in known if one not in clusters]
    text = [*comment_lines(LISTS), *spring(others)]
    if clusters:
        text += [*comment_lines(comment), *spring(clusters)]
    return joined(text)


def clouddriver_profile(topology: Topology, entries: Entries, place: Place) -> str:
    """Write what hal cannot hold, and no accounts: hal's own must stay visible."""
    known = of(Service.CLOUDDRIVER, settings(topology.managing, entries, place))
    return profile(known, comment=PROFILE)


def profiles(
    topology: Topology, entries: Entries, place: Place
) -> Iterator[tuple[Service, str]]:
    """Yield each service's profile, next to what Halyard writes for it."""
    if clouddriver := clouddriver_profile(topology, entries, place):
        yield Service.CLOUDDRIVER, clouddriver
    known = settings(topology.managing, entries, place)
    for service in BESIDE_CLOUDDRIVER:
        if text := file_of(service, known):
            yield service, text


def refuse_other_sts(topology: Topology) -> None:
    role = topology.managing.managed_role
    if any(text in role for text in OTHER_STS):
        raise WouldBeMisread(
            f"Clouddriver can't use the managed role “{role}”: where a role's name "
            f"contains {' or '.join(OTHER_STS)}, it calls another partition's STS."
        )


def aws_account(entry: AwsEntry) -> dict[str, Value]:
    return carrying(aws_fields(entry, usual=SESSION_NAME), entry.carried)


def ecs_account(entry: EcsEntry) -> Value:
    return carrying(ecs_fields(entry), entry.carried)


def kubernetes_account(entry: KubernetesEntry, kubeconfigs: str) -> Value:
    file = f"{kubeconfigs}/{entry.name}.yml"
    account = {**kubernetes_fields(entry), "kubeconfigFile": file}
    return carrying(account, entry.carried)


def aws_fields(entry: AwsEntry, *, usual: str = "") -> dict[str, Value]:
    """Return what somebody set of an account, by Clouddriver's names; `usual` is what
    the session has that nobody named.
    """
    own = entry.session_name
    return without_empty(
        {
            "name": entry.name,
            "environment": entry.environment,
            "accountId": entry.account_id,
            "regions": regions(entry.regions),
            "assumeRole": entry.assume_role,
            "sessionName": usual if own == SESSION_NAME else own,
            "externalId": entry.external_id,
            "defaultKeyPair": entry.key_pair,
            "lambdaEnabled": entry.lambda_enabled,
            "permissions": permissions(entry.permissions),
        }
    )


def ecs_fields(entry: EcsEntry) -> dict[str, Value]:
    return {"name": entry.name, "awsAccount": entry.aws_account}


def kubernetes_fields(entry: KubernetesEntry) -> dict[str, Value]:
    """Return what somebody set of a cluster, but for its kubeconfig."""
    return without_empty(
        {
            "name": entry.name,
            "environment": entry.environment,
            "context": entry.name,
            "namespaces": list(entry.namespaces),
            "permissions": permissions(entry.permissions),
        }
    )


def permissions(given: Permissions) -> dict[str, Value]:
    return without_empty({"READ": list(given.read), "WRITE": list(given.write)})


def without_empty(fields: Mapping[str, Any]) -> dict[str, Value]:
    """Leave out what is empty: Clouddriver sends an empty external ID as one."""
    return {name: value for name, value in fields.items() if value}


def joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
