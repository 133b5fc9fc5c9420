"""Templates of CloudFormation: of one account, and of a StackSet for many.

Bowline does not run them: whoever may deploy a StackSet may create anything anywhere.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.access_role import (
    EVERYWHERE,
    Command,
    given_parameters,
    looking,
    over_lines,
    stack_set_commands,
    template_body,
)
from onboarding.desired import POLICY_SET
from onboarding.handoff.scripts import Stack, deploy
from onboarding.handoff.terraform import escaped
from onboarding.resources.kinds import Attachment, InlinePolicy, Resource, Role
from onboarding.resources.policy import Policy
from onboarding.spinnaker.bundle.formats.cloudformation.template import (
    TAGS,
    Template,
)
from onboarding.spinnaker.yaml_text import Value, document
from onboarding.topology import READER_ROLE, Managed, Managing


def reader_role(managing: Managing, managed: Managed) -> tuple[Resource, ...]:
    """Describe the role and its policy. It trusts Bowline's own principal only."""
    trusted = {"Principal": {"AWS": managing.bowline}, "Action": "sts:AssumeRole"}
    role = Role(
        account=managed.account_id,
        name=READER_ROLE,
        trust=Policy.allowing(trusted),
        boundary=managing.boundary_in(managed.account_id),
        reason="Bowline reads what exists through this role, and cannot change it.",
    )
    policy = InlinePolicy(
        account=managed.account_id,
        role=READER_ROLE,
        policy="BowlineLook",
        document=Policy.allowing(looking()),
        reason="What Bowline reads to compare the roles with what was handed off.",
    )
    return role, policy


class InTool(NamedTuple):
    """A role as planned, as CloudFormation and Terraform write it."""

    role: str
    cloudformation: str
    terraform: str


def in_tools(wanted: Iterable[Resource], names: Collection[str]) -> Iterator[InTool]:
    """Yield the properties that these roles have to have, and no others of the kind:
    what isn't written here, such as a boundary, can stay.
    """
    resources = [*wanted]
    for role in resources:
        if isinstance(role, Role) and role.name in names:
            held = [
                one
                for one in resources
                if isinstance(one, Attachment | InlinePolicy) and one.role == role.name
            ]
            yield InTool(role.name, cloudformation(role, held), terraform(role, held))


def cloudformation(role: Role, held: Iterable[Attachment | InlinePolicy]) -> str:
    """Write properties of AWS::IAM::Role, as YAML."""
    properties: dict[str, Value] = {
        "AssumeRolePolicyDocument": role.trust.document,
        "ManagedPolicyArns": attached(held),
        "Policies": [
            {"PolicyName": one.policy, "PolicyDocument": one.document.document}
            for one in inside(held)
        ],
    }
    return document(properties)


def terraform(role: Role, held: Iterable[Attachment | InlinePolicy]) -> str:
    """Write arguments of aws_iam_role."""
    blocks = [
        f"assume_role_policy = {encoded(role.trust.document)}",
        f"managed_policy_arns = {json.dumps(attached(held), indent=2)}",
        *(
            f'inline_policy {{\n  name   = "{one.policy}"\n'
            f"  policy = {encoded(one.document.document)}\n}}"
            for one in inside(held)
        ),
    ]
    return "\n".join(blocks) + "\n"


def attached(held: Iterable[Attachment | InlinePolicy]) -> list[str]:
    return [one.policy_arn for one in held if isinstance(one, Attachment)]


def inside(held: Iterable[Attachment | InlinePolicy]) -> list[InlinePolicy]:
    return [one for one in held if isinstance(one, InlinePolicy)]


def encoded(value: Any) -> str:
    """Write it as an expression: JSON's objects are Terraform's, but for templates."""
    return f"jsonencode({escaped(json.dumps(value, indent=2))})"


IAM = "Roles for Spinnaker, as Bowline handed them off. One stack in each account."
CLUSTERS = "Spinnaker's access to clusters. The stack must be in {region}."
EXTERNAL_ID_IS = "Spinnaker sends it when it assumes the role. Leave it as it is."
STACK_TAG, POLICY_SET_TAG = "bowline-stack", "bowline-policy-set"
OWN_TAGS: tuple[Value, ...] = (
    *TAGS,
    {"Key": STACK_TAG, "Value": {"Ref": "AWS::StackId"}},
    {"Key": POLICY_SET_TAG, "Value": str(POLICY_SET)},
)
"""CloudFormation's own tags do not reach IAM roles."""


@dataclass(frozen=True, slots=True)
class ExternalIdParameter:
    """The one parameter, by which a template knows the account's external ID."""

    parameter: str
    default: str
    """Empty: the account has none, and the template no parameter."""
    written: Value
    """What a trust policy holds in the external ID's place."""

    @property
    def given(self) -> dict[str, str]:
        return {self.parameter: self.default} if self.default else {}


def external_id(value: str) -> ExternalIdParameter:
    return ExternalIdParameter("ExternalId", value, {"Ref": "ExternalId"})


def external_id_prefix(value: str) -> ExternalIdParameter:
    """Let each account have its own: this, a hyphen and the account's id."""
    written = {"Fn::Sub": "${ExternalIdPrefix}-${AWS::AccountId}"}
    return ExternalIdParameter("ExternalIdPrefix", value, written)


