"""With the access role that Bowline describes, and no other right, it does all its
work in an account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.models.states import State, Status
from onboarding.access_role import OWN_ACCOUNT, ROLES, AccessRole
from onboarding.providers.ecs import ECS_ROLES_PATH, EXECUTION_ROLE
from script.emulated_organization import WITHOUT_ARN, document
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.policies import speaks
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Narrowed(Behaviour):
    """Judge by the role's policy what the emulator cannot narrow to a resource: some
    actions, and roles at a path, which it leaves out.
    """

    statements: list[dict[str, Any]]
    judged: set[str] = field(default_factory=set)

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        action = f"{request.service}:{request.operation}"
        account, role = aws.holders.get(request.key, ("", ""))
        at_a_path = request.parameters.get("RoleName") == EXECUTION_ROLE
        if role != ACCESS_ROLE or not (at_a_path or action in WITHOUT_ARN):
            return None
        self.judged.add(action)
        resource = f"arn:aws:iam::{account}:{resource_of(request.parameters)}"
        if any(speaks(one, action, resource) for one in self.statements):
            return None
        sentence = f"User is not authorized to perform: {action} on {resource}"
        return Refusal("AccessDenied", sentence, 403).answer(request)


def resource_of(sent: dict[str, Any]) -> str:
    if "RoleName" in sent:
        return f"role{sent.get('Path', ECS_ROLES_PATH)}{sent['RoleName']}"
    if "PolicyName" in sent:
        return f"policy{sent['Path']}{sent['PolicyName']}"
    if "InstanceProfileName" in sent:
        return f"instance-profile/{sent['InstanceProfileName']}"
    return f"role/aws-service-role/{sent['AWSServiceName']}/AWSServiceRole"


def described(field: Field) -> AccessRole:
    return AccessRole(field.managing(), field.bowline, ACCESS_ROLE)


def held(field: Field) -> list[dict[str, Any]]:
    """List the role's statements as AWS has them in the account."""

    def own(value: Any) -> Any:
        if isinstance(value, list):
            return [own(one) for one in value]
        return value.replace(OWN_ACCOUNT, field.managed_id)

    statements = described(field).statements
    return [{**one, "Resource": own(one["Resource"])} for one in statements]


def deploy(field: Field) -> None:
    """Do as the owner: put the described role in the place of the administrator."""
    iam = field.iam
    iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName=ACCESS_ROLE)
    stacks = field.root(field.managed_id, "cloudformation")
    stacks.create_stack(
        StackName="access",
        TemplateBody=described(field).template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": "Clusters", "ParameterValue": "yes"}],
    )
    stacks.get_waiter("stack_create_complete").wait(
        StackName="access", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="emulator",
        PolicyDocument=document(
            {"Action": list(WITHOUT_ARN), "Resource": "*"},
            {
                "Action": list(ROLES),
                "Resource": f"arn:aws:iam::{field.managed_id}:role/{EXECUTION_ROLE}",
            },
        ),
    )


def refused(aws: StrictAws, field: Field) -> list[str]:
    own = [line for line in aws.log if line.startswith(f"{field.managed_id} ")]
    return [line for line in own if line.endswith(" 403")]


def test_all_providers_are_onboarded_and_removed_without_a_denial(
    field: Field, strictly: Strictly, job: Job
) -> None:
    deploy(field)
    narrowed = Narrowed(held(field))
    aws = strictly(narrowed)

    state = job.onboard()

    assert state == State.VERIFIED, job.output
    assert refused(aws, field) == []
    removed = job.remove()
    assert removed.status == Status.REMOVED, removed.error
    assert refused(aws, field) == []
    assert narrowed.judged >= {
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
