from __future__ import annotations

import pytest

from onboarding.desired.managed import checks, managed_side
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    Role,
)
from tests.factories import MANAGED_ID, managed, managing, provider


def made(kind, *providers, managing_fields=None, **fields):
    side = managed_side(
        managing(**managing_fields or {}), managed(*providers, **fields)
    )
    return {r.name: r for r in side if isinstance(r, kind)}


def statements(resource):
    return resource.document.document["Statement"]


def test_the_managed_role_trusts_the_identity_alone_in_the_shape_clouddriver_reads():
    role = made(Role, provider("ec2"))["spinnakerManaged"]

    assert role.trust.document["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::911111111111:role/SpinnakerAuthRole"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_an_external_id_is_a_condition_of_the_managed_roles_trust():
    role = made(Role, provider("ec2"), external_id="0c3f")["spinnakerManaged"]

    (statement,) = role.trust.document["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "0c3f"}}
    assert "external ID" in role.reason


def test_the_managed_role_stands_at_no_path_since_clouddriver_is_told_its_name_only():
    assert made(Role, provider("ec2"))["spinnakerManaged"].path == "/"


def test_the_base_roles_instance_profile_has_the_base_roles_name():
    profile = made(
        InstanceProfile, provider("ec2"), managing_fields={"base_role": "app"}
    )["app"]

    assert profile.role == "app"


def test_the_base_role_in_china_trusts_chinas_ec2():
    role = made(Role, provider("ec2"), managing_fields={"partition": "aws-cn"})

    (statement,) = role["BaseIAMRole"].trust.document["Statement"]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com.cn"}


@pytest.mark.parametrize("key", ["ecs", "lambda"])
def test_an_account_without_ec2_is_cached_by_the_ec2_agents_all_the_same(key):
    (statement, templates) = statements(
        made(ManagedPolicy, provider(key))["BowlineCachingRead"]
    )

    assert len(statement["Action"]) == 24
    assert templates["Sid"] == "CachingLaunchTemplates"


def test_an_account_of_clusters_only_has_no_managed_role():
    assert made(Role, provider("eks")) == {}
    assert made(ManagedPolicy, provider("eks")) == {}


def test_reads_writes_and_pass_role_are_policies_of_their_own():
    assert list(made(ManagedPolicy, provider("ec2"))) == [
        "BowlineCachingRead",
        "BowlineEC2Read",
        "BowlineEC2Write",
    ]
    assert list(made(InlinePolicy, provider("ec2"))) == [
        "spinnakerManaged/BowlinePassRole"
    ]


def test_every_policy_is_attached_to_the_managed_role():
    policies = made(ManagedPolicy, provider("ec2"), provider("ecs"))

    attached = {
        attachment.policy_arn
        for attachment in made(Attachment, provider("ec2"), provider("ecs")).values()
        if attachment.name.startswith("spinnakerManaged/")
    }

    path = f"arn:aws:iam::{MANAGED_ID}:policy/bowline/managed/"
    assert attached == {path + name for name in policies}


def test_read_only_access_hands_out_no_role_and_writes_nothing():
    providers = [provider(key, access="read") for key in ("ec2", "ecs", "lambda")]

    assert made(InlinePolicy, *providers) == {}
    assert [name for name in made(ManagedPolicy, *providers) if "Write" in name] == []


def test_what_every_aws_account_needs_is_checked_once_beside_the_providers():
    account = managed(provider("ecs"), provider("lambda"))

    keys = [key for key, _ in checks(managing(), account)]

    assert list(dict.fromkeys(keys)) == ["caching", "ecs", "lambda"]


def test_an_account_of_clusters_only_is_checked_for_its_clusters_only():
    keys = {key for key, _ in checks(managing(), managed(provider("eks")))}

    assert keys == {"eks"}


def test_every_role_that_bowline_makes_has_the_boundary_of_its_account():
    cap = "arn:aws:iam::911111111111:policy/Cap"

    roles = made(
        Role, provider("ec2"), provider("ecs"), managing_fields={"boundary": cap}
    )

    boundaries = {name: role.boundary for name, role in roles.items()}
    assert boundaries == dict.fromkeys(
        ("spinnakerManaged", "BaseIAMRole", "ecsTaskExecutionRole"),
        f"arn:aws:iam::{MANAGED_ID}:policy/Cap",
    )


def test_the_trust_may_ask_for_the_identitys_organization():
    role = made(
        Role,
        provider("ec2"),
        managing_fields={"trust_organization": "o-a1b2c3d4e5"},
        external_id="0c3f",
    )["spinnakerManaged"]

    (statement,) = role.trust.document["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:PrincipalOrgID": "o-a1b2c3d4e5",
            "sts:ExternalId": "0c3f",
        }
    }
    assert "organization" in role.reason


def test_both_external_ids_are_accepted_in_the_middle_of_a_rotation():
    role = made(Role, provider("ec2"), external_id="new", former_external_id="former")[
        "spinnakerManaged"
    ]

    (statement,) = role.trust.document["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "sts:ExternalId": ["former", "new"]
    }
    assert "previous one is accepted, too" in role.reason


def test_what_two_providers_want_is_listed_once():
    power = {"access": "power-user"}
    account = managed(provider("ec2", **power), provider("ecs", **power))

    resources = list(managed_side(managing(), account))

    assert len({r.key for r in resources}) == len(resources)
