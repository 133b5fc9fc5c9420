"""Policies of organizations: the examples that AWS publishes, and what Control Tower
sets in every account; each so that it denies Spinnaker something, or denies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.onboarding.verify.simulation.simulated import (
    ACCOUNT,
    EAST,
    ORGANIZATION,
    ROLE,
    ROLE_ID,
    WEST,
    deny,
)
from tests.strict_aws.policies import Statement

ALLOWED, DENIED, UNKNOWN = "allowed", "denied", "unknown"
RUN, TERMINATE = "ec2:RunInstances", "ec2:TerminateInstances"
LATER, EARLIER = "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
OTHERS = f"arn:aws:iam::{ACCOUNT}:role/Administrator"
CONTROL_TOWER = "arn:aws:iam::*:role/AWSControlTowerExecution"


@dataclass(frozen=True, eq=False)
class Row:
    what: str
    said: str
    policy: tuple[Statement, ...]
    key: str = ""
    """What the sentence of an unknown write names."""


def instances(*kinds: str) -> list[str]:
    return [f"arn:aws:ec2:*:*:{kind}/*" for kind in kinds]


def region_lock(*regions: str) -> Statement:
    return deny(
        NotAction=["cloudfront:*", "iam:*", "organizations:*", "route53:*", "sts:*"],
        condition={
            "StringNotEquals": {"aws:RequestedRegion": [*regions]},
            "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/Exempt"]},
        },
    )


def without_mfa(*actions: str, **exempt: Any) -> Statement:
    return deny(
        *actions,
        condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}, **exempt},
    )


def guarded(*actions: str, resource: Any = "*", exempt: str = CONTROL_TOWER) -> Any:
    """Deny it to others than Control Tower's own role."""
    condition = {"ArnNotLike": {"aws:PrincipalArn": exempt}}
    return deny(*actions, condition=condition, Resource=resource)


def unless_tagged(*actions: str) -> Statement:
    condition = {"Null": {"aws:RequestTag/Project": "true"}}
    return deny(*actions, condition=condition, Resource=instances("instance", "volume"))


