"""The strict AWS has quotas, Regions that are not enabled and Regions denied."""

from __future__ import annotations

import json

import pytest

from tests.onboarding.aws.field import Field, trusting
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.limits import DeniedRegions, Quotas, RegionsNotEnabled
from tests.strict_aws.test_delays import code, through
from tests.strict_aws.test_trouble import through_key


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.smoke
def test_a_role_holds_so_much_and_no_more(field: Field, strictly: Strictly) -> None:
    strictly(Quotas())
    iam = through(field, "iam")
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trusting(field.bowline))
    arns = [
        iam.create_policy(PolicyName=f"P{n}", PolicyDocument=policy("s3:Get*"))[
            "Policy"
        ]["Arn"]
        for n in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName="R", PolicyArn=arn)
    half = policy(*(f"ec2:Describe{n:030}" for n in range(120)))
    iam.put_role_policy(RoleName="R", PolicyName="one", PolicyDocument=half)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arns[0], PolicyDocument=policy("s3:Put*"))
    long_trust = trusting(field.bowline, Sid="x" * 2000)

    again = {"RoleName": "R", "PolicyArn": arns[0]}
    iam.attach_role_policy(**again)
    assert (
        code(iam.attach_role_policy, **{**again, "PolicyArn": arns[10]})
        == "LimitExceeded"
    )
    assert (
        code(
            iam.put_role_policy, RoleName="R", PolicyName="two", PolicyDocument=half * 2
        )
        == "LimitExceeded"
    )
    assert (
        code(
            iam.create_policy_version, PolicyArn=arns[0], PolicyDocument=policy("s3:*")
        )
        == "LimitExceeded"
    )
    assert (
        code(iam.update_assume_role_policy, RoleName="R", PolicyDocument=long_trust)
        == "LimitExceeded"
    )


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("autoscaling", "describe_auto_scaling_groups", "InvalidClientTokenId"),
        ("ec2", "describe_availability_zones", "AuthFailure"),
        ("ecs", "list_clusters", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
    ],
)
def test_a_region_that_is_not_enabled_knows_nobody(
    field: Field, strictly: Strictly, service: str, operation: str, said: str
) -> None:
    strictly(RegionsNotEnabled(("us-west-2",), account=field.managed_id))
    here = getattr(through_key(field, service), operation)
    sessions = field.sessions()
    there = sessions.client(field.reach, service, "us-west-2")
    elsewhere = sessions.client(field.own, service, "us-west-2")

    assert here()
    assert code(getattr(there, operation)) == said
    assert getattr(elsewhere, operation)()


def test_a_region_that_is_not_enabled_is_not_listed(
    field: Field, strictly: Strictly
) -> None:
    strictly(RegionsNotEnabled(("us-west-2",)))

    listed = through(field, "ec2").describe_regions()["Regions"]

    names = {region["RegionName"] for region in listed}
    assert "us-east-1" in names
    assert "us-west-2" not in names


def test_the_organization_denies_regions_but_not_to_list_them(
    field: Field, strictly: Strictly
) -> None:
    strictly(DeniedRegions(("us-east-1",)))
    ec2 = through(field, "ec2")

    assert code(ec2.describe_availability_zones) == "UnauthorizedOperation"
    assert ec2.describe_regions()["Regions"]
    assert through(field, "iam").list_roles()["Roles"]
