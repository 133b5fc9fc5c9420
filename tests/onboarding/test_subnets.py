from __future__ import annotations

import pytest

from onboarding.subnets import purposes


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
