"""A hand-off's templates: one parameter at most, and nothing in them that
changes between them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.access_role import looking
from onboarding.desired import POLICY_SET
from onboarding.handoff.terraform import escaped
from onboarding.resources.kinds import Attachment, InlinePolicy, Resource, Role
from onboarding.resources.policy import Policy
from onboarding.spinnaker.bundle.formats.cloudformation.template import (
    TAGS,
    Template,
)
from onboarding.spinnaker.bundle.yaml_text import Value, document
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
