"""What others do to an account that Bowline made: planted in AWS, and taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from onboarding.resources.kinds import MANAGING_PATH
from tests.onboarding.aws.field import Field
from tests.strict_aws.policies import Statement

MANAGED = "spinnakerManaged"
PASSED = "/spinnaker-ec2/"
Roles = tuple[tuple[str, Any], ...]


def deny(*actions: str, condition: Any = None, **fields: Any) -> Statement:
    given = {"Condition": condition} if condition else {}
    named = {} if "NotAction" in fields else {"Action": list(actions)}
    return {"Effect": "Deny", "Resource": "*", **named, **given, **fields}


def allow(*actions: str, **fields: Any) -> Statement:
    return {**deny(*actions, **fields), "Effect": "Allow"}


def other_regions_than(*regions: str) -> Statement:
    """Deny them as Control Tower does."""
    return deny(
        NotAction=["cloudfront:*", "iam:*", "organizations:*", "sts:*"],
        condition={
            "StringNotEquals": {"aws:RequestedRegion": [*regions]},
            "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/AWSControlTower"]},
        },
    )


def unless(operator: str, key: str, value: str, *actions: str) -> Statement:
    """Deny what is called from elsewhere, as a data perimeter does."""
    return deny(*(actions or ["*"]), condition={operator: {key: value}})


def kind(name: str, region: str = "*") -> str:
    return f"arn:aws:ec2:{region}:*:{name}/*"


def trusting(principal: Any, condition: Any = None) -> Statement:
    given = {"Condition": condition} if condition else {}
    action = "sts:AssumeRole"
    if "Federated" in principal:
        action = "sts:AssumeRoleWithWebIdentity"
    return {"Effect": "Allow", "Principal": principal, "Action": action, **given}


@dataclass(frozen=True)
class Case:
    """What others did, the account's word after it, and what is said."""

    what: str
    ends: str
    says: tuple[str, ...] = ()
    organization: tuple[Statement, ...] = ()
    inline: Roles = ()
    """Statements, each in a policy of its own, with the role that it is in."""
    attached: Roles = ()
    """The ARNs of policies of AWS's, likewise."""
    under: Roles = ()
    """Statements, each in a policy under the path of the other side, likewise."""
    bounds: tuple[Statement, ...] = ()
    trusts: Roles = ()
    """Statements that a role's trust has in addition."""
    passed: tuple[tuple[str, Statement, str], ...] = ()
    """Roles that Spinnaker may pass: a name, who can assume it, and the ARN of a policy
    of AWS's that is attached to it.
    """
    refused: tuple[str, ...] = ()
    """Regions in which the organization refuses what is really called."""
    called_from: Mapping[str, str] = field(default_factory=dict)
    """What else Spinnaker's calls have, by condition key in lower case."""
    simulator: Mapping[str, Any] = field(default_factory=dict)
    """What else differs in IAM's simulator."""


@contextmanager
def planted(field: Field, case: Case) -> Iterator[None]:
    """Let it be so in AWS, until the end."""
    iam = field.iam
    with ExitStack() as after:
        for number, (role, one) in enumerate(case.inline):
            named = {"RoleName": role, "PolicyName": f"Theirs{number}"}
            iam.put_role_policy(PolicyDocument=document(one), **named)
            after.callback(iam.delete_role_policy, **named)
        for role, arn in case.attached:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
            after.callback(iam.detach_role_policy, RoleName=role, PolicyArn=arn)
        for number, (role, one) in enumerate(case.under):
            named = {"PolicyName": f"Extra{number}", "Path": MANAGING_PATH}
            made = iam.create_policy(PolicyDocument=document(one), **named)
            arn = made["Policy"]["Arn"]
            after.callback(iam.delete_policy, PolicyArn=arn)
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
            after.callback(iam.detach_role_policy, RoleName=role, PolicyArn=arn)
        for role, one, arn in case.passed:
            iam.create_role(
                RoleName=role, Path=PASSED, AssumeRolePolicyDocument=document(one)
            )
            after.callback(iam.delete_role, RoleName=role)
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
            after.callback(iam.detach_role_policy, RoleName=role, PolicyArn=arn)
        for role, one in case.trusts:
            trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
            write = iam.update_assume_role_policy
            write(RoleName=role, PolicyDocument=document(*trust["Statement"], one))
            after.callback(write, RoleName=role, PolicyDocument=json.dumps(trust))
        if case.bounds:
            text = document(*case.bounds)
            made = iam.create_policy(PolicyName="Bounds", PolicyDocument=text)
            arn = made["Policy"]["Arn"]
            after.callback(iam.delete_policy, PolicyArn=arn)
            iam.put_role_permissions_boundary(RoleName=MANAGED, PermissionsBoundary=arn)
            after.callback(iam.delete_role_permissions_boundary, RoleName=MANAGED)
        yield


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
