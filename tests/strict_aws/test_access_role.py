"""With the access role that Bowline describes, and no other right, it does all its
work in an account.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts.models.states import State, Status
from onboarding.access_role import OWN_ACCOUNT, ROLES, AccessRole
from onboarding.aws.client import AccountClient
from onboarding.providers.ecs import ECS_ROLES_PATH, EXECUTION_ROLE
from onboarding.topology import BASE_ROLE, MANAGED_ROLE
from script.emulated_organization import WITHOUT_ARN, document
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field, trusting
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.policies import all_of, is_met, speaks
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

pytestmark = pytest.mark.django_db(transaction=True)


CAP = "arn:aws:iam::{}:policy/Cap"
JUDGED = (*WITHOUT_ARN, *ROLES)
KEY = "iam:permissionsboundary"


@dataclass
class Narrowed(Behaviour):
    """Judge by the role's policy what the emulator cannot narrow to a resource: some
    actions, and what changes roles, of which it knows neither path nor boundary.
    """

    statements: list[dict[str, Any]]
    judged: set[str] = field(default_factory=set)

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        action = f"{request.service}:{request.operation}"
        account, role = aws.holders.get(request.key, ("", ""))
        if role != ACCESS_ROLE or action not in JUDGED:
            return None
        self.judged.add(action)
        sent = request.parameters
        resource = f"arn:aws:iam::{account}:{resource_of(sent)}"
        known = boundary_of(sent, aws, account) if "RoleName" in sent else {}
        if any(
            speaks(one, action, resource) and is_met(one, known)
            for one in self.statements
        ):
            return None
        sentence = f"User is not authorized to perform: {action} on {resource}"
        return Refusal("AccessDenied", sentence, 403).answer(request)


def boundary_of(sent: dict[str, Any], aws: StrictAws, account: str) -> dict[str, str]:
    """Give the boundary that is being set, or that the role has, as a condition key."""
    if "PermissionsBoundary" in sent:
        return {KEY: sent["PermissionsBoundary"]}
    role = aws.as_root(account, "GetRole", RoleName=sent["RoleName"]).decode()
    return dict(zip([KEY], all_of("PermissionsBoundaryArn", role), strict=False))


def resource_of(sent: dict[str, Any]) -> str:
    if "RoleName" in sent:
        path = ECS_ROLES_PATH if sent["RoleName"] == EXECUTION_ROLE else "/"
        return f"role{sent.get('Path', path)}{sent['RoleName']}"
    if "PolicyName" in sent:
        return f"policy{sent['Path']}{sent['PolicyName']}"
    if "InstanceProfileName" in sent:
        return f"instance-profile/{sent['InstanceProfileName']}"
    return f"role/aws-service-role/{sent['AWSServiceName']}/AWSServiceRole"


def described(field: Field, boundary: str = "") -> AccessRole:
    return AccessRole(field.managing(boundary=boundary), field.bowline, ACCESS_ROLE)


def held(field: Field, boundary: str = "") -> list[dict[str, Any]]:
    """List the role's statements as AWS has them in the account."""
    text = json.dumps(described(field, boundary).statements)
    statements: list[dict[str, Any]] = json.loads(
        text.replace(OWN_ACCOUNT, field.managed_id)
    )
    return statements


def bounded(field: Field) -> str:
    """Do as owners who limit roles: make the boundary in both accounts."""
    for account in (field.managing_id, field.managed_id):
        field.root(account).create_policy(
            PolicyName="Cap",
            PolicyDocument=document({"Action": "*", "Resource": "*"}),
        )
    return CAP.format(field.managing_id)


def deploy(field: Field, boundary: str = "") -> None:
    """Do as the owner: put the described role in the place of the administrator."""
    iam = field.iam
    iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName=ACCESS_ROLE)
    stacks = field.root(field.managed_id, "cloudformation")
    stacks.create_stack(
        StackName="access",
        TemplateBody=described(field, boundary).template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": "Clusters", "ParameterValue": "yes"}],
    )
    stacks.get_waiter("stack_create_complete").wait(
        StackName="access", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="emulator",
        PolicyDocument=document({"Action": list(JUDGED), "Resource": "*"}),
    )


def refused(aws: StrictAws, field: Field) -> list[str]:
    own = [line for line in aws.log if line.startswith(f"{field.managed_id} ")]
    return [line for line in own if line.endswith(" 403")]


@pytest.mark.parametrize("limited", [False, True])
def test_all_providers_are_onboarded_and_removed_without_a_denial(
    field: Field, strictly: Strictly, job: Job, *, limited: bool
) -> None:
    boundary = bounded(field) if limited else ""
    deploy(field, boundary)
    narrowed = Narrowed(held(field, boundary))
    aws = strictly(narrowed)
    job.managing = f", boundary: '{boundary}'" if limited else ""

    state = job.onboard()

    assert state == State.VERIFIED, job.output
    assert refused(aws, field) == []
    removed = job.remove()
    assert removed.status == Status.REMOVED, removed.error
    assert refused(aws, field) == []
    assert narrowed.judged >= {
        "iam:AttachRolePolicy",
        "iam:CreatePolicy",
        "iam:CreateInstanceProfile",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteInstanceProfile",
    }


def test_without_one_of_its_statements_aws_refuses(
    field: Field, strictly: Strictly, job: Job
) -> None:
    deploy(field)
    fewer = [one for one in held(field) if one["Sid"] != "OwnPolicies"]
    strictly(Narrowed(fewer))

    assert job.onboard() == State.FAILED
    assert "not authorized to perform: iam:CreatePolicy" in job.output


def test_with_a_boundary_it_makes_no_role_an_administrator(
    field: Field, strictly: Strictly
) -> None:
    cap, trust = bounded(field), trusting(field.bowline)
    own = CAP.format(field.managed_id)
    deploy(field, cap)
    strictly(Narrowed(held(field, cap)))
    field.iam.create_role(RoleName=MANAGED_ROLE, AssumeRolePolicyDocument=trust)
    iam: Any = AccountClient.of(field.sessions(), field.reach).iam
    managed, base = {"RoleName": MANAGED_ROLE}, {"RoleName": BASE_ROLE}

    for escalate in (
        partial(iam.attach_role_policy, PolicyArn=ADMINISTRATOR, **managed),
        partial(
            iam.put_role_policy,
            PolicyName="All",
            PolicyDocument=document({"Action": "*", "Resource": "*"}),
            **managed,
        ),
        partial(
            iam.put_role_permissions_boundary,
            PermissionsBoundary=ADMINISTRATOR,
            **managed,
        ),
        partial(iam.create_role, AssumeRolePolicyDocument=trust, **base),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            escalate()
    iam.put_role_permissions_boundary(PermissionsBoundary=own, **managed)
    iam.attach_role_policy(PolicyArn=ADMINISTRATOR, **managed)
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.delete_role_permissions_boundary(**managed)
