"""clouddriver-local.yml and orca-local.yml: what Spring's services need.

Clouddriver ignores a misspelt key in silence, reads unquoted ids as octal numbers and
replaces a list as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding.carried.fields import carrying
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.bundle.yaml_text import Value, block, comment_lines
from onboarding.spinnaker.entries import Entries, WouldBeMisread
from onboarding.topology import SESSION_NAME, Permissions, Topology

THREADS = 15
ACCOUNTS_LOADED_BY_ONE = 20
SECONDS_BY_DEFAULT = 180
OTHER_STS = ("aws-cn", "aws-us-gov")
"""Texts that make Clouddriver call another partition's STS, wherever they are."""

LISTS = """
Spring replaces a list as a whole. This file owns aws.accounts, ecs.accounts and
kubernetes.accounts: accounts of the same provider in another file are hidden by it.
"""
THREADS_WHY = """
Clouddriver loads accounts one by one by default: 456 accounts took 7.7
minutes, 1 minute with threads.
"""


def clouddriver_yml(
    topology: Topology, entries: Entries, *, kubeconfigs: str, comment: str
) -> str:
    """Write the whole of what Clouddriver must know, kubeconfigs in that folder.

    The comment is above the clusters.
    """
    lines = [*comment_lines(LISTS)]
    if entries.aws:
        lines += aws_section(topology, entries)
    if entries.ecs:
        lines += block({"ecs": {"enabled": True, "accounts": ecs_accounts(entries)}})
    if entries.kubernetes:
        lines += comment_lines(comment)
        accounts = [kubernetes_account(e, kubeconfigs) for e in entries.kubernetes]
        lines += block({"kubernetes": {"enabled": True, "accounts": accounts}})
    return joined(lines)


def clouddriver_profile(topology: Topology, entries: Entries) -> str:
    """Write what hal cannot hold, and no accounts: hal's own must stay visible."""
    if not entries.aws:
        return ""
    features = {
        **launch_templates(entries, all_accounts_are_ours=False),
        **stacks_switch(entries),
    }
    profile: dict[str, Value] = {
        **default_regions(topology, entries),
        "defaults": {"iamRole": entries.base_role},
    }
    if features:
        profile["features"] = features
    comment = (
        "Only what hal cannot hold. Never add aws.accounts here: hal's would vanish."
    )
    lines = [*comment_lines(comment), "aws:", *loading(entries), *block(profile, 2)]
    return joined(lines)


def default_regions(topology: Topology, entries: Entries) -> dict[str, Value]:
    """Replace hal's own default regions where they are of another partition.

    hal writes us-west-2. Clouddriver looks it up before any account, and loads none
    where it fails.
    """
    if topology.managing.partition == "aws" or not entries.aws:
        return {}
    return {"defaultRegions": regions(entries.aws[0].regions)}


def orca_yml(entries: Entries) -> str:
    """Name the account that owns baked images; empty where none are baked."""
    if not entries.bake_account:
        return ""
    comment = "Images are baked in this account; others get to launch them from it."
    bake = {"default": {"bake": {"account": entries.bake_account}}}
    return joined([*comment_lines(comment), *block(bake)])


def aws_section(topology: Topology, entries: Entries) -> Iterator[str]:
    managing = topology.managing
    short = f"role/{managing.managed_role}"
    template = managing.managed_role_arn("{{accountId}}")
    if any(text in managing.managed_role for text in OTHER_STS):
        raise WouldBeMisread(
            f"Clouddriver can't use the managed role “{managing.managed_role}”: where "
            f"a role's name contains {' or '.join(OTHER_STS)}, it calls another "
            "partition's STS."
        )
    aws: dict[str, Value] = {
        "enabled": True,
        "defaultAssumeRole": short if managing.partition == "aws" else template,
        "defaultSessionName": SESSION_NAME,
        "defaultRegions": regions(entries.aws[0].regions),
        "defaults": {"iamRole": entries.base_role},
    }
    features = {
        **launch_templates(entries, all_accounts_are_ours=True),
        **stacks_switch(entries),
    }
    if any(entry.lambda_enabled for entry in entries.aws):
        features["lambda"] = {"enabled": True}
    if features:
        aws["features"] = features
    aws["accounts"] = [aws_account(entry) for entry in entries.aws]
    yield "aws:"
    yield from loading(entries)
    yield from block(aws, 2)


def loading(entries: Entries) -> Iterator[str]:
    """Yield the lines that let a large installation start within minutes."""
    accounts = len(entries.aws)
    if accounts > ACCOUNTS_LOADED_BY_ONE:
        seconds = max(SECONDS_BY_DEFAULT, accounts)
        yield from (f"  {line}" for line in comment_lines(THREADS_WHY))
        load: Value = {
            "multiThreadingEnabled": True,
            "numberOfThreads": THREADS,
            "timeoutInSeconds": seconds,
        }
        yield from block({"loadAccounts": load}, 2)


def launch_templates(
    entries: Entries, *, all_accounts_are_ours: bool
) -> dict[str, Value]:
    """Say which accounts launch from templates; accounts of others are left alone."""
    chosen = [entry.name for entry in entries.aws if entry.launch_templates]
    if not chosen:
        return {}
    if all_accounts_are_ours and len(chosen) == len(entries.aws):
        whose: dict[str, Value] = {"all-applications": {"enabled": True}}
    else:
        whose = {"allowed-accounts": ",".join(chosen)}
    return {"launch-templates": {"enabled": True, **whose}}


def stacks_switch(entries: Entries) -> dict[str, Value]:
    """Switch stacks on as soon as one account uses them: there is one switch for all.

    Where an account's role may not read them, Clouddriver just shows none.
    """
    used = any(entry.cloudformation for entry in entries.aws)
    return {"cloud-formation": {"enabled": True}} if used else {}


def aws_account(entry: AwsEntry) -> dict[str, Value]:
    return carrying(aws_fields(entry, usual=SESSION_NAME), entry.carried)


def ecs_accounts(entries: Entries) -> list[Value]:
    return [carrying(ecs_fields(entry), entry.carried) for entry in entries.ecs]


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


def regions(names: Iterable[str]) -> list[Value]:
    """Return regions as objects: plain texts stop Clouddriver's start."""
    return [{"name": name} for name in names]


def permissions(given: Permissions) -> dict[str, Value]:
    return without_empty({"READ": list(given.read), "WRITE": list(given.write)})


def without_empty(fields: Mapping[str, Any]) -> dict[str, Value]:
    """Leave out what is empty: Clouddriver sends an empty external ID as one."""
    return {name: value for name, value in fields.items() if value}


def joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
