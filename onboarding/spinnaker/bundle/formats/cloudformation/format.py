"""aws/: the IAM that exists, as CloudFormation and as policies in JSON.

Accounts whose IAM differs in nothing but ids share a folder, so that ten thousand
accounts take a few files; accounts.json names each one's templates and parameters, and
key-grants.json what `aws kms create-grant --cli-input-json` takes, and the account and
region that must ask.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from onboarding.desired import desired_in
from onboarding.desired.capacity import interchangeable, with_ids_of
from onboarding.desired.image_keys import key_grants
from onboarding.resources.kinds import (
    ClusterAccess,
    InlinePolicy,
    KeyGrant,
    ManagedPolicy,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.cloudformation.template import Template
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.yaml_text import Value, document
from onboarding.topology import Managed, Topology

Texts: TypeAlias = tuple[tuple[str, str], ...]
"""Names of files, each with its text."""

MANAGING = "managing"
EXTERNAL_ID: Value = {
    "Type": "String",
    "MinLength": 2,
    "Description": "The external ID that Spinnaker sends; accounts.json has it.",
}
IAM = "Bowline made this for Spinnaker. IAM knows no Regions: one stack, in any Region."
ACCESS = (
    "Bowline gave Spinnaker access to these clusters. The stack must be in {region}."
)


def cloudformation(topology: Topology, entries: Entries) -> Iterator[File]:
    managing = topology.managing
    ours, others = managing.account_id, []
    own = Managed(name=managing.name, account_id=ours, regions=())
    for managed in topology.managed:
        if managed.account_id == ours:
            own = managed
        else:
            others.append(managed)
    resources = desired_in(topology, ours)
    texts = templates(own, resources)
    yield from folder(MANAGING, texts, resources)
    yield from key_grant_requests(topology)
    lines = [readme_line(own, MANAGING, texts)]

    kinds: dict[Managed, Texts] = {}
    names: dict[Texts, str] = {}
    for managed in others:
        kind = interchangeable(managing, managed)
        if kind not in kinds:
            one = with_ids_of(managed, kind)
            resources = desired_in(replace(topology, managed=(one,)), one.account_id)
            kinds[kind] = texts = templates(one, resources)
            if texts and texts not in names:
                names[texts] = unused(kind, names.values())
                yield from folder(names[texts], texts, resources)
        if texts := kinds[kind]:
            lines.append(readme_line(managed, names[texts], texts))
    yield File("aws/accounts.json", "[\n" + ",\n".join(lines) + "\n]\n")


def external_ids(managed: Managed) -> dict[str, str]:
    given = {
        "ExternalId": managed.external_id,
        "FormerExternalId": managed.former_external_id,
    }
    return {name: value for name, value in given.items() if value}


def unused(kind: Managed, names: Container[str]) -> str:
    """Name a folder by the providers, and count those of the same."""
    name = "-".join(provider.key for provider in kind.providers)
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name}-{number}"
    return free


def templates(managed: Managed, resources: Sequence[Resource]) -> Texts:
    """Write a template for IAM, and one for each region that has clusters."""
    iam = [r for r in resources if not isinstance(r, ClusterAccess | KeyGrant)]
    accesses = [r for r in resources if isinstance(r, ClusterAccess)]
    parts: dict[str, tuple[str, Sequence[Resource]]] = {}
    if iam:
        parts["iam.yml"] = IAM, iam
    for region in dict.fromkeys(access.region for access in accesses):
        here = [access for access in accesses if access.region == region]
        parts[f"eks-{region}.yml"] = ACCESS.format(region=region), here
    given = external_ids(managed)
    ids: dict[str, Value] = {value: {"Ref": name} for name, value in given.items()}
    asked = dict.fromkeys(given, EXTERNAL_ID)
    return tuple(
        (
            name,
            document(Template(managed.account_id, tuple(some), ids, asked).body(said)),
        )
        for name, (said, some) in parts.items()
    )


def folder(name: str, texts: Texts, resources: Sequence[Resource]) -> Iterator[File]:
    for file, text in texts:
        yield File(f"aws/{name}/{file}", text)
    for file, policy in policies(resources):
        text = json.dumps(policy.document, indent=2) + "\n"
        yield File(f"aws/{name}/{file}", text)


def key_grant_requests(topology: Topology) -> Iterator[File]:
    """List grants on keys, which CloudFormation cannot make, as KMS takes them."""
    lines = [
        json.dumps(
            {
                "account_id": grant.account,
                "region": grant.region,
                "request": grant.request,
            }
        )
        for managed in topology.managed
        for grant in key_grants(topology.managing, managed)
    ]
    if lines:
        yield File("aws/key-grants.json", "[\n" + ",\n".join(lines) + "\n]\n")


def policies(resources: Sequence[Resource]) -> Iterator[tuple[str, Policy]]:
    for resource in resources:
        match resource:
            case Role():
                yield f"trust/{resource.name}.json", resource.trust
            case ManagedPolicy(name=name) | InlinePolicy(policy=name):
                yield f"policies/{name}.json", resource.document
            case _:
                pass


def readme_line(managed: Managed, name: str, texts: Texts) -> str:
    return json.dumps(
        {
            "name": managed.name,
            "account_id": managed.account_id,
            "templates": [f"{name}/{file}" for file, _ in texts],
            "parameters": external_ids(managed),
        },
        ensure_ascii=False,
    )
