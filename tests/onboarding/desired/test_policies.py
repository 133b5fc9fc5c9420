"""Every document for every choice: complete, nothing beyond, within AWS's quotas."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from onboarding.desired import POLICY_SET
from onboarding.desired.managed import managed_side
from onboarding.partitions import PARTITIONS
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.policy import Policy, as_list
from onboarding.review.evidence import EvidenceSide, all_evidence
from onboarding.topology import Topology
from tests.choices import CHOICES, accounts, documents, resources, roles
from tests.evaluating import allows
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    managed,
    managing,
    provider,
    side_of,
)

SETS = Path(__file__).parents[2] / "data/policy_sets.json"
every_partition = pytest.mark.parametrize("partition", PARTITIONS)
every_provider = pytest.mark.parametrize("key", CHOICES)

WITHOUT_A_CHOICE = {
    # Only where launch configurations are chosen.
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:DeleteLaunchConfiguration",
    # Only for the buckets that are named.
    "s3:GetObject",
}


def held(account, core=None):
    """Give the documents that the managed role holds."""
    side = managed_side(core or managing(), account)
    return [r.document for r in side if isinstance(r, ManagedPolicy | InlinePolicy)]


def actions_of(document):
    return {a for s in document.document["Statement"] for a in as_list(s["Action"])}


def required(side, *providers):
    return {
        served.action
        for served, found in all_evidence().items()
        if served.side == side and served.provider in providers and found.required
    }


def known(side):
    return {served.action for served in all_evidence() if served.side == side}


# Complete


@every_provider
def test_what_is_required_is_allowed_to_who_deploys(key):
    policies = held(managed(provider(key)))

    missing = {
        a for a in required(EvidenceSide.MANAGED, key) if not allows(policies, a)
    }

    assert missing <= WITHOUT_A_CHOICE


def test_what_every_account_is_read_for_is_named_as_no_service() -> None:
    made = managed_side(managing(), managed(provider("ec2")))

    (read,) = [one for one in made if one.name == "BowlineCachingRead"]
    assert read.reason == "What Spinnaker reads in every AWS account for its cache."


def test_what_is_required_is_allowed_with_every_choice_made():
    everything = managed(
        provider("ec2", launch_configurations=True, stack_roles_path="/spinnaker-cfn/"),
        provider("ecs"),
        provider("lambda", code_buckets=["code"]),
    )
    needed = required(EvidenceSide.MANAGED, "ec2", "ecs", "lambda", "cloudformation")

    policies = held(everything)

    assert [action for action in needed if not allows(policies, action)] == []


@pytest.mark.parametrize("access", ["deploy", "read", "power-user"])
@every_provider
def test_what_the_caching_agents_read_is_allowed_with_any_access(key, access):
    reads = {
        served.action
        for served, found in all_evidence().items()
        if served.side == EvidenceSide.MANAGED
        and served.provider in ("ec2", key)
        and found.required
        and found.access == "read"
    }
    # Read while something is deployed only.
    deploying = {
        "ec2:DescribeInternetGateways",
        "ec2:DescribeVpcClassicLink",
        "s3:GetObject",
    }

    policies = held(managed(provider(key, access=access)))

    assert {a for a in reads if not allows(policies, a)} <= deploying


def test_what_is_required_is_allowed_to_spinnakers_identity():
    topology = Topology(managing(bakes=True), (managed(provider("ec2")),))
    policies = [r.document for r in side_of(topology) if isinstance(r, ManagedPolicy)]

    needed = required(EvidenceSide.MANAGING, "spinnaker", "bake")

    assert [action for action in needed if not allows(policies, action)] == []


# Nothing beyond


@every_partition
def test_nothing_is_allowed_that_nobody_calls(partition):
    allowed = {
        side: {
            action
            for resource in resources(partition)
            if isinstance(resource, ManagedPolicy | InlinePolicy)
            and (resource.account == MANAGED_ID) is (side is EvidenceSide.MANAGED)
            for action in actions_of(resource.document)
        }
        for side in EvidenceSide
    }

    assert allowed[EvidenceSide.MANAGED] - known(EvidenceSide.MANAGED) == set()
    # The managing account may be managed too, and then holds both sides' documents.
    both = known(EvidenceSide.MANAGING) | known(EvidenceSide.MANAGED)
    assert allowed[EvidenceSide.MANAGING] - both == set()


@every_partition
def test_no_wildcard_stands_for_actions(partition):
    assert not [
        action
        for text in documents(partition)
        for action in actions_of(Policy(text))
        if "*" in action
    ]


@pytest.mark.parametrize(
    "action",
    [
        "iam:CreateUser",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter",
        "sts:AssumeRole",
        "ec2:CreateVpc",
        "rds:DeleteDBInstance",
    ],
)
def test_no_choice_allows_what_is_none_of_spinnakers_business(action):
    assert not [a for a in accounts() if allows(held(a), action)]


SERVICES = ("ec2", "ecs-tasks", "lambda", "cloudformation", "autoscaling")


@pytest.mark.parametrize("service", SERVICES)
def test_no_choice_hands_out_an_administrators_role(service):
    """Evaluated from the documents: emulators do not enforce PassRole."""
    context = {"iam:PassedToService": f"{service}.amazonaws.com"}

    for account in accounts():
        admin = f"arn:aws:iam::{account.account_id}:role/Admin"
        assert not allows(held(account), "iam:PassRole", admin, context)


def test_the_managed_role_is_handed_out_only_where_it_is_lent_to_tasks():
    itself = f"arn:aws:iam::{MANAGED_ID}:role/spinnakerManaged"
    contexts = [{"iam:PassedToService": f"{s}.amazonaws.com"} for s in SERVICES]

    lent = [
        chosen
        for chosen in (c for choices in CHOICES.values() for c in choices)
        if any(
            allows(held(managed(chosen)), "iam:PassRole", itself, context)
            for context in contexts
        )
    ]

    assert lent
    assert all(chosen.lends_managed_role for chosen in lent)


@pytest.mark.parametrize(
    ("role", "service", "handed"),
    [
        ("BaseIAMRole", "ec2", True),
        ("BaseIAMRole", "lambda", False),
        ("spinnaker-ec2/web", "ec2", True),
        ("spinnaker-ec2/web", "ecs-tasks", False),
        ("spinnaker-ecs/web", "ecs-tasks", True),
        ("spinnaker-lambda/web", "lambda", True),
        ("spinnaker-cfn/stacks", "cloudformation", True),
        ("spinnaker-cfn/stacks", "ec2", False),
    ],
)
def test_a_role_is_handed_to_its_own_service_only(role, service, handed):
    account = managed(
        provider("ec2", stack_roles_path="/spinnaker-cfn/"),
        provider("ecs"),
        provider("lambda"),
    )
    arn = f"arn:aws:iam::{MANAGED_ID}:role/{role}"
    context = {"iam:PassedToService": f"{service}.amazonaws.com"}

    assert allows(held(account), "iam:PassRole", arn, context) is handed


def test_a_stack_is_created_with_a_service_role_under_the_path_only():
    account = managed(provider("ec2", stack_roles_path="/spinnaker-cfn/"))
    stack = f"arn:aws:cloudformation:us-east-1:{MANAGED_ID}:stack/web/1"
    roles_ = f"arn:aws:iam::{MANAGED_ID}:role"

    def may_create(**context):
        return allows(held(account), "cloudformation:CreateStack", stack, context)

    assert may_create(**{"cloudformation:RoleArn": f"{roles_}/spinnaker-cfn/web"})
    assert not may_create(**{"cloudformation:RoleArn": f"{roles_}/Admin"})
    assert not may_create()


# Quotas


@every_partition
def test_documents_are_within_awss_quotas(partition):
    for resource in resources(partition):
        match resource:
            case ManagedPolicy(document=document):
                assert document.size <= 6_144
            case InlinePolicy(document=document):
                assert document.size <= 10_240
            case Role(trust=trust):
                assert trust.size <= 2_048


def test_the_largest_account_leaves_the_quota_of_ten_policies_alone():
    largest = managed(
        provider(
            "ec2",
            access="power-user",
            launch_configurations=True,
            owns_images=True,
            roles_path=f"/{'r' * 500}/",
            stack_roles_path=f"/{'s' * 500}/",
        ),
        provider("ecs", access="power-user", tasks_as_managed_role=True),
        provider(
            "lambda",
            access="power-user",
            code_buckets=[f"{n:02}{'b' * 61}" for n in range(40)],
            kms_keys=[f"mrk-{n:032}" for n in range(20)],
        ),
    )
    core = managing(
        partition="aws-us-gov",
        managed_role="m" * 64,
        trust_organization="o-" + "a" * 32,
    )

    attached = [
        r.name
        for r in managed_side(core, largest)
        if isinstance(r, Attachment) and r.name.startswith("m" * 64)
    ]

    assert len(set(attached)) == 10


# Partitions and trust


@every_partition
def test_no_arn_and_no_service_is_another_partitions(partition):
    texts = [json.dumps(resource.as_json()) for resource in resources(partition)]

    others = [name for name in PARTITIONS if name != partition]
    assert not [t for t in texts for name in others if f"arn:{name}:" in t]
    china = any("ec2.amazonaws.com.cn" in text for text in texts)
    assert china is (partition == "aws-cn")
    assert any('"ec2.amazonaws.com"' in text for text in texts) is not china


@every_partition
def test_every_trust_of_the_managed_side_has_the_shape_that_clouddriver_reads(
    partition,
):
    for role in roles(partition):
        statements = role.trust.document["Statement"]
        assert isinstance(statements, list)
        for statement in statements:
            assert isinstance(statement["Principal"], dict)
            assert "*" not in statement["Principal"].values()
            assert isinstance(statement["Action"], str)
            if role.account == MANAGED_ID:
                assert statement["Action"] == "sts:AssumeRole"


# The policy set


def digest():
    """Give one value for all documents and trusts of every choice."""
    made = resources("aws")
    texts = sorted(
        json.dumps([r.kind, r.name, r.as_json()], sort_keys=True)
        for r in made
        if isinstance(r, ManagedPolicy | InlinePolicy | Role)
    )
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def test_a_change_of_any_document_is_a_new_policy_set():
    """Say in POLICY_SETS what it brings, and write its digest beside the old ones."""
    sets = json.loads(SETS.read_text())

    assert list(sets) == [str(n) for n in range(1, POLICY_SET + 1)]
    assert sets[str(POLICY_SET)] == digest()


def test_both_sides_are_among_the_documents_that_are_proved():
    accounts_ = {resource.account for resource in resources("aws")}

    assert accounts_ == {MANAGED_ID, MANAGING_ID}
