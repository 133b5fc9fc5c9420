"""A later version of a handed-out template is an update that CloudFormation can do.

`REWRITE_DATA=1 pytest tests/onboarding/handoff/test_versions.py` pins the templates of
the latest policy set. Those of earlier sets stay: owners have them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.desired import POLICY_SET
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.topology import MadeBy
from tests.bundles import eks, staging
from tests.choices import CHOICES
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider

PINNED = Path(__file__).parents[2] / "data" / "handed_out"
BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
EVERY = staging(external_id="e-1")
ACCOUNTS = {
    "every": EVERY,
    "ec2": managed(provider("ec2", stack_roles_path="/spinnaker-cfn/")),
    "ecs": managed(provider("ecs", execution_role="")),
    "lambda": managed(provider("lambda", access="read"), external_id="e-1"),
    "eks": managed(eks()),
    "organization": managed(
        provider("ec2"),
        provider("lambda"),
        made_by=MadeBy.ORGANIZATION,
        external_id=f"bowline-7f3a-{MANAGED_ID}",
    ),
}
NAMES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::Policy": "PolicyName",
    "AWS::EKS::AccessEntry": "PrincipalArn",
}
"""By which AWS knows it: it cannot exist twice."""


def handed(kind: str) -> HandOffPackage:
    return hand_off(managing(bowline=BOWLINE), ACCOUNTS[kind], reader=True)


def fixed(kind: str) -> set[str]:
    """Name the properties that CloudFormation changes by replacing the resource, from
    AWS's own schemas of resources, as cfn-lint has them.
    """
    # It loads in seconds, so not before a test asks.
    schemas = import_module("cfnlint.schema").PROVIDER_SCHEMA_MANAGER
    schema = schemas.get_resource_schema("us-east-1", kind).schema
    return {
        path.removeprefix("/properties/")
        for key in ("createOnlyProperties", "conditionalCreateOnlyProperties")
        for path in schema.get(key, [])
    }


def identity(made: dict[str, Any]) -> tuple[str, str]:
    return made["Type"], str(made["Properties"][NAMES[made["Type"]]])


@cache
def of_every_stack(section: str, text: str) -> dict[str, Any]:
    return {
        logical: made
        for template in yaml.load_all(text, Loader=yaml.CSafeLoader)
        for logical, made in template.get(section, {}).items()
    }


def impossible(old: str, new: str) -> Iterator[str]:
    """Say what of an update AWS would refuse, or do by replacing what is in use."""
    before, after = (of_every_stack("Resources", text) for text in (old, new))
    asked, asks = (of_every_stack("Parameters", text) for text in (old, new))
    for name, parameter in asks.items():
        if name not in asked and "Default" not in parameter:
            yield f"{name} has no default"
    names = {identity(made): logical for logical, made in after.items()}
    for logical, made in before.items():
        if logical not in after:
            if identity(made) in names:
                yield f"{logical} has become {names[identity(made)]}"
            continue
        kind = made["Type"]
        if after[logical]["Type"] != kind:
            yield f"{logical} has another type"
        for name in fixed(kind):
            was, is_now = (
                one["Properties"].get(name) for one in (made, after[logical])
            )
            if was != is_now:
                yield f"{logical}.{name}"


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_every_pinned_template_can_be_updated_to_the_latest(kind: str) -> None:
    latest = handed(kind).text
    newest = PINNED / f"set-{POLICY_SET}"
    if os.environ.get("REWRITE_DATA"):
        newest.mkdir(parents=True, exist_ok=True)
        (newest / f"{kind}.yml").write_text(latest)

    pinned = sorted(PINNED.glob(f"set-*/{kind}.yml"))

    assert newest / f"{kind}.yml" in pinned
    for file in pinned:
        assert list(impossible(file.read_text(), latest)) == [], file


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_the_templates_of_the_latest_set_are_pinned(kind: str) -> None:
    pinned = PINNED / f"set-{POLICY_SET}" / f"{kind}.yml"

    assert handed(kind).text == pinned.read_text()


@pytest.mark.parametrize("key", CHOICES)
def test_a_choice_can_be_edited_to_another(key: str) -> None:
    every_so_many = CHOICES[key][:: max(1, len(CHOICES[key]) // 4)]
    texts = {
        hand_off(managing(bowline=BOWLINE), managed(choice), reader=reads).text
        for choice in every_so_many
        for reads in (True, False)
    }

    for old, new in itertools.permutations(texts, 2):
        assert list(impossible(old, new)) == []
    assert len(texts) > 1


def test_a_later_version_asks_for_nothing_new() -> None:
    text = handed("organization").text
    without = text.replace('    Default: "bowline-7f3a"\n', "")

    found = list(impossible(handed("ec2").text, without))

    assert without != text
    assert "ExternalIdPrefix has no default" in found


def test_what_cannot_change_in_place_is_what_aws_says() -> None:
    assert fixed("AWS::IAM::Role") == {"Path", "RoleName"}
    assert fixed("AWS::IAM::ManagedPolicy") == {
        "Description",
        "ManagedPolicyName",
        "Path",
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            ('RoleName: "spinnakerManaged"', 'RoleName: "another"'),
            "RoleSpinnakerManaged.RoleName",
        ),
        (
            ('Path: "/bowline/managed/"', 'Path: "/bowline/"'),
            "PolicyBowlineCachingRead.Path",
        ),
        (
            (
                'ManagedPolicyName: "BowlineCachingRead"',
                'ManagedPolicyName: "BowlineCachingRead"\n      Description: "Reads."',
            ),
            "PolicyBowlineCachingRead.Description",
        ),
        (
            ("PolicyBowlineCachingRead:", "PolicyCaching:"),
            "PolicyBowlineCachingRead has become PolicyCaching",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_change_that_would_replace_something_is_noticed(
    changed: tuple[str, str], said: str
) -> None:
    text = handed("every").template

    found = list(impossible(text, text.replace(*changed)))

    assert changed[0] in text
    assert said in found
