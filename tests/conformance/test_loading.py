"""Which files, documents and lists count: as Spring Boot's own ConfigDataEnvironment
loads them into Clouddriver's classes, and as Bowline reads them, tree by tree.

The fields of `ecs` and `kubernetes` are bound to classes of ours: Clouddriver's are in
no released jar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

import pytest

from onboarding.adopting.sources.documents import documents
from onboarding.adopting.sources.files import File, config_file
from onboarding.adopting.sources.layers import loaded
from onboarding.adopting.sources.overlay import START_FAILS
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.values import Account, Reading
from tests.conformance.clouddriver import Answer, Clouddriver
from tests.conformance.generated_trees import GENERATED
from tests.conformance.trees import BY_HAND, LOADED, REFUSED, Tree

TREES: Mapping[str, Tree] = {**BY_HAND, **GENERATED}
RESOURCE = re.compile(r"file \[.*/tmp[^/]*/([^\]]+)\]")
OF_A_CLUSTER = ("name", "context", "environment", "kubeconfigFile")


@pytest.fixture(scope="module")
def answers(judge: Clouddriver) -> Mapping[str, Answer]:
    """Ask once about every tree, in one process."""
    return {name: judge.read_files(tree) for name, tree in TREES.items()}


@pytest.mark.smoke
def test_bowline_reads_each_tree_as_clouddriver_loads_it(
    answers: Mapping[str, Answer],
) -> None:
    differing = {
        name: found
        for name, tree in TREES.items()
        if (found := [*differences(tree, answers[name])])
    }

    assert differing == {}
    assert len(TREES) >= 100


@pytest.mark.smoke
def test_clouddriver_loads_what_the_trees_say(answers: Mapping[str, Answer]) -> None:
    found = {
        name: REFUSED
        if answers[name].failure
        else " ".join(sorted(answers[name].configured["aws"]))
        for name in BY_HAND
    }

    assert found == LOADED


def differences(tree: Tree, answer: Answer) -> Iterator[str]:
    """Say in what Bowline reads a tree differently."""
    (reading,) = read_sources(
        {path: text.encode() for path, text in tree.items()}
    ).readings
    refused = [one.says for one in reading.findings if one.kind == START_FAILS]
    if answer.failure or refused:
        if not (answer.failure and refused):
            yield f"It fails: {answer.failure}. Bowline: {refused}."
        return
    files = [File(path, documents(text.encode())) for path, text in tree.items()]
    files.sort(key=attrgetter("path"))
    layers, _ = loaded([*map(config_file, files)])
    # A document with a condition only is one that Clouddriver has, and says nothing.
    mine = [path for path, _ in groupby(one.path for one in reversed(layers))]
    theirs = [path for path, _ in groupby(map(resource, answer.documents))]
    if mine != theirs:
        yield f"documents: {mine} for {theirs}"
    for provider in ("aws", "ecs", "kubernetes"):
        read, bound = of(reading, provider), listed(answer, provider)
        if read != bound:
            yield f"{provider}: {read} for {bound}"


def resource(document: str) -> str:
    found = RESOURCE.search(document)
    assert found, document
    return found[1]


def of(reading: Reading, provider: str) -> dict[str, Any]:
    """Return what Bowline has of a list, as Clouddriver says it."""
    found = [one for one in reading.accounts if one.type == provider]
    match provider:
        case "aws":
            return {one.name: aws(one) for one in found}
        case "ecs":
            return {one.name: one.values.get("awsAccount") for one in found}
    return {one.name: cluster(one.values) for one in found}


def aws(account: Account) -> dict[str, Any]:
    values = account.values
    return {
        "accountId": values.get("accountId"),
        "environment": values.get("environment", account.name),
        "regions": sorted(values["regions"]),
        "lambda": values.get("lambdaEnabled", False),
        "role": values.get("assumeRole"),
        "externalId": values.get("externalId"),
        "session": values.get("sessionName", "Spinnaker"),
        "permissions": lower(values.get("permissions", {})),
    }


def lower(permissions: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        verb: sorted(role.lower() for role in roles)
        for verb, roles in permissions.items()
    }


def cluster(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: values[key] for key in OF_A_CLUSTER if values.get(key)},
        "namespaces": values.get("namespaces", []),
        "permissions": values.get("permissions", {}),
    }


def listed(answer: Answer, provider: str) -> dict[str, Any]:
    """Return what Clouddriver has: of `aws`, the accounts that it loaded."""
    configured = answer.configured[provider]
    match provider:
        case "aws":
            return {
                one["name"]: {key: one.get(key) for key in aws_keys(one)}
                for one in answer.accounts
                if one["name"] in configured
            }
        case "ecs":
            return {one["name"]: one["awsAccount"] for one in configured}
    return {one["name"]: cluster(one) for one in configured}


def aws_keys(account: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        *("accountId", "environment", "regions", "lambda", "role", "externalId"),
        *("session", "permissions"),
    )
