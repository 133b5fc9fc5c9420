"""What Spinnaker's EC2 provider may read and change, as grants of the managed role."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.grants import Access, Grant
from onboarding.topology import Managed, Managing

READS = Grant(
    "Ec2Show",
    Access.READ,
    "Deck views",
    (
        "autoscaling:DescribeLifecycleHooks",
        "autoscaling:DescribeScalingActivities",
        "cloudwatch:GetMetricStatistics",
        "cloudwatch:ListMetrics",
        "ec2:DescribeTags",
        "ec2:GetConsoleOutput",
        "elasticloadbalancing:DescribeTags",
    ),
)
AUTO_SCALING_GROUP_WRITES = (
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteAutoScalingGroup",
    "autoscaling:DeletePolicy",
    "autoscaling:DeleteScheduledAction",
    "autoscaling:DeleteTags",
    "autoscaling:DeleteWarmPool",
    "autoscaling:DetachInstances",
    "autoscaling:DisableMetricsCollection",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:PutLifecycleHook",
    "autoscaling:PutNotificationConfiguration",
    "autoscaling:PutScalingPolicy",
    "autoscaling:PutScheduledUpdateGroupAction",
    "autoscaling:PutWarmPool",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
)
TARGET_WRITES = (
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:RegisterTargets",
)
LOAD_BALANCER_WRITES = (
    "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
    "elasticloadbalancing:ConfigureHealthCheck",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateLoadBalancerListeners",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteLoadBalancerListeners",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:SetIpAddressType",
    "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
    "elasticloadbalancing:SetSecurityGroups",
)
LAUNCHED = (
    "instance",
    "key-pair",
    "launch-template",
    "network-interface",
    "placement-group",
    "security-group",
    "subnet",
    "volume",
)
"""What AWS judges ec2:RunInstances on, next to the image."""
SECURITY_GROUP_RULE_WRITES = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:DeleteSecurityGroup",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
)


def deployments(managing: Managing, account: str) -> Iterator[Grant]:
    """Yield what a deployment reads and changes, however it launches."""

    def regional(service: str, resource: str) -> str:
        return managing.arn(service, account, resource, "*")

    instances = regional("ec2", "instance/*")
    groups = regional("ec2", "security-group/*")
    scaling_groups = "autoScalingGroup:*:autoScalingGroupName/*"
    marks = ["spinnaker:Detached", "spinnaker:PendingTermination"]
    yield Grant(
        "Ec2Deploy",
        Access.READ,
        "deploy",
        ("ec2:DescribeInternetGateways", "ec2:DescribeVpcClassicLink"),
    )
    yield Grant(
        "AutoScalingGroups",
        Access.WRITE,
        "deploy",
        AUTO_SCALING_GROUP_WRITES,
        (regional("autoscaling", scaling_groups),),
    )
    yield Grant(
        "Instances",
        Access.WRITE,
        "destroy",
        ("ec2:RebootInstances", "ec2:TerminateInstances"),
        (instances,),
    )
    yield Grant(
        "InstanceSecurityGroups",
        Access.WRITE,
        "update instances",
        ("ec2:ModifyInstanceAttribute",),
        (instances, groups),
    )
    yield Grant(
        "TagDetachedInstances",
        Access.WRITE,
        "detach instances",
        ("ec2:CreateTags",),
        (instances,),
        {"ForAllValues:StringEquals": {"aws:TagKeys": marks}},
    )
    yield Grant(
        "TagImages",
        Access.WRITE,
        "allow launch",
        ("ec2:CreateTags", "ec2:DeleteTags"),
        (managing.arn("ec2", "", "image/*", "*"),),
    )
    yield Grant(
        "Alarms",
        Access.WRITE,
        "scaling policies",
        ("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"),
        (regional("cloudwatch", "alarm:*"),),
    )
    yield Grant(
        "Targets",
        Access.WRITE,
        "enable and disable",
        TARGET_WRITES,
        (
            regional("elasticloadbalancing", "loadbalancer/*"),
            regional("elasticloadbalancing", "targetgroup/*"),
        ),
    )


def launch_configurations(managing: Managing, account: str) -> tuple[Grant, ...]:
    configurations = "launchConfiguration:*:launchConfigurationName/*"
    return (
        Grant(
            "Ec2LaunchConfigurations",
            Access.READ,
            "launch configurations",
            ("ec2:DescribeInstanceAttribute", "ec2:DescribeSpotInstanceRequests"),
        ),
        Grant(
            "LaunchConfigurations",
            Access.WRITE,
            "launch configurations",
            (
                "autoscaling:CreateLaunchConfiguration",
                "autoscaling:DeleteLaunchConfiguration",
            ),
            (managing.arn("autoscaling", account, configurations, "*"),),
        ),
    )


def launch_templates(managing: Managing, account: str) -> tuple[Grant, ...]:
    """List what launching by template changes.

    Clouddriver never calls RunInstances: Auto Scaling asks whether its caller may.
    """
    kinds = ("instance/*", "network-interface/*", "volume/*")
    return (
        Grant(
            "LaunchTemplates",
            Access.WRITE,
            "launch templates",
            (
                "ec2:CreateLaunchTemplate",
                "ec2:CreateLaunchTemplateVersion",
                "ec2:DeleteLaunchTemplate",
                "ec2:DeleteLaunchTemplateVersions",
            ),
            (managing.arn("ec2", account, "launch-template/*", "*"),),
        ),
        Grant(
            "LaunchThroughAutoScaling",
            Access.WRITE,
            "launch templates",
            ("ec2:RunInstances",),
            judged_on=(
                managing.arn("ec2", "", "image/*", "*"),
                *(managing.arn("ec2", account, f"{kind}/*", "*") for kind in LAUNCHED),
            ),
        ),
        Grant(
            "TagOnLaunch",
            Access.WRITE,
            "launch templates",
            ("ec2:CreateTags",),
            tuple(managing.arn("ec2", account, kind, "*") for kind in kinds),
            {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
        ),
    )


def load_balancers(managing: Managing, account: str) -> tuple[Grant, ...]:
    """List what creating and changing load balancers and security groups needs."""
    groups = managing.arn("ec2", account, "security-group/*", "*")
    rules = managing.arn("ec2", account, "security-group-rule/*", "*")
    vpcs = managing.arn("ec2", "*", "vpc/*", "*")
    balancing = ("listener-rule/*", "listener/*", "loadbalancer/*", "targetgroup/*")
    return (
        Grant(
            "Ec2LoadBalancers",
            Access.READ,
            "load balancers",
            ("ec2:DescribeClassicLinkInstances",),
        ),
        Grant(
            "LoadBalancers",
            Access.WRITE,
            "load balancers",
            LOAD_BALANCER_WRITES,
            tuple(
                managing.arn("elasticloadbalancing", account, kind, "*")
                for kind in balancing
            ),
        ),
        Grant(
            "SecurityGroups",
            Access.WRITE,
            "security groups",
            ("ec2:CreateSecurityGroup",),
            (groups, vpcs),
        ),
        Grant(
            "SecurityGroupRules",
            Access.WRITE,
            "security groups",
            SECURITY_GROUP_RULE_WRITES,
            (groups, rules),
        ),
        Grant(
            "TagSecurityGroups",
            Access.WRITE,
            "security groups",
            ("ec2:CreateTags", "ec2:DeleteTags"),
            (groups,),
        ),
    )


def own_images(managing: Managing, managed: Managed) -> tuple[Grant, ...]:
    """List what sharing and cleaning up images needs, in the account of its own."""
    return (
        Grant(
            "OwnImages",
            Access.WRITE,
            "allow launch",
            ("ec2:DeregisterImage", "ec2:ModifyImageAttribute"),
            (managing.arn("ec2", "", "image/*", "*"),),
            {"StringEquals": {"ec2:Owner": managed.account_id}},
        ),
        Grant(
            "OwnSnapshots",
            Access.WRITE,
            "image cleanup",
            ("ec2:DeleteSnapshot",),
            (managing.arn("ec2", "", "snapshot/*", "*"),),
        ),
    )
