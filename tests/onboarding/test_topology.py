from __future__ import annotations

import pytest

from onboarding.topology import ExistingIdentity, InstanceRole, PodRole
from tests.factories import managed, managing, provider, topology

POD = PodRole("spinnaker", "tools", "us-east-1", "spinnaker", "clouddriver")


@pytest.mark.parametrize(
    ("identity", "arn"),
    [
        (InstanceRole(), "arn:aws:iam::911111111111:role/SpinnakerAuthRole"),
        (POD, "arn:aws:iam::911111111111:role/spinnaker"),
        (ExistingIdentity("arn:aws:iam::9:user/ops/me"), "arn:aws:iam::9:user/ops/me"),
    ],
)
def test_every_identity_has_an_arn(identity, arn):
    assert managing(identity=identity).identity_arn == arn


def test_arns_carry_the_partition():
    managing_account = managing(partition="aws-cn")

    arn = managing_account.managed_role_arn("922222222222")

    assert arn == "arn:aws-cn:iam::922222222222:role/spinnakerManaged"


def test_roles_of_different_names_do_not_clash():
    assert managing().clash == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"managed_role": "BaseIAMRole"},
        {"managed_role": "baseiamrole"},
        {"identity": InstanceRole("spinnakerManaged")},
        {"base_role": "SpinnakerAuthRole"},
        {"identity": ExistingIdentity("arn:aws:iam::9:role/ops/BaseIAMRole")},
    ],
)
def test_roles_of_one_name_clash(fields):
    assert "Give each role a name of its own" in managing(**fields).clash


def test_a_users_name_may_be_a_roles_name():
    user = ExistingIdentity("arn:aws:iam::911111111111:user/spinnakerManaged")

    assert managing(identity=user).clash == ""


@pytest.mark.parametrize(
    ("keys", "known"),
    [(["ec2"], True), (["eks"], False), (["eks", "lambda"], True), ([], False)],
)
def test_an_account_is_in_the_aws_provider_if_one_of_its_providers_needs_it(
    keys, known
):
    account = managed(*(provider(key) for key in keys))

    assert account.in_aws_provider is known


def test_a_topology_finds_an_account_by_name():
    production = managed(name="production")

    assert topology(managed(), production).account("production") is production


def test_a_topology_knows_no_account_that_is_not_in_it():
    with pytest.raises(KeyError, match="production"):
        topology(managed()).account("production")


@pytest.mark.parametrize(
    ("boundary", "there"),
    [
        ("", ""),
        (
            "arn:aws:iam::911111111111:policy/ops/Cap",
            "arn:aws:iam::922222222222:policy/ops/Cap",
        ),
        (
            "arn:aws:iam::aws:policy/PowerUserAccess",
            "arn:aws:iam::aws:policy/PowerUserAccess",
        ),
    ],
)
def test_a_boundary_is_each_accounts_own_policy_unless_it_is_awss(boundary, there):
    assert managing(boundary=boundary).boundary_in("922222222222") == there
