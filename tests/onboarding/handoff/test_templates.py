"""A hand-off's templates: read back, judged by cfn-lint, and small enough."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import yaml

from onboarding.access_role import LOOK
from onboarding.desired import desired
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.resources.kinds import ClusterAccess, KeyGrant, ServiceLinkedRole
from onboarding.topology import Managed, Topology
from tests.bundles import eks, staging
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    image_key,
    managed,
    managing,
    provider,
)
from tests.onboarding.spinnaker.bundle.formats.templates import (
    KEYS,
    chosen,
    resources_of,
)

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
COMBINATIONS = [k for n in range(1, 5) for k in itertools.combinations(KEYS, n)]


def handed(account: Managed, *, reader: bool = True, **fields: Any) -> HandOffPackage:
    return hand_off(managing(bowline=BOWLINE, **fields), account, reader=reader)


def iam_of(one: HandOffPackage) -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(one.template)
    return template


@pytest.mark.parametrize("keys", COMBINATIONS, ids="+".join)
def test_the_templates_hold_what_is_desired_and_nothing_else(
    keys: tuple[str, ...],
) -> None:
    account = chosen(keys)
    wanted = desired(Topology(managing(), (account,)), account)

    one = handed(account, reader=False)

    found = [
        resource
        for stack in one.stacks
        for resource in resources_of(
            stack.template.text,
            MANAGED_ID,
            {"AWS::StackId": "arn:stack", **stack.parameters},
        )
    ]
    assert set(found) == {r for r in wanted if not isinstance(r, ServiceLinkedRole)}


def test_an_account_that_demands_its_external_id_has_one_parameter() -> None:
    one = handed(staging(external_id="e-1", former_external_id="e-0"))

    iam, clusters = (yaml.safe_load(stack.template.text) for stack in one.stacks)
    (parameter,) = iam["Parameters"].values()
    assert parameter["Default"] == "e-1"
    assert "NoEcho" not in parameter
    assert "Parameters" not in clusters
    role = iam["Resources"]["RoleSpinnakerManaged"]["Properties"]
    (statement, *_) = role["AssumeRolePolicyDocument"]["Statement"]
    demanded = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    assert sorted(map(str, demanded)) == ["e-0", "{'Ref': 'ExternalId'}"]


def test_without_an_external_id_there_is_no_parameter() -> None:
    assert "Parameters" not in iam_of(handed(staging()))


def test_no_policy_has_a_description() -> None:
    for made in iam_of(handed(staging()))["Resources"].values():
        if made["Type"] == "AWS::IAM::ManagedPolicy":
            assert "Description" not in made["Properties"]


def test_no_service_linked_role_can_fail_the_stack() -> None:
    one = handed(staging())

    assert "ServiceLinkedRole" not in one.text
    assert "--aws-service-name autoscaling.amazonaws.com" in one.command


def test_every_role_says_which_stack_and_policy_set_it_is_of() -> None:
    roles = [
        made["Properties"]
        for made in iam_of(handed(staging()))["Resources"].values()
        if made["Type"] == "AWS::IAM::Role"
    ]

    tags = [{tag["Key"]: tag["Value"] for tag in role["Tags"]} for role in roles]
    assert len(roles) > 2
    for tagged in tags:
        assert tagged["managed-by"] == "bowline"
        assert tagged["bowline-stack"] == {"Ref": "AWS::StackId"}
        assert tagged["bowline-policy-set"].isdigit()


def test_the_reader_trusts_bowline_and_only_reads() -> None:
    one = handed(staging())
    resources = iam_of(one)["Resources"]

    trust = resources["RoleBowlineReader"]["Properties"]["AssumeRolePolicyDocument"]
    policy = resources["InlinePolicyBowlineReaderBowlineLook"]["Properties"]
    (trusted,), (may,) = (
        trust["Statement"],
        policy["PolicyDocument"]["Statement"],
    )
    assert trusted["Principal"] == {"AWS": BOWLINE}
    assert sorted(may["Action"]) == sorted(LOOK)
    reads = re.compile(r"\w+:(Describe|Get|List|Simulate)\w+")
    assert all(reads.fullmatch(action) for action in may["Action"])
    assert one.reader_role == f"arn:aws:iam::{MANAGED_ID}:role/BowlineReader"


def test_the_reader_is_listed_before_the_clusters() -> None:
    kinds = [type(one) for one in handed(staging()).resources]

    assert ClusterAccess in kinds
    assert ClusterAccess not in kinds[: -kinds.count(ClusterAccess)]


@pytest.mark.parametrize(
    "one",
    [
        handed(staging(), reader=False),
        hand_off(managing(), staging(), reader=True),
    ],
    ids=["not wanted", "bowline unknown"],
)
def test_without_a_reader_the_template_names_none(one: HandOffPackage) -> None:
    assert one.reader_role == ""
    assert "BowlineReader" not in one.text


def test_the_outputs_name_every_role_and_the_policy_set() -> None:
    template = iam_of(handed(staging()))

    roles = [
        name
        for name, made in template["Resources"].items()
        if made["Type"] == "AWS::IAM::Role"
    ]
    outputs = template["Outputs"]
    assert outputs.keys() == {*(f"{name}Arn" for name in roles), "PolicySet"}


def test_renaming_an_account_is_no_new_version() -> None:
    before, after = handed(staging()), handed(staging(name="renamed"))

    assert before.digest == after.digest
    assert before.digest != handed(managed(*staging().providers[:1])).digest


def test_a_stack_has_a_name_that_cloudformation_takes() -> None:
    assert handed(managed(name="AWS.Prod_1")).stack_name == "bowline-AWS-Prod-1"


def test_clusters_have_a_stack_in_their_own_region() -> None:
    clusters = eks({"name": "apps"}, {"name": "jobs", "region": "us-west-2"})

    one = handed(managed(clusters), reader=False)

    assert [(stack.name, stack.region) for stack in one.stacks] == [
        ("bowline-staging-eks-us-east-1", "us-east-1"),
        ("bowline-staging-eks-us-west-2", "us-west-2"),
    ]
    assert "us-west-2" in one.command


def test_a_change_in_another_region_is_a_new_version() -> None:
    here, there = (
        handed(managed(eks({"name": "apps"}, {"name": name, "region": "us-west-2"})))
        for name in ("jobs", "batch")
    )

    assert here.template == there.template
    assert here.digest != there.digest


def test_an_account_in_which_nothing_is_created_has_no_template() -> None:
    one = handed(managed(eks({"access": "aws-auth"})), reader=False)

    assert one.stacks == ()
    assert one.template == ""


def test_grants_on_keys_are_left_to_a_command() -> None:
    account = staging()
    fields = {"bakes": True, "image_keys": (image_key(),)}
    wanted = desired(Topology(managing(**fields), (account,)), account)

    one = handed(account, **fields)

    grants = [r for r in wanted if isinstance(r, KeyGrant)]
    assert grants
    for grant in grants:
        assert grant.key_arn in one.command
    assert "kms" not in one.text.lower() or image_key() not in one.text


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")],
)
def test_the_stack_is_in_the_partitions_home_region(
    partition: str, region: str
) -> None:
    regions = (region,)
    account = managed(*staging().providers[:1], regions=regions)

    assert handed(account, partition=partition).region == region


def alike(**fields: Any) -> HandOffPackage:
    """Hand off names that differ only in what no logical id can hold."""
    clusters = eks({"name": "apps-1"}, {"name": "apps_1"})
    account = managed(provider("ec2"), clusters)
    return handed(account, managed_role="spin.role", base_role="spin-role", **fields)


def test_names_that_differ_in_signs_only_stay_two_things() -> None:
    one = alike()
    iam, clusters = (yaml.safe_load(s.template.text)["Resources"] for s in one.stacks)

    roles = {
        made["Properties"]["RoleName"]
        for made in iam.values()
        if made["Type"] == "AWS::IAM::Role"
    }
    assert {"spin.role", "spin-role"} <= roles
    named = {made["Properties"]["ClusterName"] for made in clusters.values()}
    assert named == {"apps-1", "apps_1"}
    profile = next(made for made in iam.values() if "InstanceProfile" in made["Type"])
    (role,) = profile["Properties"]["Roles"]
    assert iam[role["Ref"]]["Properties"]["RoleName"] == "spin-role"


def test_the_first_of_them_keeps_the_id_that_it_had_alone() -> None:
    alone = managed(eks({"name": "apps-1"}))

    before = set(yaml.safe_load(handed(alone, reader=False).template)["Resources"])

    (*_, clusters) = alike().stacks
    assert before < set(yaml.safe_load(clusters.template.text)["Resources"])


def test_terraform_declares_each_of_them() -> None:
    modules = [f.text for f in alike().files() if f.path.endswith("/main.tf.json")]

    for name in ("spin.role", "spin-role", "apps-1", "apps_1"):
        assert any(f'"{name}"' in text for text in modules), name
