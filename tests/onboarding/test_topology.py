"""What a topology is of: accounts with their partitions, subnets and grants."""

from __future__ import annotations

import pytest

from onboarding.grants import Access, Grant
from onboarding.partitions import PARTITIONS, Arn, UnknownRegion, arn, known_region
from onboarding.subnets import purposes
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


def test_it_names_ec2_in_china_with_chinas_suffix():
    assert PARTITIONS["aws-cn"].service_principal("ec2") == "ec2.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("partition", "service"),
    [
        ("aws-cn", "lambda"),
        ("aws-cn", "ecs-tasks"),
        ("aws", "ec2"),
        ("aws-us-gov", "ec2"),
    ],
)
def test_it_names_every_other_service_with_the_one_suffix(partition, service):
    principal = PARTITIONS[partition].service_principal(service)

    assert principal == f"{service}.amazonaws.com"


@pytest.mark.parametrize("partition", PARTITIONS.values(), ids=lambda p: p.name)
def test_a_partition_is_at_home_in_one_of_its_own_regions(partition):
    assert partition.home_region in partition.regions


def test_known_region_returns_the_region():
    assert known_region("us-gov-west-1", "aws-us-gov") == "us-gov-west-1"


def test_an_unknown_region_is_refused_with_near_ones():
    with pytest.raises(UnknownRegion, match=r"“us-east-3” isn't .*us-east-2") as error:
        known_region("us-east-3", "aws")

    assert "AWS" in str(error.value)


def test_an_unknown_region_that_resembles_none_is_refused_with_all_of_them():
    with pytest.raises(UnknownRegion, match="cn-north-1, cn-northwest-1"):
        known_region("qqq", "aws-cn")


def test_an_arn_has_six_parts():
    built = arn("aws-cn", "ec2", "911111111111", "instance/*", region="cn-north-1")

    assert built == "arn:aws-cn:ec2:cn-north-1:911111111111:instance/*"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "arn:aws-cn:iam::911111111111:role/ops/team/spinnaker",
            ("aws-cn", "iam", "", "911111111111", "role", "spinnaker"),
        ),
        (
            "arn:aws:kms:us-east-1:911111111111:key/mrk-01",
            ("aws", "kms", "us-east-1", "911111111111", "key", "mrk-01"),
        ),
        (
            "arn:aws:iam::911111111111:root",
            ("aws", "iam", "", "911111111111", "root", "root"),
        ),
    ],
)
def test_an_arn_is_read_into_its_parts(text, parts):
    read = Arn.of(text)

    shown = (read.partition, read.service, read.region, read.account)
    assert (*shown, read.kind, read.name) == parts
    assert str(read) == text


def test_a_resource_may_hold_colons():
    read = Arn.of("arn:aws:ecs:*:922222222222:task-definition/*:*")

    assert read.resource == "task-definition/*:*"
    assert str(read) == "arn:aws:ecs:*:922222222222:task-definition/*:*"


@pytest.mark.parametrize("text", ["*", "", "role/spinnaker", "a:b:c:d:e:f", "arn:aws"])
def test_what_is_no_arn_is_all_resource(text):
    read = Arn.of(text)

    assert (read.resource, read.account) == (text, "")
    assert str(read) == text


def subnet(vpc="vpc-1", **tags):
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"VpcId": vpc, "Tags": pairs}


def with_free(free, *, vpc="vpc-1", **fields):
    tagged = subnet(vpc, immutable_metadata=WEB)
    return {**tagged, "AvailableIpAddressCount": free, **fields}


WEB = '{"purpose": "web"}'


@pytest.mark.parametrize(
    ("subnets", "found"),
    [
        ([], set()),
        ([{}], set()),
        ([subnet(Name="plain")], set()),
        ([subnet(Name="two.parts")], set()),
        ([subnet(Name="VPC..east")], set()),
        ([subnet(Name="more.than.three.parts")], set()),
        ([subnet(owner="a.b.c")], set()),
        ([subnet(Name="VPC.internal.us-east-1a")], {"internal (VPC)"}),
        ([subnet(NAME="VPC.internal.us-east-1a")], {"internal (VPC)"}),
        ([subnet(Name="plain"), subnet(immutable_metadata=WEB)], {"web"}),
        ([subnet(Name="a.b.c", immutable_metadata=WEB)], {"web"}),
        ([subnet(immutable_metadata="{}")], set()),
        ([subnet(immutable_metadata='["purpose"]')], set()),
        ([subnet(immutable_metadata='"purpose"')], set()),
        ([subnet(immutable_metadata="purpose")], set()),
        ([subnet(Name="a.b.c", immutable_metadata="purpose")], {"b (a)"}),
        (
            [subnet(immutable_metadata='{"purpose": "web", "target": "ec2"}')],
            {"web"},
        ),
        ([subnet(immutable_metadata='{"purpose": "web", "target": "elb"}')], set()),
        (
            [subnet("vpc-1", immutable_metadata=WEB), subnet("vpc-1", Name="a.b.c")],
            {"web", "b (a)"},
        ),
        (
            [subnet("vpc-1", immutable_metadata=WEB)] * 2,
            {"web"},
        ),
        (
            [subnet(vpc, immutable_metadata=WEB) for vpc in ("vpc-1", "vpc-2")],
            set(),
        ),
    ],
)
def test_a_purpose_is_read_as_clouddriver_and_deck_read_it(subnets, found):
    assert purposes(subnets) == found


@pytest.mark.parametrize(
    ("subnets", "found"),
    [
        ([with_free(0)], set()),
        ([with_free(1)], {"web"}),
        ([with_free(0), with_free(251)], {"web"}),
        ([with_free(0, vpc="vpc-2"), with_free(251)], set()),
        ([with_free(0, Ipv6Native=True)], {"web"}),
        ([with_free(0, Ipv6Native=False)], set()),
    ],
)
def test_to_a_full_subnet_nothing_is_deployed(subnets, found):
    assert purposes(subnets) == found


def test_a_grant_is_a_statement():
    grant = Grant("Sid", Access.READ, "caching", ("a:B",))

    assert grant.statement == {"Sid": "Sid", "Action": ["a:B"], "Resource": ["*"]}


def test_a_condition_is_part_of_the_statement():
    condition = {"Bool": {"aws:SecureTransport": "true"}}
    grant = Grant("Sid", Access.WRITE, "deploy", ("a:B",), condition=condition)

    assert grant.statement["Condition"] == condition