def template(
    managed: Managed,
    resources: Sequence[Resource],
    *,
    about: str,
    ask: ExternalIdParameter,
) -> str:
    """Write a template in which the account's ids are no literals."""
    parameter: Value = {
        "Type": "String",
        "Default": ask.default,
        "MinLength": 2,
        "Description": EXTERNAL_ID_IS,
    }
    template = Template(
        account=managed.account_id,
        resources=tuple(resources),
        external_ids={managed.external_id: ask.written} if ask.default else {},
        parameters={ask.parameter: parameter} if ask.default else {},
        tags=OWN_TAGS,
        describes_policies=False,
    )
    roles = [one for one in template.resources if isinstance(one, Role)]
    outputs: dict[str, Value] = {
        f"{name}Arn": {"Value": {"Fn::GetAtt": [name, "Arn"]}}
        for name in map(template.id_of, roles)
    }
    outputs["PolicySet"] = {"Value": str(POLICY_SET)}
    return document({**template.body(about), "Outputs": outputs})


FOLDER = "stack-set"
ACCOUNTS = "accounts.txt"
"""The ids of the accounts that Bowline knows, one a line."""
UNIT = "ou-EXAMPLE"
ONLY_THESE = f"Accounts=$(paste -sd, {ACCOUNTS}),AccountFilterType=INTERSECTION"
ROLES = (
    "AWSCloudFormationStackSetAdministrationRole",
    "AWSCloudFormationStackSetExecutionRole",
)
"""What AWS's own instructions for self-managed StackSets create."""


def commands(stack: Stack) -> Iterator[Command]:
    """Yield what creates the StackSet of that template by the organization's own
    permissions, and what updates it.
    """
    yield from stack_set_commands(
        stack.region,
        stack_set=stack.name,
        file=stack.template.path,
        parameters=stack.parameters,
    )
    yield Command(
        f"Or create it only in the accounts that {ACCOUNTS} lists, and in no other "
        "account of the unit:",
        over_lines(
            f"aws cloudformation create-stack-instances {stack_set_options(stack)}",
            f'--deployment-targets "OrganizationalUnitIds={UNIT},{ONLY_THESE}"',
            f"--regions {shlex.quote(stack.region)}",
            EVERYWHERE,
        ),
    )
    yield progress(stack)
    yield update(stack)
    yield not_covered(stack)


def self_managed(stack: Stack) -> Iterator[Command]:
    """Yield the same for an administrator who has roles of their own in the accounts,
    but no trusted access to the organization.
    """
    yield Command(
        "Define the roles once for all accounts:",
        over_lines(
            f"aws cloudformation create-stack-set {stack_set_options(stack)}",
            template_body(stack.template.path),
            "--permission-model SELF_MANAGED --capabilities CAPABILITY_NAMED_IAM",
            "--managed-execution Active=true",
            *given_parameters(stack.parameters),
        ),
    )
    yield Command(
        f"Create them in the accounts that {ACCOUNTS} lists:",
        over_lines(
            f"aws cloudformation create-stack-instances {stack_set_options(stack)}",
            f"--accounts $(cat {ACCOUNTS}) --regions {shlex.quote(stack.region)}",
            EVERYWHERE,
        ),
    )
    yield progress(stack)
    yield update(stack)


def stack_set_options(stack: Stack) -> str:
    return (
        f"--stack-set-name {shlex.quote(stack.name)} "
        f"--region {shlex.quote(stack.region)}"
    )


def progress(stack: Stack) -> Command:
    return Command(
        "The operation can succeed although some accounts failed. List these, with "
        "the reason:",
        over_lines(
            f"aws cloudformation list-stack-instances {stack_set_options(stack)}",
            "--filters Name=DETAILED_STATUS,Values=FAILED",
            "--query 'Summaries[].[Account,StatusReason]' --output text",
        ),
    )


def update(stack: Stack) -> Command:
    kept = [f"ParameterKey={name},UsePreviousValue=true" for name in stack.parameters]
    return Command(
        "For a later version of the template, update all accounts that have it:",
        over_lines(
            f"aws cloudformation update-stack-set {stack_set_options(stack)}",
            template_body(stack.template.path),
            "--capabilities CAPABILITY_NAMED_IAM",
            *([f"--parameters {' '.join(kept)}"] if kept else []),
            EVERYWHERE,
        ),
    )


def not_covered(stack: Stack) -> Command:
    return Command(
        "No StackSet covers the organization's management account. If Spinnaker "
        "deploys to that account, too, create a stack in it:",
        deploy(stack),
    )


def taken_out(stacks: Iterable[Stack], account_id: str) -> Iterator[Command]:
    """Yield what deletes the roles in one account, and leaves those of the others."""
    for stack in stacks:
        deletes = (
            f"aws cloudformation delete-stack-instances {stack_set_options(stack)}"
        )
        regions = f"--regions {shlex.quote(stack.region)} --no-retain-stacks"
        one = f"OrganizationalUnitIds={UNIT},Accounts={account_id}"
        yield Command(
            f"Take the account from the StackSet {stack.name}:",
            over_lines(
                deletes,
                f"--deployment-targets {one},AccountFilterType=INTERSECTION",
                regions,
            ),
        )
        yield Command(
            "Or, of a self-managed StackSet:",
            over_lines(deletes, f"--accounts {account_id} {regions}"),
        )