EXAMPLES = (
    Row("Regions: the account's", ALLOWED, (region_lock(EAST, WEST),)),
    Row("Regions: others", DENIED, (region_lock("ap-south-1"),)),
    Row("MFA: to stop instances", DENIED, (without_mfa("ec2:Stop*", TERMINATE),)),
    Row("MFA: to call what Spinnaker doesn't", ALLOWED, (without_mfa("ec2:Stop*"),)),
    Row(
        "MFA: except for Spinnaker",
        ALLOWED,
        (without_mfa(TERMINATE, ArnNotLike={"aws:PrincipalArn": ROLE}),),
    ),
    Row(
        "The root user",
        ALLOWED,
        (
            deny(
                "ec2:*",
                condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}},
            ),
        ),
    ),
    Row(
        "All users and roles",
        DENIED,
        (
            deny(
                "ec2:*",
                condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:r*"}},
            ),
        ),
    ),
    Row(
        "Leaving the organization", ALLOWED, (deny("organizations:LeaveOrganization"),)
    ),
    Row(
        "A role of administrators: changes of it",
        ALLOWED,
        (
            deny(
                "iam:AttachRolePolicy",
                "iam:PassRole",
                "iam:PutRolePolicy",
                Resource=OTHERS,
            ),
        ),
    ),
    Row(
        "Roles: changes by others than administrators",
        DENIED,
        (deny("iam:*", condition={"StringNotLike": {"aws:PrincipalARN": OTHERS}}),),
    ),
    Row(
        "CloudWatch: disabling it",
        ALLOWED,
        (deny("cloudwatch:DeleteDashboards", "cloudwatch:DisableAlarmActions"),),
    ),
    Row(
        "CloudWatch: also deleting alarms, as AWS's example does",
        DENIED,
        (
            deny(
                "cloudwatch:DeleteAlarms",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:SetAlarmState",
            ),
        ),
    ),
    Row(
        "Config and GuardDuty: disabling them",
        ALLOWED,
        (
            deny("config:DeleteConfigurationRecorder", "config:StopConfiguration*"),
            deny("guardduty:Delete*", "guardduty:DisassociateMembers"),
        ),
    ),
    Row(
        "Types of instances",
        UNKNOWN,
        (
            deny(
                RUN,
                condition={"StringNotEquals": {"ec2:InstanceType": "t3.micro"}},
                Resource=instances("instance"),
            ),
        ),
        "ec2:InstanceType",
    ),
    Row(
        "The instance metadata service, version 2",
        UNKNOWN,
        (
            deny(
                RUN,
                condition={"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}},
                Resource=instances("instance"),
            ),
        ),
        "ec2:MetadataHttpTokens",
    ),
    Row(
        "The instance metadata service, for credentials of instances",
        ALLOWED,
        (
            deny(
                "*",
                condition={"NumericLessThan": {"ec2:RoleDelivery": "2.0"}},
            ),
        ),
    ),
    Row("A tag on what is created", UNKNOWN, (unless_tagged(RUN),), "aws:RequestTag"),
    Row(
        "A tag on secrets",
        ALLOWED,
        (
            deny(
                "secretsmanager:CreateSecret",
                condition={"Null": {"aws:RequestTag/Project": "true"}},
            ),
        ),
    ),
    Row(
        "Tags of what others tagged",
        UNKNOWN,
        (
            deny(
                "ec2:CreateTags",
                "ec2:DeleteTags",
                condition={
                    "StringNotEquals": {"ec2:ResourceTag/access-project": "core"}
                },
            ),
        ),
        "ec2:ResourceTag/access-project",
    ),
    Row(
        "Internet gateways and flow logs",
        ALLOWED,
        (
            deny(
                "ec2:AttachInternetGateway", "ec2:CreateVpcPeering*", "ec2:DeleteFlow*"
            ),
        ),
    ),
    Row(
        "Unencrypted volumes",
        UNKNOWN,
        (
            deny(
                RUN,
                condition={"BoolIfExists": {"ec2:Encrypted": "false"}},
                Resource=instances("volume"),
            ),
        ),
        "ec2:Encrypted",
    ),
)
"""Whose keys IAM's simulator may name as missing or not."""
TOWER = (
    Row(
        "CloudTrail",
        ALLOWED,
        (guarded("cloudtrail:DeleteTrail", "cloudtrail:StopLogging"),),
    ),
    Row(
        "CloudWatch's rules and logs",
        ALLOWED,
        (
            guarded("events:PutRule", "events:DeleteRule"),
            guarded(
                "logs:DeleteLogGroup",
                resource="arn:aws:logs:*:*:log-group:*aws-controltower*",
            ),
        ),
    ),
    Row("CloudWatch, of everyone", DENIED, (guarded("cloudwatch:*"),)),
    Row("AWS Config", ALLOWED, (guarded("config:*"),)),
    Row(
        "Its roles",
        ALLOWED,
        (
            guarded(
                "iam:*Role*",
                resource=[
                    "arn:aws:iam::*:role/aws-controltower-*",
                    "arn:aws:iam::*:role/*AWSControlTower*",
                ],
            ),
        ),
    ),
    Row(
        "All roles",
        DENIED,
        (guarded("iam:*Role*", resource="arn:aws:iam::*:role/*"),),
    ),
    Row(
        "Its functions",
        ALLOWED,
        (
            guarded(
                "lambda:*",
                resource="arn:aws:lambda:*:*:function:aws-controltower-*",
            ),
        ),
    ),
    Row(
        "All functions",
        DENIED,
        (guarded("lambda:*", resource="arn:aws:lambda:*:*:function:*"),),
    ),
    Row(
        "All functions, except for Spinnaker",
        ALLOWED,
        (guarded("lambda:*", exempt="arn:aws:iam::*:role/spinnaker*"),),
    ),
    Row(
        "Its topics",
        ALLOWED,
        (guarded("sns:*", resource="arn:aws:sns:*:*:aws-controltower-*"),),
    ),
)


def known(operator: str, key: str, ours: str, other: str) -> tuple[Row, Row]:
    """Deny it where a key has the value that it has, and where it has another."""
    return (
        Row(
            f"{operator} {key} {ours}",
            DENIED,
            (deny(RUN, condition={operator: {key: ours}}),),
        ),
        Row(
            f"{operator} {key} {other}",
            ALLOWED,
            (deny(RUN, condition={operator: {key: other}}),),
        ),
    )


