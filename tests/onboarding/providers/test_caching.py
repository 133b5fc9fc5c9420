from __future__ import annotations

from onboarding.providers.caching import caching_checks, subnet_check
from tests.factories import managed


def test_each_service_is_asked_in_each_region():
    asked = [check.call for check in caching_checks(managed())]

    assert [(c.service, c.region) for c in asked] == [
        *((s, "us-east-1") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
        *((s, "us-west-2") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
    ]


def test_a_refusal_is_mended_by_the_action_in_iams_words():
    fixes = " ".join(check.fix for check in caching_checks(managed()))

    assert "elasticloadbalancing:DescribeLoadBalancers" in fixes


def test_a_region_without_a_subnet_to_choose_is_one_without_deployments():
    check = subnet_check("us-east-1")

    assert check.deploys_in == "us-east-1"
    assert "No subnet in us-east-1 has a purpose" in check.missing
    assert check.change.startswith("aws ec2 create-tags --region us-east-1 ")
    assert not check.is_met_by({"Subnets": []})
    named = {"Tags": [{"Key": "Name", "Value": "vpc.internal.us-east-1"}]}
    assert check.is_met_by({"Subnets": [named]})


def test_every_region_is_asked_once_for_its_subnets():
    """The answer shows both that it may be read and what there is."""
    asked = [check.call for check in caching_checks(managed())]

    assert subnet_check("us-east-1").call in asked
