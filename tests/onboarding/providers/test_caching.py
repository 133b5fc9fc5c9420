from __future__ import annotations

import pytest

from onboarding.providers.caching import caching_checks
from tests.factories import managed


def subnet(**tags):
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def test_each_service_is_asked_in_each_region():
    asked = [check.call for check in caching_checks(managed())]

    assert [(c.service, c.region) for c in asked] == [
        *((s, "us-east-1") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
        *((s, "us-west-2") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
    ]


def test_a_refusal_is_mended_by_the_action_in_iams_words():
    fixes = " ".join(check.fix for check in caching_checks(managed()))

    assert "elasticloadbalancing:DescribeLoadBalancers" in fixes


def test_subnets_without_purpose_are_advice_and_no_failure():
    checks = [check for check in caching_checks(managed()) if check.expects]

    assert all(check.advice for check in checks)
    assert "No subnet in us-east-1 has a purpose" in checks[0].missing
    assert checks[0].change.startswith("aws ec2 create-tags --region us-east-1 ")


@pytest.mark.parametrize(
    ("subnets", "has_purpose"),
    [
        ([], False),
        ([{}], False),
        ([subnet(Name="plain")], False),
        ([subnet(Name="two.parts")], False),
        ([subnet(Name="more.than.three.parts")], False),
        ([subnet(owner="a.b.c")], False),
        ([subnet(Name="VPC.internal.us-east-1a")], True),
        ([subnet(name="VPC.internal.us-east-1a")], True),
        ([subnet(Name="plain"), subnet(immutable_metadata='{"purpose": "web"}')], True),
        ([subnet(immutable_metadata="{}")], False),
    ],
)
def test_a_purpose_is_read_as_deck_reads_it(subnets, has_purpose):
    check = next(caching_checks(managed()))

    assert check.is_met_by({"Subnets": subnets}) is has_purpose
