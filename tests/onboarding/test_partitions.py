from __future__ import annotations

import pytest

from onboarding.partitions import PARTITIONS, Arn, UnknownRegion, arn, known_region


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
