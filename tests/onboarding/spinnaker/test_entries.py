from __future__ import annotations

import pytest

from onboarding.providers.entry_kinds import EcsEntry
from onboarding.spinnaker.entries import entries
from tests.factories import MANAGING_ID, managed, provider, topology


def test_three_providers_are_one_aws_entry_that_knows_what_each_said():
    account = managed(
        provider("ecs"), provider("lambda"), provider("ec2", key_pair="ops")
    )

    (entry,) = entries(topology(account)).aws

    assert entry.name == "staging"
    assert (entry.key_pair, entry.lambda_enabled, entry.launch_templates) == (
        "ops",
        True,
        True,
    )


def test_ec2_alone_has_no_functions():
    (entry,) = entries(topology(managed(provider("ec2")))).aws

    assert not entry.lambda_enabled


@pytest.mark.parametrize(
    ("partition", "assumed"),
    [
        ("aws", "role/spinnakerManaged"),
        ("aws-us-gov", "arn:aws-us-gov:iam::922222222222:role/spinnakerManaged"),
        ("aws-cn", "arn:aws-cn:iam::922222222222:role/spinnakerManaged"),
    ],
)
def test_the_role_to_assume_is_a_whole_arn_outside_partition_aws(partition, assumed):
    (entry,) = entries(topology(managed(provider("ec2")), partition=partition)).aws

    assert entry.assume_role == assumed


def test_an_ecs_entry_points_at_the_accounts_aws_entry():
    known = entries(topology(managed(provider("ecs"))))

    assert known.ecs == (EcsEntry(name="staging-ecs", aws_account="staging"),)
    assert [entry.name for entry in known.aws] == ["staging"]


def test_a_cluster_is_an_entry_of_kubernetes_only():
    known = entries(topology(managed(provider("eks"))))

    assert [entry.name for entry in known.kubernetes] == ["staging-apps"]
    assert known.aws == known.ecs == ()


def test_the_managing_accounts_own_entry_comes_first():
    whole = topology(
        managed(provider("ec2")),
        managed(provider("ec2"), name="core", account_id=MANAGING_ID),
        managed(provider("ec2"), name="zeta", account_id="933333333333"),
    )

    names = [entry.name for entry in entries(whole).aws]

    assert names == ["core", "staging", "zeta"]


@pytest.mark.parametrize(
    ("fields", "baking"),
    [
        ({"bakes": False}, ""),
        ({"bakes": True}, "core"),
        ({"bakes": True, "ami_owner": "staging"}, "staging"),
        ({"bakes": True, "ami_owner": "clusters"}, ""),
        ({"bakes": True, "ami_owner": "nobody"}, ""),
    ],
)
def test_the_bake_account_is_the_aws_entry_that_owns_images(fields, baking):
    whole = topology(
        managed(provider("ec2")),
        managed(provider("ec2"), name="core", account_id=MANAGING_ID),
        managed(provider("eks"), name="clusters", account_id="933333333333"),
        **fields,
    )

    assert entries(whole).bake_account == baking


def test_entries_name_the_roles():
    known = entries(topology(managed_role="deployer", base_role="app"))

    assert (known.managed_role, known.base_role) == ("deployer", "app")