KNOWN = (
    *known("StringEquals", "aws:RequestedRegion", EAST, WEST),
    *known("StringEquals", "ec2:Region", EAST, WEST),
    *known("StringNotEquals", "ec2:Region", WEST, EAST),
    *known("Bool", "aws:MultiFactorAuthPresent", "false", "true"),
    *known("BoolIfExists", "aws:MultiFactorAuthPresent", "false", "true"),
    *known("Null", "aws:MultiFactorAuthAge", "true", "false"),
    *known("StringEquals", "aws:PrincipalType", "AssumedRole", "User"),
    *known("StringLike", "aws:userid", "*:Spinnaker", "*:Somebody"),
    *known("StringEquals", "aws:userid", f"{ROLE_ID}:Spinnaker", f"{ROLE_ID}:x"),
    *known("StringNotLike", "aws:userid", "AROAOTHER*", f"{ROLE_ID}:*"),
    *known("Null", "aws:username", "true", "false"),
    *known("DateGreaterThan", "aws:CurrentTime", EARLIER, LATER),
    *known("DateLessThan", "aws:CurrentTime", LATER, EARLIER),
    *known("DateLessThan", "aws:TokenIssueTime", LATER, EARLIER),
    *known("NumericGreaterThan", "aws:EpochTime", "1577836800", "99999999999"),
    *known("Bool", "aws:ViaAWSService", "false", "true"),
    *known("Bool", "aws:PrincipalIsAWSService", "false", "true"),
    *known("Bool", "aws:SecureTransport", "true", "false"),
    *known("BoolIfExists", "aws:SecureTransport", "true", "false"),
    *known("StringEquals", "aws:PrincipalOrgID", ORGANIZATION, "o-zzzzzzzzzz"),
    *known("StringNotEquals", "aws:PrincipalOrgID", "o-zzzzzzzzzz", ORGANIZATION),
    *known(
        "ForAnyValue:StringLike",
        "aws:PrincipalOrgPaths",
        f"{ORGANIZATION}/*",
        "o-zzzzzzzzzz/*",
    ),
    *known("StringEquals", "aws:ResourceOrgID", ORGANIZATION, "o-zzzzzzzzzz"),
    *known(
        "StringNotEqualsIfExists", "aws:ResourceOrgID", "o-zzzzzzzzzz", ORGANIZATION
    ),
    *known("StringEquals", "aws:ResourceAccount", ACCOUNT, "999999999999"),
    *known("StringEquals", "aws:PrincipalAccount", ACCOUNT, "999999999999"),
    *known("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/spinnaker*", OTHERS),
    *known("ArnNotLike", "aws:PrincipalArn", OTHERS, ROLE),
    *known("StringEquals", "aws:PrincipalTag/team", "core", "web"),
    *known("Null", "aws:PrincipalTag/other", "true", "false"),
)
"""Keys of which Bowline knows the values."""
HEALTHY = (
    Row(
        "others than the organization's",
        ALLOWED,
        (
            deny(
                "*", condition={"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
            ),
        ),
    ),
    Row(
        "resources of other organizations",
        ALLOWED,
        (
            deny(
                "*",
                condition={
                    "StringNotEqualsIfExists": {"aws:ResourceOrgID": ORGANIZATION}
                },
            ),
        ),
    ),
    Row(
        "resources of other accounts",
        ALLOWED,
        (
            deny(
                "*",
                condition={"StringNotEqualsIfExists": {"aws:ResourceAccount": ACCOUNT}},
            ),
        ),
    ),
    Row(
        "other Regions of EC2",
        ALLOWED,
        (deny("ec2:*", condition={"StringNotEquals": {"ec2:Region": [EAST]}}),),
    ),
    Row(
        "calls without TLS",
        ALLOWED,
        (deny("*", condition={"BoolIfExists": {"aws:SecureTransport": "false"}}),),
    ),
)
UNKNOWABLE = (
    ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
    ("IpAddress", "aws:SourceIp", "192.0.2.0/24"),
    ("StringNotEquals", "aws:SourceVpc", "vpc-1"),
    ("StringEquals", "aws:SourceVpce", "vpce-1"),
    ("StringLike", "aws:UserAgent", "*curl*"),
    ("ForAnyValue:StringEquals", "aws:TagKeys", "owner"),
    ("Null", "aws:RequestTag/team", "true"),
    ("StringEquals", "aws:ResourceTag/team", "web"),
    ("StringNotEquals", "ec2:ResourceTag/team", "core"),
    ("StringNotLike", "ec2:InstanceType", "t3.*"),
    ("Bool", "ec2:Encrypted", "false"),
    ("Bool", "ec2:AssociatePublicIpAddress", "true"),
    ("NumericGreaterThan", "ec2:MetadataHttpPutResponseHopLimit", "1"),
)
"""Operators, keys, and values that only the call itself shows."""
