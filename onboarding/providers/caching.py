"""What Clouddriver's EC2 agents read in every `aws` account, ECS's and Lambda's too."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.checks import Call, Check, allow
from onboarding.grants import Access, Grant
from onboarding.topology import Managed

CACHING_READS: tuple[Grant, ...] = (
    Grant(
        "Caching",
        Access.READ,
        "caching",
        (
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribePolicies",
            "autoscaling:DescribeScheduledActions",
            "cloudwatch:DescribeAlarms",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeInstances",
            "ec2:DescribeKeyPairs",
            "ec2:DescribeReservedInstances",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "iam:ListServerCertificates",
        ),
    ),
    Grant(
        "CachingLaunchTemplates",
        Access.READ,
        "launch templates",
        ("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates"),
    ),
)
"""One denied read empties a whole cache. Launch templates are switched on for all of
Spinnaker at once, so every account is asked for them as soon as one uses them.
"""


def caching_checks(managed: Managed) -> Iterator[Check]:
    """Yield one read for each service that the agents ask, region by region.

    Server certificates are left out: Clouddriver works without them.
    """
    for region in managed.regions_of_all:
        yield from region_checks(region)


def region_checks(region: str) -> Iterator[Check]:
    yield Check(
        f"List subnets in {region}", subnets(region), allow("ec2:DescribeSubnets")
    )
    yield Check(
        f"List server groups in {region}",
        Call(
            "autoscaling", "describe_auto_scaling_groups", region, (("MaxRecords", 1),)
        ),
        allow("autoscaling:DescribeAutoScalingGroups"),
    )
    yield Check(
        f"List load balancers in {region}",
        Call("elbv2", "describe_load_balancers", region, (("PageSize", 1),)),
        allow("elasticloadbalancing:DescribeLoadBalancers"),
    )
    yield Check(
        f"List alarms in {region}",
        Call("cloudwatch", "describe_alarms", region, (("MaxRecords", 1),)),
        allow("cloudwatch:DescribeAlarms"),
    )


def subnets(region: str) -> Call:
    return Call("ec2", "describe_subnets", region)


def subnet_check(region: str) -> Check:
    """Find a subnet that can be chosen for a deployment."""
    return Check(
        f"Find a subnet to deploy to in {region}",
        subnets(region),
        allow("ec2:DescribeSubnets"),
        expects="length(purposes(Subnets)) > `0`",
        missing=(
            f"No subnet in {region} has a purpose and a free IP address, so Spinnaker "
            "can deploy to none there. Tag subnets of one VPC with Name = "
            "VPC.PURPOSE.ANYTHING, three parts, or with immutable_metadata = "
            '{"purpose": "internal"}. To a full subnet nothing can be deployed.'
        ),
        deploys_in=region,
        change=(
            f"aws ec2 create-tags --region {region} --resources SUBNET "
            f"--tags Key=Name,Value=VPC.internal.{region}"
        ),
    )
